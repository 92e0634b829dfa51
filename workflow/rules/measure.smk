# Coverage, diversity, false positive rate and cost, of whole pools and of the arms' own samples.


rule measure_pool:
    input:
        blocks=pool_files("solutions", "verdicts", "reasoning"),
        problems="<results>/problems/{dataset}/train.jsonl",
    output:
        "<results>/metrics/{dataset}/pool-{model}.csv",
    log:
        "<logs>/metrics/{dataset}/pool-{model}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        samples=pool_samples,
        blocks=pool_blocks,
        folders=pool_folders("solutions", "verdicts", "reasoning"),
        code=code_of("measure_pool", "measures", "estimators", "views", "judging"),
    shell:
        "python workflow/scripts/measure_pool.py"
        " --problems {input.problems}"
        " {params.folders}"
        " --blocks {params.blocks}"
        " --dataset {wildcards.dataset}"
        " --model {wildcards.model}"
        " --samples {params.samples}"
        " --output {output}"
        " > {log} 2>&1"


rule measure_arm:
    input:
        blocks=arm_files("solutions", "verdicts", "reasoning"),
        problems="<results>/problems/{dataset}/train.jsonl",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    output:
        measures="<results>/metrics/{dataset}/{budget}/from-{source}.csv",
        summary="<results>/metrics/{dataset}/{budget}/from-{source}.json",
        questions="<results>/metrics/{dataset}/{budget}/from-{source}.questions.csv",
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
        code=code_of("measure_arm", "measures", "questions", "estimators", "views", "judging", "selection"),
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
        " --questions {output.questions}"
        " > {log} 2>&1"


rule tabulate_data:
    input:
        pools=expand("<results>/metrics/{pool}.csv", pool=POOLS),
        arms=expand("<results>/metrics/{arm}.{kind}", arm=SAMPLED_ARMS, kind=["csv", "json"]),
    output:
        coverage="<results>/tables/coverage.csv",
        diversity="<results>/tables/diversity.csv",
        quality="<results>/tables/data_quality.csv",
        arms="<results>/tables/arms.csv",
    log:
        "<logs>/tables/tabulate_data.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        metrics=lambda wildcards: f"{RESULTS}/metrics",
        pools=POOLS,
        arms=SAMPLED_ARMS,
        costs=[
            f"--model {name}:{entry.get('parameters', '')}:{entry.get('true_parameters', '')}:{entry.get('price', '')}"
            for name, entry in MODELS.items()
        ],
        code=code_of("tabulate_data", "costs", "budgets"),
    shell:
        "python workflow/scripts/tabulate_data.py"
        " --metrics {params.metrics}"
        " --pools {params.pools}"
        " --arms {params.arms}"
        " {params.costs}"
        " --coverage {output.coverage}"
        " --diversity {output.diversity}"
        " --quality {output.quality}"
        " --costs {output.arms}"
        " > {log} 2>&1"
