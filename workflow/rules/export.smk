# Training data for other trainers: a Hugging Face data set folder of any arm, made on demand.


def all_exports(arms):
    return [f"{RESULTS}/exports/{arm.dataset}/{arm.budget}/from-{arm.source}" for arm in arms]


def export_facts(wildcards):
    """What the card tells of an arm."""
    dataset, source = DATASETS[wildcards.dataset], config["sources"][wildcards.source]
    draws = draws_of(wildcards)
    told = ("path", "revision", "parameters", "price")
    return shlex.quote(
        json.dumps(
            {
                "study": config["study"],
                "seed": config["seed"],
                "dataset": wildcards.dataset,
                "adapter": dataset["adapter"],
                "budget": wildcards.budget,
                "reference": config["budgets"][wildcards.budget],
                "source_name": wildcards.source,
                "source": source,
                "questions": arm_questions(wildcards),
                "draws": draws,
                "models": {name: {key: MODELS[name][key] for key in told if key in MODELS[name]} for name in draws},
                "decoding": {key: SAMPLING[key] for key in ["temperature", "top_k"]}
                | {"max_new_tokens": dataset["max_new_tokens"]},
                "prompts": dataset["prompts"],
                "grading": GRADING["mode"],
            }
        )
    )


rule export_training_data:
    input:
        data="<results>/training_data/{dataset}/{budget}/from-{source}.jsonl",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    output:
        directory("<results>/exports/{dataset}/{budget}/from-{source}"),
    log:
        "<logs>/exports/{dataset}/{budget}/from-{source}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        facts=export_facts,
        name=f"{config['study']}-{{dataset}}-{{budget}}-{{source}}",
        code=code_of("export_training_data", "exports"),
    shell:
        "python workflow/scripts/export_training_data.py"
        " --data {input.data}"
        " --counts {input.counts}"
        " --facts {params.facts}"
        " --name {params.name}"
        " --output {output}"
        " > {log} 2>&1"
