# Problems: one file per data set and split. And the pocket models, which are committed: their rule runs only when asked.


rule make_pocket_problems:
    output:
        problems="<results>/problems/{dataset}/{split}.jsonl",
        about="<results>/problems/{dataset}/{split}.about.json",
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
        " --output {output.problems}"
        " --about {output.about}"
        " > {log} 2>&1"


rule import_problems:
    input:
        problems=lambda wildcards: DATASETS[wildcards.dataset]["files"][wildcards.split],
        others=other_splits,
    output:
        problems="<results>/problems/{dataset}/{split}.jsonl",
        about="<results>/problems/{dataset}/{split}.about.json",
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
        " --output {output.problems}"
        " --about {output.about}"
        " > {log} 2>&1"


rule import_dataset:
    input:
        files=dataset_files,
        prompts=lambda wildcards: DATASETS[wildcards.dataset]["prompts"].values(),
    output:
        problems="<results>/problems/{dataset}/{split}.jsonl",
        about="<results>/problems/{dataset}/{split}.about.json",
    log:
        "<logs>/problems/{dataset}/{split}.log",
    wildcard_constraints:
        dataset=one_of(name for name, entry in DATASETS.items() if entry["adapter"] in ADAPTERS),
    conda:
        "../../envs/analysis.yaml"
    params:
        adapter=lambda wildcards: DATASETS[wildcards.dataset]["adapter"],
        folders=lambda wildcards: dataset_folders(wildcards.dataset),
        questions=lambda wildcards: DATASETS[wildcards.dataset]["splits"][wildcards.split],
        answer_format=lambda wildcards: DATASETS[wildcards.dataset]["answer"],
        code=code_of("import_dataset", "adapters/problem_splits", "adapters/gsm8k", "adapters/hendrycks_math"),
    shell:
        "python workflow/scripts/import_dataset.py"
        " --adapter {params.adapter}"
        " --folder {params.folders}"
        " --split {wildcards.split}"
        " --questions {params.questions}"
        " --answer-format {params.answer_format}"
        " --prompt {input.prompts}"
        " --output {output.problems}"
        " --about {output.about}"
        " > {log} 2>&1"


# What evaluations depend on: five files for every cell of a large grid cost more than one.
rule digest_problems:
    input:
        lambda wildcards: evaluation_files(wildcards.dataset),
    output:
        "<results>/problems/{dataset}/evaluation.sha256",
    log:
        "<logs>/problems/{dataset}/evaluation.log",
    conda:
        "../../envs/analysis.yaml"
    shell:
        "python workflow/scripts/digest_problems.py --problems {input} --output {output} > {log} 2>&1"


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
