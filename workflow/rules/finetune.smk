# One finetuning per cell and learning rate; the number of steps is the budget's, whatever the source.


rule finetune_model:
    input:
        # The digest, not the data, decides whether a model is trained again.
        data=ancient("<results>/training_data/{dataset}/{budget}/from-{source}.jsonl"),
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
        model=downloaded("target"),
    output:
        directory("<results>/models/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{rate}"),
    log:
        "<logs>/models/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/{rate}.log",
    conda:
        "../../envs/deepspeed.yaml"
    threads: resource("target", "cpus", 1)
    resources:
        mem_mb=resource("target", "mem_mb", 3000),
        runtime=resource("target", "runtime", 60),
        gpu=resource("target", "gpu", 0),
    params:
        drafts=f"{RESULTS}/.drafts",
        model=per_model("target", model_arguments),
        weights=by("target", IDENTITIES),
        recipe=quick(cell_recipe),
        version=TRAINING_VERSION,
    shell:
        "HF_HUB_OFFLINE=1 OMP_NUM_THREADS={threads} python workflow/scripts/finetune_model.py"
        " --data {input.data}"
        " {params.model}"
        " {params.recipe}"
        " --output {output}"
        " --drafts {params.drafts}"
        " > {log} 2>&1"
