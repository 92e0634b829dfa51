# Coverage, diversity, false positive rate and cost of an arm's own samples.


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
        arm=arm_arguments,
        blocks=arm_blocks,
        folders=arm_folders("solutions", "verdicts", "reasoning"),
        judge=lambda wildcards: f"--judge {config['judge']['model']}" if asks_judge(wildcards) else "",
        exact=lambda wildcards: [
            float(count.exact) for count in GRID.draws(wildcards.budget, wildcards.source).values()
        ],
        code=code_of(*("measure_arm", "measures", "questions", "estimators", "views", "judging", "selection", "voting")),
    shell:
        "python workflow/scripts/measure_arm.py"
        " --problems {input.problems}"
        " {params.arm}"
        " --exact {params.exact}"
        " {params.folders}"
        " --blocks {params.blocks}"
        " {params.judge}"
        " --counts {input.counts}"
        " --dataset {wildcards.dataset}"
        " --budget {wildcards.budget}"
        " --source {wildcards.source}"
        " --output {output.measures}"
        " --summary {output.summary}"
        " --by-question {output.questions}"
        " > {log} 2>&1"
