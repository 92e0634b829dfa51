# A figure for each experiment that names a kind of one, from the tables alone; and what is drawn once for a whole study.


rule draw_experiment:
    input:
        table="<results>/{part}tables/finetuned.csv",
        differences="<results>/{part}tables/differences.csv",
        arms="<results>/{part}tables/arms.csv",
        published=published_numbers,
    output:
        pdf="<results>/{part}figures/{experiment}_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/{experiment}_{dataset}.png",
            caption="../report/experiment.rst",
            category="Experiments",
            labels={"experiment": "{experiment}", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/{experiment}_{dataset}.log",
    wildcard_constraints:
        experiment=one_of(DRAWN),
    conda:
        "../../envs/analysis.yaml"
    params:
        kind=lambda wildcards: DRAWN[wildcards.experiment]["figure"],
        chosen=experiment_arguments,
        paper=paper_arguments,
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        code=EXPERIMENT_CODE,
    shell:
        "python workflow/scripts/draw_experiment.py"
        " --kind {params.kind}"
        " --table {input.table}"
        " --differences {input.differences}"
        " --arms {input.arms}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " {params.chosen}"
        " {params.paper}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_experiment_data:
    input:
        table="<results>/{part}tables/data_quality.csv",
    output:
        pdf="<results>/{part}figures/data_quality_{experiment}_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/data_quality_{experiment}_{dataset}.png",
            caption="../report/data_quality.rst",
            category="Experiments",
            labels={"experiment": "{experiment}, training data", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/data_quality_{experiment}_{dataset}.log",
    wildcard_constraints:
        experiment=one_of(DRAWN),
    conda:
        "../../envs/analysis.yaml"
    params:
        sources=lambda wildcards: [
            source for source in DRAWN[wildcards.experiment]["sources"] if source in SAMPLED_SOURCES
        ],
        budgets=lambda wildcards: DRAWN[wildcards.experiment]["budgets"],
        title=lambda wildcards: shlex.quote(DRAWN[wildcards.experiment].get("title", wildcards.experiment)),
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        code=code_of("draw_data_quality", *PLOTS),
    shell:
        "python workflow/scripts/draw_data_quality.py"
        " --table {input.table}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --sources {params.sources}"
        " --budgets {params.budgets}"
        " --title {params.title}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_small_vs_large:
    input:
        table="resources/public_scores.csv",
    output:
        pdf="<results>/{part}figures/small_vs_large_over_time.pdf",
        png=report(
            "<results>/{part}figures/small_vs_large_over_time.png",
            caption="../report/small_vs_large_over_time.rst",
            category="Published models",
            labels={"figure": "small and large models over time"},
        ),
    log:
        "<logs>/{part}figures/small_vs_large_over_time.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code_of("draw_small_vs_large", "plots_scores", "plots", "plot_tables"),
    shell:
        "python workflow/scripts/draw_small_vs_large.py"
        " --table {input.table}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"
