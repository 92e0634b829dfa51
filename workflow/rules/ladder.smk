# The ladder of weak sources: above which ratio of pass@1 does WC data win? Needs the cells of its experiment alone.


# Left out where there is none: Snakemake compares every file that it looks for with the outputs of every rule.
if study.ladder.own:

    rule tabulate_ladder:
        input:
            scores=study.ladder.scores,
            questions=study.ladder.questions,
        output:
            ladder="<results>/{part}tables/ladder.csv",
            crossovers="<results>/{part}tables/ladder_crossover.csv",
            predictors="<results>/{part}tables/ladder_predictors.csv",
        log:
            "<logs>/{part}tables/tabulate_ladder.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        params:
            scores=study.folder("scores"),
            cells=study.ladder.cells,
            metrics=study.folder("metrics"),
            arms=study.ladder.arms,
            strong=study.compared["strong"],
            pool="--one-pool" if config["repeat"] == "finetuning" else "",
            code=code_of("tabulate_ladder"),
        shell:
            "python workflow/scripts/tabulate_ladder.py"
            " --scores {params.scores}"
            " --cells {params.cells}"
            " --metrics {params.metrics}"
            " --arms {params.arms}"
            " --strong {params.strong:q}"
            " {params.pool}"
            " --ladder {output.ladder:q}"
            " --crossovers {output.crossovers:q}"
            " --predictors {output.predictors:q}"
            " > {log:q} 2>&1"


rule ladder:
    input:
        requested(made.ladder),
