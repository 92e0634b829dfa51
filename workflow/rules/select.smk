# The choice of training data: of sampled solutions, or of the data set's own.


rule select_solutions:
    input:
        blocks=lambda wildcards: study.arm(wildcards).files("solutions", "verdicts"),
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=of("dataset", "finetuned_prompt"),
    output:
        data="<results>/training_data/{dataset}/{budget}/from-{source}.jsonl",
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
        drawn="<results>/training_data/{dataset}/{budget}/from-{source}.drawn.jsonl",
    log:
        "<logs>/training_data/{dataset}/{budget}/from-{source}.log",
    wildcard_constraints:
        source=one_of(source for source in study.sources if not study.is_human(source)),
    conda:
        "../../envs/analysis.yaml"
    params:
        arm=study.arm_arguments,
        blocks=lambda wildcards: study.arm(wildcards).blocks,
        folders=lambda wildcards: study.arm(wildcards).folders("solutions", "verdicts"),
        code=code_of("select_solutions"),
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
        " --drawn {output.drawn}"
        " > {log} 2>&1"


rule select_human_solutions:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=of("dataset", "finetuned_prompt"),
    output:
        data="<results>/training_data/{dataset}/{budget}/from-{source}.jsonl",
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    log:
        "<logs>/training_data/{dataset}/{budget}/from-{source}.log",
    wildcard_constraints:
        source=one_of(filter(study.is_human, study.sources)),
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code_of("select_human_solutions"),
    shell:
        "python workflow/scripts/select_human_solutions.py"
        " --problems {input.problems}"
        " --prompt {input.prompt}"
        " --output {output.data}"
        " --digest {output.digest}"
        " --counts {output.counts}"
        " > {log} 2>&1"
