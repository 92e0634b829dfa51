# One finetuning per cell and learning rate; its length in steps (or in epochs) is the budget's, whatever the source.


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
    threads: finetuning_resource(lambda asked: asked["cpus"])
    resources:
        mem_mb=finetuning_resource(lambda asked: asked["mem_mb"]),
        runtime=finetuning_resource(lambda asked: asked["runtime"]),
        nodes=finetuning_resource(lambda asked: asked["nodes"]),
        # Of all nodes together, as schedulers count them.
        gpu=finetuning_resource(lambda asked: asked["gpu"] * asked["nodes"]),
        gpu_model=finetuning_resource(gpu_model_of),
        # Slurm's plugin starts every command as one task, which cannot span nodes; only where it hears of MPI it leaves the
        # start of tasks to the command. It is to count them for the job, not for each GPU.
        mpi=on_several_nodes(lambda asked: "srun"),
        tasks=on_several_nodes(lambda asked: asked["nodes"]),
        tasks_per_gpu=on_several_nodes(lambda asked: 0),
    params:
        model=per_model("target", model_arguments),
        weights=by("target", IDENTITIES),
        recipe=quick(cell_recipe),
        # How the work is done shapes nothing but a sum's last digits.
        launch=unseen("target", LAUNCHES),
        version=TRAINING_VERSION,
    shell:
        "HF_HUB_OFFLINE=1 OMP_NUM_THREADS=$((({threads} + {params.launch[processes]} - 1) / {params.launch[processes]}))"
        " {params.launch[command]} workflow/scripts/finetune_model.py"
        " --data {input.data}"
        " {params.model}"
        " {params.recipe}{params.launch[options]}"
        " --output {output}"
        f" --drafts {RESULTS}/.drafts"
        " > {log} 2>&1"


# Where the learning rate is chosen on the first seed, the other seeds are trained with that one alone.
use rule finetune_model as finetune_chosen with:
    input:
        data=ancient("<results>/training_data/{dataset}/{budget}/from-{source}.jsonl"),
        digest="<results>/training_data/{dataset}/{budget}/from-{source}.sha256",
        model=downloaded("target"),
        choice=quick(first_choice),
    output:
        directory(f"<results>/models/{{dataset}}/{{budget}}/from-{{source}}/to-{{target}}/seed-{{seed}}/{CHOSEN}"),
    log:
        f"<logs>/models/{{dataset}}/{{budget}}/from-{{source}}/to-{{target}}/seed-{{seed}}/{CHOSEN}.log",
    params:
        recipe=quick(chosen_recipe),
