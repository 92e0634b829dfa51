# Downloads: the only jobs that need a network. They run where Snakemake runs, since compute nodes often have none.


rule fetch_dataset:
    output:
        "<results>/downloads/{dataset}/source.json",
    log:
        "<logs>/downloads/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(name for name, entry in DATASETS.items() if entry["adapter"] in ADAPTERS),
    localrule: True
    conda:
        "../../envs/deepspeed.yaml"
    params:
        adapter=lambda wildcards: DATASETS[wildcards.dataset]["adapter"],
    shell:
        "python workflow/scripts/fetch_dataset.py" " --adapter {params.adapter}" " --output {output}" " > {log} 2>&1"


rule fetch_model:
    output:
        "<results>/downloads/models/{model}.json",
    log:
        "<logs>/downloads/models/{model}.log",
    localrule: True
    conda:
        "../../envs/deepspeed.yaml"
    params:
        model=lambda wildcards: model_arguments(MODELS[wildcards.model]),
    shell:
        "python workflow/scripts/fetch_model.py" " {params.model}" " --output {output}" " > {log} 2>&1"
