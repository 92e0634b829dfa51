# Validation chooses a checkpoint, the chosen one answers the benchmarks; scoring is apart and needs no model.


rule evaluate_model:
    input:
        models=quick(cell_models),
        validation="<results>/problems/{dataset}/validation.jsonl",
        benchmarks=per_dataset(benchmark_files),
        prompt=FINETUNED_PROMPT,
    output:
        answers="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
        choice="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/choice.json",
        about="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/about.json",
    log:
        "<logs>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    group:
        "evaluation"
    conda:
        per_model("target", environment)
    threads: resource("target", "cpus", 1)
    resources:
        mem_mb=memory("target"),
        runtime=resource("target", "runtime", 60),
        gpu=resource("target", "gpu", 0),
    params:
        drafts=f"{RESULTS}/.drafts",
        checkpoints=quick(cell_checkpoints),
        benchmarks=per_dataset(benchmark_arguments),
        decoding=per_dataset(decoding_arguments),
        engine=unseen("target", ENGINES),
        engine_identity=by("target", ENGINE_IDENTITIES),
        keep=unseen("target", KEEPS_BEST),
        cell="{dataset}/{budget}/{source}/{target}/{seed}",
        seed=config["seed"],
        versions=[EVALUATION_VERSION, GRADER_VERSION],
    shell:
        "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/evaluate_model.py"
        " --checkpoints {params.checkpoints}"
        " --validation {input.validation}"
        " {params.benchmarks}"
        " --prompt {input.prompt}"
        " {params.engine[arguments]}"
        " {params.decoding}"
        " --seed {params.seed}"
        " --cell {params.cell}"
        " --output {output.answers}"
        " --choice {output.choice}"
        " --about {output.about}"
        " --drafts {params.drafts}{params.keep}"
        " > {log} 2>&1"


rule score_model:
    input:
        answers="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
        benchmarks=per_dataset(benchmark_files),
    output:
        "<results>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/scores.jsonl",
    log:
        "<logs>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    group:
        "evaluation"
    conda:
        "../../envs/analysis.yaml"
    params:
        benchmarks=per_dataset(benchmark_arguments),
        fpr=per_dataset(lambda dataset: DATASETS[dataset]["fpr"]),
        cell=quick(cell_coordinates),
        version=GRADER_VERSION,
        code=code_of("score_model", "pocket/reasoning", "estimators"),
    shell:
        "python workflow/scripts/score_model.py"
        " --answers {input.answers}"
        " {params.benchmarks}"
        " --fpr {params.fpr}"
        " {params.cell}"
        " --output {output}"
        " > {log} 2>&1"


rule tabulate_scores:
    input:
        scores=[f"<results>/scores/{cell.path}/scores.jsonl" for cell in GRID.cells],
        choices=[f"<results>/evaluations/{cell.path}/choice.json" for cell in GRID.cells],
    output:
        finetuned="<results>/tables/finetuned.csv",
        differences="<results>/tables/differences.csv",
        checkpoints="<results>/tables/checkpoints.csv",
    log:
        "<logs>/tables/tabulate_scores.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        scores=lambda wildcards: f"{RESULTS}/scores",
        evaluations=lambda wildcards: f"{RESULTS}/evaluations",
        models=lambda wildcards: f"{RESULTS}/models",
        cells=[cell.path for cell in GRID.cells],
        baseline=config["comparison"]["strong"],
        code=code_of("tabulate_scores", "comparisons", "estimators"),
    shell:
        "python workflow/scripts/tabulate_scores.py"
        " --scores {params.scores}"
        " --evaluations {params.evaluations}"
        " --models {params.models}"
        " --cells {params.cells}"
        " --baseline {params.baseline}"
        " --finetuned {output.finetuned}"
        " --differences {output.differences}"
        " --checkpoints {output.checkpoints}"
        " > {log} 2>&1"
