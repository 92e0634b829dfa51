# Validation chooses a checkpoint, the chosen one answers the benchmarks; scoring is apart and needs no model.


rule evaluate_model:
    input:
        models=cell_models,
        validation="<results>/problems/{dataset}/validation.jsonl",
        benchmarks=benchmark_problems,
        prompt=lambda wildcards: DATASETS[wildcards.dataset]["prompts"]["finetuned"],
    output:
        answers="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
        choice="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/choice.json",
        about="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/about.json",
    log:
        "<logs>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    conda:
        "../../envs/deepspeed.yaml"
    threads: resource("target", "cpus", 1)
    resources:
        mem_mb=resource("target", "mem_mb", 3000),
        runtime=resource("target", "runtime", 60),
        gpu=resource("target", "gpu", 0),
    params:
        drafts=f"{RESULTS}/.drafts",
        checkpoints=cell_checkpoints,
        asked=lambda wildcards: EXAMINATIONS[wildcards.dataset],
        engine=lambda wildcards: ENGINES[wildcards.target],
        sampling={key: SAMPLING[key] for key in ["temperature", "top_k"]},
        seed=config["seed"],
        version=EVALUATION_VERSION,
        grader=GRADING,
    shell:
        "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/evaluate_model.py"
        " --checkpoints {params.checkpoints}"
        " --validation {input.validation}"
        " {params.asked[benchmarks]}"
        " --prompt {input.prompt}"
        " --answer-format {params.asked[answer]}"
        " --grading-mode {params.grader[mode]}"
        " {params.engine[arguments]}"
        " --temperature {params.sampling[temperature]}"
        " --top-k {params.sampling[top_k]}"
        " --max-new-tokens {params.asked[max_new_tokens]}"
        " {params.asked[stop]}"
        " --seed {params.seed}"
        " --cell {wildcards.dataset}/{wildcards.budget}/{wildcards.source}/{wildcards.target}/{wildcards.seed}"
        " --output {output.answers}"
        " --choice {output.choice}"
        " --about {output.about}"
        " --drafts {params.drafts}"
        " > {log} 2>&1"


rule score_model:
    input:
        answers="<results>/evaluations/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/answers.jsonl",
        benchmarks=benchmark_problems,
        code=[*library("pocket/reasoning", "estimators"), "workflow/scripts/score_model.py"],
    output:
        "<results>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/scores.jsonl",
    log:
        "<logs>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        asked=lambda wildcards: EXAMINATIONS[wildcards.dataset],
        paradigm=lambda wildcards: GRID.paradigm(wildcards.source, wildcards.target),
        grader=GRADING,
    shell:
        "python workflow/scripts/score_model.py"
        " --answers {input.answers}"
        " {params.asked[benchmarks]}"
        " --answer-format {params.asked[answer]}"
        " --grading-mode {params.grader[mode]}"
        " --fpr {params.asked[fpr]}"
        " --dataset {wildcards.dataset}"
        " --budget {wildcards.budget}"
        " --source {wildcards.source}"
        " --target {wildcards.target}"
        " --seed {wildcards.seed}"
        " --paradigm '{params.paradigm}'"
        " --output {output}"
        " > {log} 2>&1"


rule tabulate_scores:
    input:
        scores=[f"<results>/scores/{cell.path}/scores.jsonl" for cell in GRID.cells],
        choices=[f"<results>/evaluations/{cell.path}/choice.json" for cell in GRID.cells],
        code=[*library("comparisons", "estimators"), "workflow/scripts/tabulate_scores.py"],
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
        cells=[cell.path for cell in GRID.cells],
        baseline=config["comparison"]["strong"],
    shell:
        "python workflow/scripts/tabulate_scores.py"
        " --scores {params.scores}"
        " --evaluations {params.evaluations}"
        " --cells {params.cells}"
        " --baseline {params.baseline}"
        " --finetuned {output.finetuned}"
        " --differences {output.differences}"
        " --checkpoints {output.checkpoints}"
        " > {log} 2>&1"
