# Problems: one file per data set and split.


rule make_pocket_problems:
    output:
        "<results>/problems/{dataset}/{split}.jsonl",
    log:
        "<logs>/problems/{dataset}/{split}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        world=lambda wildcards: DATASETS[wildcards.dataset].get("world", wildcards.dataset),
        questions=lambda wildcards: DATASETS[wildcards.dataset]["splits"][wildcards.split],
    shell:
        "python workflow/scripts/make_pocket_problems.py"
        " --dataset {params.world}"
        " --split {wildcards.split}"
        " --questions {params.questions}"
        " --output {output}"
        " > {log} 2>&1"
