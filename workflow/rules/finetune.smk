# One finetuning per cell and learning rate; the number of steps is the budget's, whatever the source.


rule finetune_model:
    input:
        # The digest, not the data, decides whether a model is trained again.
        data=ancient("<results>/training_data/{dataset}/{budget}/from-{source}.jsonl"),
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
    output:
        directory("<results>/models/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{rate}"),
    log:
        "<logs>/models/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{rate}.log",
    conda:
        "../../envs/deepspeed.yaml"
    threads: lambda wildcards: resource(wildcards.target, "cpus", 1)
    resources:
        mem_mb=lambda wildcards: resource(wildcards.target, "mem_mb", 3000),
        runtime=lambda wildcards: resource(wildcards.target, "runtime", 60),
        gpu=lambda wildcards: resource(wildcards.target, "gpu", 0),
    params:
        drafts=f"{RESULTS}/.drafts",
        model=lambda wildcards: MODELS[wildcards.target]["path"],
        revision=lambda wildcards: MODELS[wildcards.target].get("revision", "main"),
        identity=lambda wildcards: IDENTITIES[wildcards.target],
        steps=lambda wildcards: recipe(wildcards.target)["steps"][wildcards.budget],
        checkpoints=lambda wildcards: recipe(wildcards.target)["checkpoints"],
        batch_size=lambda wildcards: recipe(wildcards.target)["batch_size"],
        learning_rate=lambda wildcards: recipe(wildcards.target)["learning_rates"][wildcards.rate],
        max_length=lambda wildcards: recipe(wildcards.target)["max_length"],
        precision=lambda wildcards: recipe(wildcards.target)["precision"],
        seed=lambda wildcards: stream_seed(config["seed"], "finetuning", int(wildcards.seed)) % 2**31,
    shell:
        "OMP_NUM_THREADS={threads} python workflow/scripts/finetune_model.py"
        " --data {input.data}"
        " --model {params.model}"
        " --revision {params.revision}"
        " --steps {params.steps}"
        " --checkpoints {params.checkpoints}"
        " --batch-size {params.batch_size}"
        " --learning-rate {params.learning_rate}"
        " --max-length {params.max_length}"
        " --precision {params.precision}"
        " --seed {params.seed}"
        " --output {output}"
        " --drafts {params.drafts}"
        " > {log} 2>&1"
