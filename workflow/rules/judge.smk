# An LLM judge's verdicts on the reasoning of right-answered solutions, where a data set says `fpr: judge`.

from yetbetter.judging import JUDGE_VERSION

JUDGED = [dataset for dataset, entry in DATASETS.items() if entry["fpr"] == "judge"]
# (dataset, model) -> samples per question of each view of the pool, its whole among them.
JUDGED_VIEWS = {
    (dataset, model): sorted(
        {samples}
        | {
            GRID.draws(arm.budget, arm.source)[model].samples
            for arm in GRID.sampled_arms
            if arm.dataset == dataset and model in GRID.draws(arm.budget, arm.source)
        }
    )
    for (dataset, model), samples in GRID.pools.items()
    if dataset in JUDGED
}

if JUDGED:
    JUDGE = {"samples": 500, "max_new_tokens": 512, "stop": []} | config["judge"]
    JUDGE_MODEL = MODELS[JUDGE["model"]]
    JUDGE_RESOURCES = {"cpus": 1, "mem_mb": 3000, "runtime": 60, "gpu": 0} | JUDGE_MODEL.get("resources", {})

    rule judge_solutions:
        input:
            blocks=pool_files("solutions", "verdicts"),
            problems="<results>/problems/{dataset}/train.jsonl",
            prompt=JUDGE["prompt"],
            model=ancient([f"{RESULTS}/downloads/models/{JUDGE['model']}.json"] if JUDGE["model"] in HUB_MODELS else []),
        output:
            judgements="<results>/judgements/{dataset}/{model}.jsonl",
            about="<results>/judgements/{dataset}/{model}.about.json",
        log:
            "<logs>/judgements/{dataset}/{model}.log",
        wildcard_constraints:
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
            blocks=pool_blocks,
            folders=pool_folders("solutions", "verdicts"),
            views=quick(lambda wildcards: JUDGED_VIEWS[wildcards.dataset, wildcards.model]),
            seed=config["seed"],
            version=f"{SAMPLER_VERSION}.{JUDGE_VERSION}",
        shell:
            "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/judge_solutions.py"
            " --problems {input.problems}"
            " {params.folders}"
            " --blocks {params.blocks}"
            " --views {params.views}"
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

    # On demand, in the pocket world alone: how far the judge agrees with the exact check of the same solutions.
    rule compare_judgements:
        input:
            judgements="<results>/judgements/{dataset}/{model}.jsonl",
            reasoning=lambda wildcards: [
                f"{RESULTS}/reasoning/{wildcards.dataset}/{block}.jsonl" for block in pool_blocks(wildcards)
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
            blocks=pool_blocks,
            code=code_of("compare_judgements", "agreement"),
        shell:
            "python workflow/scripts/compare_judgements.py"
            " --judgements {input.judgements}"
            " --reasoning {params.reasoning}"
            " --blocks {params.blocks}"
            " --output {output}"
            " > {log} 2>&1"
