# An LLM judge's verdicts on the reasoning of right-answered solutions, where a data set says `fpr: judge`.

from yetbetter.judging import JUDGE_VERSION, View, sort_views

JUDGED = [dataset for dataset, entry in DATASETS.items() if entry["fpr"] == "judge"]


def judged_views(part, dataset, model):
    """kind of judging -> the views of a pool that a part needs judged so; the study's are those of its further arms."""
    cells = GRID.cells_in(extra=part == "study/")
    pool = GRID.pools_of(cells).get((dataset, model))
    views = {"views": set(), "all_right": set(), "every": set()}
    if pool:
        whole = pool.questions == DATASETS[dataset]["splits"]["train"]
        views["views"].add(View(pool.samples, None if whole else pool.questions))
    for arm in GRID.arms_of(cells):
        draws = GRID.draws(arm.budget, arm.source)
        if arm.dataset != dataset or model not in draws or (part and arm in BASE_ARMS):
            continue
        source = config["sources"][arm.source]
        questions = GRID.questions(dataset, arm.budget, arm.source) if "questions" in source else None
        view = View(draws[model].samples, questions)
        views["all_right" if source["filter"] == "reasoning" else "views"].add(view)
        if source["filter"] == "judge":
            views["every"].add(view)
    return {kind: sort_views(found) for kind, found in views.items()}


# (part, dataset, model) -> what is judged.
JUDGED_VIEWS = {
    (part, dataset, model): judged_views(part, dataset, model)
    for part in ["", "study/"]
    for dataset, model in GRID.pools
    if dataset in JUDGED
}


def judged_of(wildcards):
    return JUDGED_VIEWS[judged_part(wildcards), wildcards.dataset, wildcards.model]


def judged_blocks(*kinds):
    """The blocks that hold these views, in the pool's order."""
    return lambda wildcards: sorted(
        {
            block
            for kind in kinds
            for view in judged_of(wildcards)[kind]
            for block in GRID.blocks(wildcards.dataset, {wildcards.model: view.samples}, view.questions)
        }
    )


def judged_files(*kinds):
    blocks = judged_blocks(*kinds)
    return lambda wildcards: block_files(wildcards.dataset, blocks(wildcards), ["solutions", "verdicts"])


def view_arguments(*kinds):
    return quick(
        lambda wildcards: " ".join(
            f"--{kind.replace('_', '-')} {' '.join(str(view.label) for view in judged_of(wildcards)[kind])}"
            for kind in kinds
            if judged_of(wildcards)[kind]
        )
    )


def compared_blocks(wildcards):
    """The blocks of the base grid's judgements, which are held against the exact check."""
    views = JUDGED_VIEWS["", wildcards.dataset, wildcards.model]
    blocks = [
        GRID.blocks(wildcards.dataset, {wildcards.model: view.samples}, view.questions) for view in views["views"]
    ]
    return sorted({block for some in blocks for block in some})


def known_argument(wildcards, input):
    return f"--known {input.known[0]}" if input.known else ""


def known_judgements(stage, *kinds):
    """What the base grid has had judged already; of this the study asks nothing again."""

    def known(wildcards):
        key = ("", wildcards.dataset, wildcards.model)
        if judged_part(wildcards) == "" or not any(JUDGED_VIEWS[key][kind] for kind in kinds):
            return []
        folder = f"{RESULTS}/{stage}/{wildcards.dataset}/{wildcards.model}"
        return [f"{folder}.jsonl", f"{folder}.about.json"]

    return known


