# Problems: one file per data set and split. And the pocket models, which are committed: their rule runs only when asked.


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
        code=code_of("make_pocket_problems", "pocket/world", "pocket/families", "pocket/words"),
    shell:
        "python workflow/scripts/make_pocket_problems.py"
        " --dataset {params.world}"
        " --split {wildcards.split}"
        " --questions {params.questions}"
        " --output {output}"
        " > {log} 2>&1"


rule import_problems:
    input:
        problems=lambda wildcards: DATASETS[wildcards.dataset]["files"][wildcards.split],
        others=other_splits,
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
        " --input {input.problems}"
        " --others {input.others}"
        " --questions {params.questions}"
        " --output {output}"
        " > {log} 2>&1"


rule pretrain_pocket_model:
    output:
        directory("<results>/pretrained/{pocket_model}"),
    log:
        "<logs>/pretrained/{pocket_model}.log",
    wildcard_constraints:
        pocket_model="wc|se|student",
    conda:
        "../../envs/deepspeed.yaml"
    shell:
        "OMP_NUM_THREADS=1 python workflow/scripts/pretrain_pocket_model.py"
        " --model {wildcards.pocket_model}"
        " --output {output}"
        " > {log} 2>&1"
