# Which training data is exported, and what its card tells.


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