if JUDGED:
    JUDGE = {"samples": 500, "max_new_tokens": 512, "stop": []} | config["judge"]
    JUDGE_MODEL = MODELS[JUDGE["model"]]
    JUDGE_RESOURCES = {"cpus": 1, "mem_mb": 3000, "runtime": 60, "gpu": 0} | JUDGE_MODEL.get("resources", {})

    rule judge_solutions:
        input:
            blocks=judged_files("views", "all_right"),
            known=known_judgements("judgements", "views", "all_right"),
            problems="<results>/problems/{dataset}/train.jsonl",
            prompt=JUDGE["prompt"],
            model=ancient([f"{RESULTS}/downloads/models/{JUDGE['model']}.json"] if JUDGE["model"] in HUB_MODELS else []),
        output:
            judgements="<results>/{part}judgements/{dataset}/{model}.jsonl",
            about="<results>/{part}judgements/{dataset}/{model}.about.json",
        log:
            "<logs>/{part}judgements/{dataset}/{model}.log",
        wildcard_constraints:
            part="(study/)?",
            dataset=one_of(JUDGED),
        conda:
            environment(JUDGE_MODEL)
        threads: JUDGE_RESOURCES["cpus"]
        resources:
            mem_mb=JUDGE_RESOURCES["mem_mb"],
            runtime=JUDGE_RESOURCES["runtime"],
            gpu=JUDGE_RESOURCES["gpu"],
        params:
            drafts=f"{RESULTS}/.drafts",
            samples=JUDGE["samples"],
            model=model_arguments(JUDGE_MODEL),
            weights=IDENTITIES[JUDGE["model"]],
            chat=chat_argument(JUDGE_MODEL),
            engine=quick(lambda wildcards, output: ENGINES[JUDGE["model"]]),
            engine_identity=ENGINE_IDENTITIES[JUDGE["model"]],
            limits=" ".join(
                [
                    f"--max-new-tokens {JUDGE['max_new_tokens']}",
                    *(f"--stop {shlex.quote(string)}" for string in JUDGE["stop"]),
                ]
            ),
            blocks=judged_blocks("views", "all_right"),
            folders=pool_folders("solutions", "verdicts"),
            views=view_arguments("views", "all_right"),
            known=known_argument,
            seed=config["seed"],
            version=f"{SAMPLER_VERSION}.{JUDGE_VERSION}",
        shell:
            "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/judge_solutions.py"
            " --problems {input.problems}"
            " {params.folders}"
            " --blocks {params.blocks}"
            " {params.views}"
            " {params.known}"
            " --samples {params.samples}"
            " --prompt {input.prompt}"
            " {params.model}"
            " {params.chat}"
            " {params.engine[arguments]}"
            " {params.limits}"
            " --seed {params.seed}"
            " --output {output.judgements}"
            " --about {output.about}"
            " --drafts {params.drafts}"
            " > {log} 2>&1"

    # For sources that a judge alone filters: every solution, and without the right answer.
    use rule judge_solutions as judge_for_filter with:
        input:
            blocks=judged_files("every"),
            known=known_judgements("filter_judgements", "every"),
            problems="<results>/problems/{dataset}/train.jsonl",
            prompt=JUDGE.get("prompt_without_answer", JUDGE["prompt"]),
            model=ancient([f"{RESULTS}/downloads/models/{JUDGE['model']}.json"] if JUDGE["model"] in HUB_MODELS else []),
        output:
            judgements="<results>/{part}filter_judgements/{dataset}/{model}.jsonl",
            about="<results>/{part}filter_judgements/{dataset}/{model}.about.json",
        log:
            "<logs>/{part}filter_judgements/{dataset}/{model}.log",
        params:
            blocks=judged_blocks("every"),
            views=view_arguments("every"),

    # On demand, in the pocket world alone: how far the judge agrees with the exact check of the same solutions.
    rule compare_judgements:
        input:
            judgements="<results>/judgements/{dataset}/{model}.jsonl",
            reasoning=lambda wildcards: [
                f"{RESULTS}/reasoning/{wildcards.dataset}/{block}.jsonl" for block in compared_blocks(wildcards)
            ],
        output:
            "<results>/judgements/{dataset}/{model}.agreement.json",
        log:
            "<logs>/judgements/{dataset}/{model}.agreement.log",
        wildcard_constraints:
            dataset=one_of([dataset for dataset in JUDGED if DATASETS[dataset]["adapter"] == "pocket"]),
        conda:
            "../../envs/analysis.yaml"
        params:
            reasoning=lambda wildcards: f"{RESULTS}/reasoning/{wildcards.dataset}",
            blocks=compared_blocks,
            code=code_of("compare_judgements", "agreement"),
        shell:
            "python workflow/scripts/compare_judgements.py"
            " --judgements {input.judgements}"
            " --reasoning {params.reasoning}"
            " --blocks {params.blocks}"
            " --output {output}"
            " > {log} 2>&1"
