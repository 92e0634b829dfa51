# Pools: immutable blocks of (questions x samples), drawn once to the most that any arm needs.


rule sample_solutions:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=SAMPLING_PROMPT,
        model=downloaded("model"),
    output:
        solutions="<results>/solutions/{dataset}/{model}/{block}.jsonl",
        about="<results>/solutions/{dataset}/{model}/{block}.about.json",
    log:
        "<logs>/solutions/{dataset}/{model}/{block}.log",
    conda:
        per_model("model", environment)
    threads: resource("model", "cpus", 1)
    resources:
        mem_mb=memory("model"),
        runtime=resource("model", "runtime", 60),
        gpu=resource("model", "gpu", 0),
        gpu_model=gpu_model("model"),
    params:
        start=block_start,
        size=f"--problems-count {SAMPLING['shard_questions']} --samples {SAMPLING['block_samples']}",
        model=per_model("model", model_arguments),
        weights=by("model", IDENTITIES),
        engine=unseen("model", ENGINES),
        engine_identity=by("model", ENGINE_IDENTITIES),
        decoding=per_dataset(decoding_arguments),
        chat=per_model("model", chat_argument),
        version=SAMPLER_VERSION,
    shell:
        "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/sample_solutions.py"
        " --problems {input.problems}"
        " {params.start}"
        " {params.size}"
        " --model-name {wildcards.model}"
        " {params.model}"
        " {params.engine[arguments]}"
        " --prompt {input.prompt}"
        " {params.decoding}"
        " {params.chat}"
        " --output {output.solutions}"
        " --about {output.about}"
        f" --drafts {RESULTS}/.drafts"
        " > {log} 2>&1"
