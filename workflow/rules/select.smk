# Selects training data: from sampled solutions, or from the data set's own.


# What measure_arm needs to know about an arm's texts. Not declared as an output: in a finished study a new output would
# make Snakemake plan select_solutions again, and with it every finetuning. Without this file measure_arm selects again.
drawn = f"{study.results}/training_data/{{wildcards.dataset}}/{{wildcards.budget}}/from-{{wildcards.source}}"


rule select_solutions:
    input:
        blocks=lambda wildcards: study.arm(wildcards).files("solutions", "verdicts"),
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=of("dataset", "finetuned_prompt"),
    output:
        data="<results>/training_data/{dataset}/{budget}/from-{source}{slice}.jsonl",
        digest="<results>/training_data/{dataset}/{budget}/from-{source}{slice}.sha256",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}{slice}.counts.json",
    log:
        "<logs>/training_data/{dataset}/{budget}/from-{source}{slice}.log",
    wildcard_constraints:
        source=one_of(source for source in study.sources if not study.is_human(source)),
    conda:
        "../../envs/analysis.yaml"
    params:
        arm=study.arm_arguments,
        blocks=lambda wildcards: study.arm(wildcards).blocks,
        folders=lambda wildcards: study.arm(wildcards).folders("solutions", "verdicts"),
        version=versions.SELECTION_VERSION,
    shell:
        "python workflow/scripts/select_solutions.py"
        " --problems {input.problems:q}"
        " --prompt {input.prompt:q}"
        " {params.arm}"
        " {params.folders}"
        " --blocks {params.blocks}"
        " --output {output.data:q}"
        " --digest {output.digest:q}"
        " --counts {output.counts:q}"
        f" --drawn {drawn}{{wildcards.slice}}.drawn.jsonl"
        " > {log:q} 2>&1"


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
        version=versions.HUMAN_SELECTION_VERSION,
    shell:
        "python workflow/scripts/select_human_solutions.py"
        " --problems {input.problems:q}"
        " --prompt {input.prompt:q}"
        " --output {output.data:q}"
        " --digest {output.digest:q}"
        " --counts {output.counts:q}"
        " > {log:q} 2>&1"
