# Verdicts on final answers, checks of the reasoning, and the choice of training data.


rule grade_solutions:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        solutions="<results>/solutions/{dataset}/{model}/{block}.jsonl",
    output:
        "<results>/verdicts/{dataset}/{model}/{block}.jsonl",
    log:
        "<logs>/verdicts/{dataset}/{model}/{block}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        answer_format=per_dataset(lambda dataset: DATASETS[dataset]["answer"]),
        grader=GRADING,
        drafts=f"{RESULTS}/.drafts",
    shell:
        "python workflow/scripts/grade_solutions.py"
        " --problems {input.problems}"
        " --solutions {input.solutions}"
        " --answer-format {params.answer_format}"
        " --mode {params.grader[mode]}"
        " --workers {threads}"
        " --drafts {params.drafts}"
        " --output {output}"
        " > {log} 2>&1"


rule check_reasoning:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        solutions="<results>/solutions/{dataset}/{model}/{block}.jsonl",
        verdicts="<results>/verdicts/{dataset}/{model}/{block}.jsonl",
    output:
        "<results>/reasoning/{dataset}/{model}/{block}.jsonl",
    log:
        "<logs>/reasoning/{dataset}/{model}/{block}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code_of("check_reasoning", "pocket/reasoning", "views"),
    shell:
        "python workflow/scripts/check_reasoning.py"
        " --problems {input.problems}"
        " --solutions {input.solutions}"
        " --verdicts {input.verdicts}"
        " --output {output}"
        " > {log} 2>&1"


rule select_solutions:
    input:
        blocks=arm_files("solutions", "verdicts"),
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=FINETUNED_PROMPT,
    output:
        data="<results>/training_data/{dataset}/{budget}/from-{source}.jsonl",
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    log:
        "<logs>/training_data/{dataset}/{budget}/from-{source}.log",
    wildcard_constraints:
        source=one_of(SAMPLED_SOURCES),
    conda:
        "../../envs/analysis.yaml"
    params:
        arm=arm_arguments,
        blocks=arm_blocks,
        folders=arm_folders("solutions", "verdicts"),
        code=code_of("select_solutions", "selection", "views", "judging", "voting"),
    shell:
        "python workflow/scripts/select_solutions.py"
        " --problems {input.problems}"
        " --prompt {input.prompt}"
        " {params.arm}"
        " {params.folders}"
        " --blocks {params.blocks}"
        " --output {output.data}"
        " --digest {output.digest}"
        " --counts {output.counts}"
        " > {log} 2>&1"


rule select_human_solutions:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=FINETUNED_PROMPT,
    output:
        data="<results>/training_data/{dataset}/{budget}/from-{source}.jsonl",
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    log:
        "<logs>/training_data/{dataset}/{budget}/from-{source}.log",
    wildcard_constraints:
        source=one_of(HUMAN_SOURCES),
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code_of("select_human_solutions", "selection", "views"),
    shell:
        "python workflow/scripts/select_human_solutions.py"
        " --problems {input.problems}"
        " --prompt {input.prompt}"
        " --output {output.data}"
        " --digest {output.digest}"
        " --counts {output.counts}"
        " > {log} 2>&1"
