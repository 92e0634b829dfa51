# The tables of a part of the study, from what was measured and scored; the figures are drawn from these alone.


rule measure_pool:
    input:
        blocks=pool_files("solutions", "verdicts", "reasoning"),
        problems="<results>/problems/{dataset}/train.jsonl",
    output:
        "<results>/{part}metrics/{dataset}/pool-{model}.csv",
    log:
        "<logs>/{part}metrics/{dataset}/pool-{model}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        samples=pool_samples,
        questions=pool_limit,
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
        " {params.questions}"
        " --output {output}"
        " > {log} 2>&1"


rule tabulate_data:
    input:
        pools=lambda wildcards: expand(
            "<results>/{part}metrics/{pool}.csv", part=wildcards.part, pool=PARTS[wildcards.part].pool_names
        ),
        arms=lambda wildcards: expand(
            "<results>/metrics/{arm}.{kind}", arm=PARTS[wildcards.part].arm_names, kind=["csv", "json"]
        ),
    output:
        coverage="<results>/{part}tables/coverage.csv",
        diversity="<results>/{part}tables/diversity.csv",
        quality="<results>/{part}tables/data_quality.csv",
        arms="<results>/{part}tables/arms.csv",
    log:
        "<logs>/{part}tables/tabulate_data.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        pools=lambda wildcards: [
            f"{RESULTS}/{wildcards.part}metrics/{name}" for name in PARTS[wildcards.part].pool_names
        ],
        arms=lambda wildcards: [f"{RESULTS}/metrics/{name}" for name in PARTS[wildcards.part].arm_names],
        costs=[
            f"--model {name}:{entry.get('parameters', '')}:{entry.get('true_parameters', '')}:{entry.get('price', '')}"
            for name, entry in MODELS.items()
        ],
        code=code_of("tabulate_data", "costs", "budgets", "selection"),
    shell:
        "python workflow/scripts/tabulate_data.py"
        " --pools {params.pools}"
        " --arms {params.arms}"
        " {params.costs}"
        " --coverage {output.coverage}"
        " --diversity {output.diversity}"
        " --quality {output.quality}"
        " --costs {output.arms}"
        " > {log} 2>&1"


rule tabulate_scores:
    input:
        scores=cell_scores,
        choices=lambda wildcards: [
            f"{RESULTS}/evaluations/{cell.path}/choice.json" for cell in PARTS[wildcards.part].cells
        ],
    output:
        finetuned="<results>/{part}tables/finetuned.csv",
        differences="<results>/{part}tables/differences.csv",
        checkpoints="<results>/{part}tables/checkpoints.csv",
    log:
        "<logs>/{part}tables/tabulate_scores.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        scores=lambda wildcards: f"{RESULTS}/scores",
        evaluations=lambda wildcards: f"{RESULTS}/evaluations",
        models=lambda wildcards: f"{RESULTS}/models",
        cells=cell_paths,
        missing=lambda wildcards: [f"--missing {cell.path}" for cell in PARTS[wildcards.part].missing],
        baseline=config["comparison"]["strong"],
        pairs=lambda wildcards: paired_sources(wildcards),
        code=code_of("tabulate_scores", "comparisons", "contrasts", "estimators"),
    shell:
        "python workflow/scripts/tabulate_scores.py"
        " --scores {params.scores}"
        " --evaluations {params.evaluations}"
        " --models {params.models}"
        " --cells {params.cells}"
        " {params.missing}"
        " --baseline {params.baseline}"
        " {params.pairs}"
        " --finetuned {output.finetuned}"
        " --differences {output.differences}"
        " --checkpoints {output.checkpoints}"
        " > {log} 2>&1"


# What stands for a model is that it was evaluated: to free the models' space must not mean that a table trains them again.
rule tabulate_training:
    input:
        lambda wildcards: [f"{RESULTS}/evaluations/{path}/choice.json" for path in cell_paths(wildcards)],
    output:
        "<results>/{part}tables/training.csv",
    log:
        "<logs>/{part}tables/tabulate_training.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        models=lambda wildcards: f"{RESULTS}/models",
        evaluations=lambda wildcards: f"{RESULTS}/evaluations",
        cells=lambda wildcards: ["/".join(map(str, vars(cell).values())) for cell in PARTS[wildcards.part].cells],
        code=code_of("tabulate_training"),
    shell:
        "python workflow/scripts/tabulate_training.py"
        " --models {params.models}"
        " --evaluations {params.evaluations}"
        " --cells {params.cells}"
        " --output {output}"
        " > {log} 2>&1"
