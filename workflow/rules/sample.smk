# Pools: immutable blocks of (questions x samples), drawn once to the most that any arm needs.


rule sample_solutions:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        prompt=lambda wildcards: DATASETS[wildcards.dataset]["prompts"]["sampling"],
    output:
        solutions="<results>/solutions/{dataset}/{model}/{block}.jsonl",
        about="<results>/solutions/{dataset}/{model}/{block}.about.json",
    log:
        "<logs>/solutions/{dataset}/{model}/{block}.log",
    conda:
        "../../envs/deepspeed.yaml"
    threads: resource("model", "cpus", 1)
    resources:
        mem_mb=resource("model", "mem_mb", 3000),
        runtime=resource("model", "runtime", 60),
        gpu=resource("model", "gpu", 0),
    params:
        drafts=f"{RESULTS}/.drafts",
        start=block_start,
        model=lambda wildcards: WEIGHTS[wildcards.model],
        # A function of `output` triggers no rerun: of the engine's settings only those in its identity may do that.
        engine=lambda wildcards, output: ENGINES[wildcards.model],
        engine_identity=lambda wildcards: ENGINES[wildcards.model]["identity"],
        sampling=SAMPLING,
        max_new_tokens=lambda wildcards: DATASETS[wildcards.dataset]["max_new_tokens"],
        stop=lambda wildcards: stop_arguments(wildcards.dataset),
        seed=config["seed"],
        version=SAMPLER_VERSION,
    shell:
        "OMP_NUM_THREADS={threads} {params.engine[python]} workflow/scripts/sample_solutions.py"
        " --problems {input.problems}"
        " --first-problem {params.start[question]}"
        " --problems-count {params.sampling[shard_questions]}"
        " --first-sample {params.start[sample]}"
        " --samples {params.sampling[block_samples]}"
        " --model-name {wildcards.model}"
        " --model {params.model[path]}"
        " --revision {params.model[revision]}"
        " {params.engine[arguments]}"
        " --prompt {input.prompt}"
        " --temperature {params.sampling[temperature]}"
        " --top-k {params.sampling[top_k]}"
        " --max-new-tokens {params.max_new_tokens}"
        " {params.stop}"
        " --seed {params.seed}"
        " --output {output.solutions}"
        " --about {output.about}"
        " --drafts {params.drafts}"
        " > {log} 2>&1"
