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
    threads: lambda wildcards: resource(wildcards.model, "cpus", 1)
    resources:
        mem_mb=lambda wildcards: resource(wildcards.model, "mem_mb", 3000),
        runtime=lambda wildcards: resource(wildcards.model, "runtime", 60),
        gpu=lambda wildcards: resource(wildcards.model, "gpu", 0),
    params:
        drafts=f"{RESULTS}/.drafts",
        first_problem=first_of("questions", 0),
        problems=SAMPLING["shard_questions"],
        first_sample=first_of("samples", 1),
        samples=SAMPLING["block_samples"],
        model=lambda wildcards: MODELS[wildcards.model]["path"],
        revision=lambda wildcards: MODELS[wildcards.model].get("revision", "main"),
        identity=lambda wildcards: IDENTITIES[wildcards.model],
        engine=lambda wildcards: MODELS[wildcards.model]["engine"],
        batch_size=lambda wildcards: MODELS[wildcards.model].get("batch_size", 64),
        temperature=SAMPLING["temperature"],
        top_k=SAMPLING["top_k"],
        max_new_tokens=lambda wildcards: DATASETS[wildcards.dataset]["max_new_tokens"],
        seed=config["seed"],
    shell:
        "OMP_NUM_THREADS={threads} python workflow/scripts/sample_solutions.py"
        " --problems {input.problems}"
        " --first-problem {params.first_problem}"
        " --problems-count {params.problems}"
        " --first-sample {params.first_sample}"
        " --samples {params.samples}"
        " --model-name {wildcards.model}"
        " --model {params.model}"
        " --revision {params.revision}"
        " --engine {params.engine}"
        " --prompt {input.prompt}"
        " --temperature {params.temperature}"
        " --top-k {params.top_k}"
        " --max-new-tokens {params.max_new_tokens}"
        " --batch-size {params.batch_size}"
        " --seed {params.seed}"
        " --output {output.solutions}"
        " --about {output.about}"
        " --drafts {params.drafts}"
        " > {log} 2>&1"
