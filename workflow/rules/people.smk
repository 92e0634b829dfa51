# People label solutions: a page for each annotator, their labels checked and collected, how far they agree.

from yetbetter.study.people import People

people = People(study)
PAGE = [f"workflow/report/{name}" for name in ["base.html.j2", "page.css", "annotate.css", "annotate.js"]]


rule annotate_solutions:
    input:
        blocks=people.inputs,
        problems="<results>/problems/{dataset}/train.jsonl",
        labels=people.own_file,
        template="workflow/report/annotate.html.j2",
        looks=PAGE,
    output:
        "<results>/people/{dataset}/annotate/{annotator}.html",
    log:
        "<logs>/people/{dataset}/annotate/{annotator}.log",
    wildcard_constraints:
        dataset=one_of(people.views),
        annotator=r"[^/]+",
    conda:
        "../../envs/analysis.yaml"
    params:
        draws=people.options,
        arms=people.arms,
        labels=lambda wildcards, input: f"--labels {shlex.quote(input.labels[0])}" if input.labels else "",
        samples=config["people"]["samples"],
        seed=config["seed"],
        study=config["study"],
        code=code_of("annotate_solutions"),
    shell:
        "python workflow/scripts/annotate_solutions.py"
        " --problems {input.problems:q}"
        " {params.draws}"
        " --arms {params.arms}"
        " --samples {params.samples}"
        " --seed {params.seed}"
        " --study {params.study}"
        " --dataset {wildcards.dataset}"
        " --annotator {wildcards.annotator}"
        " {params.labels}"
        " --template {input.template:q}"
        " --output {output:q}"
        " > {log:q} 2>&1"


# The pages of one annotator: `snakemake annotate --config annotator=NAME`.
rule annotate:
    input:
        requested(people.pages),


rule collect_labels:
    input:
        blocks=people.inputs,
        problems="<results>/problems/{dataset}/train.jsonl",
        labels=lambda wildcards: list(people.files(wildcards).values()),
    output:
        "<results>/people/{dataset}/labels.jsonl",
    log:
        "<logs>/people/{dataset}/collect_labels.log",
    wildcard_constraints:
        dataset=one_of(people.views),
    conda:
        "../../envs/analysis.yaml"
    params:
        draws=people.options,
        labels=people.labelled,
        seed=config["seed"],
        study=config["study"],
        code=code_of("collect_labels"),
    shell:
        "python workflow/scripts/collect_labels.py"
        " --problems {input.problems:q}"
        " {params.draws}"
        " --labels {params.labels:q}"
        " --seed {params.seed}"
        " --study {params.study}"
        " --dataset {wildcards.dataset}"
        " --output {output:q}"
        " > {log:q} 2>&1"


rule compare_annotators:
    input:
        labels="<results>/people/{dataset}/labels.jsonl",
        template="workflow/report/annotate.html.j2",
        looks=PAGE,
    output:
        agreement="<results>/people/{dataset}/agreement.json",
        page="<results>/people/{dataset}/differences.html",
    log:
        "<logs>/people/{dataset}/compare_annotators.log",
    wildcard_constraints:
        dataset=one_of(people.views),
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=config["study"],
        code=code_of("compare_annotators"),
    shell:
        "python workflow/scripts/compare_annotators.py"
        " --labels {input.labels:q}"
        " --study {params.study}"
        " --dataset {wildcards.dataset}"
        " --template {input.template:q}"
        " --output {output.agreement:q}"
        " --page {output.page:q}"
        " > {log:q} 2>&1"


rule agreement:
    input:
        requested(people.comparisons),
