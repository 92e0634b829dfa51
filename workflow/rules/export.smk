# Training data for other trainers: a Hugging Face data set folder of any arm, made on demand.


rule export_training_data:
    input:
        data="<results>/training_data/{dataset}/{budget}/from-{source}.jsonl",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    output:
        directory("<results>/exports/{dataset}/{budget}/from-{source}"),
    log:
        "<logs>/exports/{dataset}/{budget}/from-{source}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        facts=export_facts,
        name=f"{config['study']}-{{dataset}}-{{budget}}-{{source}}",
        code=code_of("export_training_data", "exports"),
    shell:
        "python workflow/scripts/export_training_data.py"
        " --data {input.data}"
        " --counts {input.counts}"
        " --facts {params.facts}"
        " --name {params.name}"
        " --output {output}"
        " > {log} 2>&1"
