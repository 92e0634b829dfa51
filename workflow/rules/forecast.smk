# What the study will cost, before anything is submitted: a target of its own, made anew whenever it is asked for.


rule forecast:
    log:
        "<logs>/tables/forecast.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        config=shlex.quote(json.dumps(config)),
        # Read where they are there: as an input they would have to be made first, which is what is to be forecast.
        arms=[f"{RESULTS}/{part}tables/arms.csv" for part in ["study/", ""]],
        extra="--extra" if config.get("extra") in (True, "true") else "",
        table=f"{RESULTS}/tables/forecast.csv",
    shell:
        "python workflow/scripts/forecast_costs.py"
        " --config {params.config}"
        " --arms {params.arms}"
        " {params.extra}"
        " --output {params.table}"
        " 2> {log}"
