# Validation chooses a checkpoint, the chosen one answers the benchmarks; scoring is apart and needs no model.


rule evaluate_model:
    input:
        models=quick(cell_models),
        problems="<results>/problems/{dataset}/evaluation.sha256",
        prompt=FINETUNED_PROMPT,
    output:
        answers="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
        choice="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/choice.json",
        about="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/about.json",
    log:
        "<logs>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    # Before others are trained: until a cell is scored all its checkpoints lie on the disk.
    priority: 1
    conda:
        per_model("target", environment)
    threads: resource("target", "cpus", 1)
    resources:
        mem_mb=memory("target"),
        runtime=resource("target", "runtime", 60),
        gpu=resource("target", "gpu", 0),
        gpu_model=gpu_model("target"),
    params:
        checkpoints=by("target", {target: chosen["checkpoints"] for target, chosen in RECIPES.items()}),
        benchmarks=template_per_dataset(benchmark_arguments),
        decoding=per_dataset(decoding_arguments),
        engine=unseen("target", EVALUATION_ENGINES),
        engine_identity=by("target", ENGINE_IDENTITIES),
        cell="{dataset}/{budget}/{source}/{target}/{seed}",
        versions=[EVALUATION_VERSION, GRADER_VERSION],
    shell:
        "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/evaluate_model.py"
        " --models {input.models}"
        " --checkpoints {params.checkpoints}"
        f" --validation {RESULTS}/problems/{{wildcards.dataset}}/validation.jsonl"
        " {params.benchmarks}"
        " --prompt {input.prompt}"
        " {params.engine[arguments]}"
        " {params.decoding}"
        " --cell {params.cell}"
        " --output {output.answers}"
        " --choice {output.choice}"
        " --about {output.about}"
        f" --drafts {RESULTS}/.drafts"
        " > {log} 2>&1"


rule score_model:
    input:
        answers="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
        problems="<results>/problems/{dataset}/evaluation.sha256",
    output:
        "<results>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/scores.jsonl",
    log:
        "<logs>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        benchmarks=template_per_dataset(benchmark_arguments),
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
