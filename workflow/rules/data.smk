# Problems: one file per data set and split.


rule make_pocket_problems:
    output:
        "<results>/problems/{dataset}/{split}.jsonl",
    log:
        "<logs>/problems/{dataset}/{split}.log",
    wildcard_constraints:
        dataset=one_of(name for name, entry in DATASETS.items() if entry["adapter"] == "pocket"),
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


rule import_problems:
    input:
        lambda wildcards: DATASETS[wildcards.dataset]["files"][wildcards.split],
    output:
        "<results>/problems/{dataset}/{split}.jsonl",
    log:
        "<logs>/problems/{dataset}/{split}.log",
    wildcard_constraints:
        dataset=one_of(name for name, entry in DATASETS.items() if entry["adapter"] == "files"),
    conda:
        "../../envs/analysis.yaml"
    params:
        questions=lambda wildcards: DATASETS[wildcards.dataset]["splits"][wildcards.split],
    shell:
        "python workflow/scripts/import_problems.py"
        " --input {input}"
        " --questions {params.questions}"
        " --output {output}"
        " > {log} 2>&1"
