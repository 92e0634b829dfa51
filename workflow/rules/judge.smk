# An LLM judge's verdicts on the reasoning of right-answered solutions, where a data set says `fpr: judge`.


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
            gpu_model=gpu_model_of(JUDGE_RESOURCES),
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
