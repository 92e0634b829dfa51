# Coverage, diversity, false positive rate and cost of an arm's own samples.


rule measure_arm:
    input:
        blocks=arm_files("solutions", "verdicts", "reasoning"),
        problems="<results>/problems/{dataset}/train.jsonl",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    output:
        measures="<results>/metrics/{dataset}/{budget}/from-{source}.csv",
        summary="<results>/metrics/{dataset}/{budget}/from-{source}.json",
    log:
        "<logs>/metrics/{dataset}/{budget}/from-{source}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        draws=arm_draws,
        blocks=arm_blocks,
        folders=pool_folders("solutions", "verdicts", "reasoning"),
        keep=lambda wildcards: config["sources"][wildcards.source]["filter"],
        duplicates=lambda wildcards: config["sources"][wildcards.source].get("duplicates", "keep"),
        exact=lambda wildcards: [
            float(count.exact) for count in GRID.draws(wildcards.budget, wildcards.source).values()
        ],
        code=code_of("measure_arm", "measures", "estimators", "views", "judging", "selection"),
    shell:
        "python workflow/scripts/measure_arm.py"
        " --problems {input.problems}"
        " --draws {params.draws}"
        " --exact {params.exact}"
        " {params.folders}"
        " --blocks {params.blocks}"
        " --filter {params.keep}"
        " --duplicates {params.duplicates}"
        " --counts {input.counts}"
        " --dataset {wildcards.dataset}"
        " --budget {wildcards.budget}"
        " --source {wildcards.source}"
        " --output {output.measures}"
        " --summary {output.summary}"
        " > {log} 2>&1"
