# From a small pilot to the best way to spend a budget. The pilot's blocks are the first of the study's own pools.


rule plan_sampling:
    input:
        blocks=lambda wildcards: study.pilot(wildcards).files(*study.pilot_stages(wildcards)),
        problems="<results>/problems/{dataset}/train.jsonl",
    output:
        pilot="<results>/plan/{dataset}/pilot.csv",
        curves="<results>/plan/{dataset}/curves.csv",
        allocations="<results>/plan/{dataset}/allocations.csv",
    log:
        "<logs>/plan/{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        config=lambda wildcards: json.dumps(config),
        pilot=study.pilot_arguments,
        code=code_of("plan_sampling"),
    shell:
        "python workflow/scripts/plan_sampling.py"
        " --config {params.config:q}"
        " --problems {input.problems:q}"
        " {params.pilot}"
        " --dataset {wildcards.dataset}"
        " --pilot {output.pilot:q}"
        " --curves {output.curves:q}"
        " --allocations {output.allocations:q}"
        " > {log:q} 2>&1"


rule write_plan:
    input:
        tables=[
            f"{study.results}/plan/{dataset}/{table}.csv"
            for dataset in study.planned_datasets
            for table in ("pilot", "curves", "allocations")
        ],
        template="workflow/report/plan.html.j2",
        looks=LOOKS,
    output:
        page="<results>/plan.html",
        figures=[
            f"{study.results}/plan/{dataset}/coverage.{kind}"
            for dataset in study.planned_datasets
            for kind in ("pdf", "png")
        ],
    log:
        "<logs>/plan.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        config=lambda wildcards: json.dumps(config),
        plans=[f"{study.results}/plan/{dataset}" for dataset in study.planned_datasets],
        code=code_of("write_plan"),
    shell:
        "python workflow/scripts/write_plan.py"
        " --config {params.config:q}"
        " --plans {params.plans:q}"
        " --template {input.template:q}"
        " --output {output.page:q}"
        " > {log:q} 2>&1"


rule plan:
    input:
        f"{study.results}/plan.html",
