# Figures, drawn from the tables alone: no model is touched, torch is not imported.


rule draw_headline:
    input:
        table="<results>/{part}tables/finetuned.csv",
        differences="<results>/{part}tables/differences.csv",
        arms="<results>/{part}tables/arms.csv",
        published=published_numbers,
    output:
        pdf="<results>/{part}figures/headline.pdf",
        png=report(
            "<results>/{part}figures/headline.png",
            caption="../report/headline.rst",
            category="Finetuned models",
            labels={"figure": "headline"},
        ),
    log:
        "<logs>/{part}figures/headline.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        dataset=COMPARED["dataset"],
        budget=COMPARED["budget"],
        published=published,
        code=code_of("draw_headline", *PLOTS),
    shell:
        "python workflow/scripts/draw_headline.py"
        " --table {input.table}"
        " --differences {input.differences}"
        " --arms {input.arms}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --dataset {params.dataset}"
        " --budget {params.budget}"
        " {params.published}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_finetuned:
    input:
        table="<results>/{part}tables/finetuned.csv",
        arms="<results>/{part}tables/arms.csv",
        published=published_numbers,
    output:
        pdf="<results>/{part}figures/finetuned_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/finetuned_{dataset}.png",
            caption="../report/finetuned.rst",
            category="Finetuned models",
            labels={"figure": "accuracy", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/finetuned_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        published=published,
        code=code_of("draw_finetuned", *PLOTS),
    shell:
        "python workflow/scripts/draw_finetuned.py"
        " --table {input.table}"
        " --arms {input.arms}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " {params.published}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_checkpoints:
    input:
        table="<results>/{part}tables/checkpoints.csv",
    output:
        pdf="<results>/{part}figures/checkpoints_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/checkpoints_{dataset}.png",
            caption="../report/checkpoints.rst",
            category="Finetuned models",
            labels={"figure": "checkpoints", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/checkpoints_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        code=code_of("draw_checkpoints", "plots_checkpoints", *PLOTS),
    shell:
        "python workflow/scripts/draw_checkpoints.py"
        " --table {input.table}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_training:
    input:
        table="<results>/{part}tables/training.csv",
        checkpoints="<results>/{part}tables/checkpoints.csv",
    output:
        pdf="<results>/{part}figures/training_{dataset}_{budget}_{target}.pdf",
        png=report(
            "<results>/{part}figures/training_{dataset}_{budget}_{target}.png",
            caption="../report/training.rst",
            category="Finetuning runs",
            labels={"data set": "{dataset}", "budget": "{budget}", "target": "{target}"},
        ),
    log:
        "<logs>/{part}figures/training_{dataset}_{budget}_{target}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        code=code_of("draw_training", "plots_training", "plots_checkpoints", *PLOTS),
    shell:
        "python workflow/scripts/draw_training.py"
        " --table {input.table}"
        " --checkpoints {input.checkpoints}"
        " --dataset {wildcards.dataset}"
        " --budget {wildcards.budget}"
        " --target {wildcards.target}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_functional_transfer:
    input:
        table="<results>/{part}tables/finetuned.csv",
    output:
        pdf="<results>/{part}figures/functional_transfer_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/functional_transfer_{dataset}.png",
            caption="../report/functional_transfer.rst",
            category="Finetuned models",
            labels={"figure": "functional transfer", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/functional_transfer_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        code=code_of("draw_functional_transfer", *PLOTS),
    shell:
        "python workflow/scripts/draw_functional_transfer.py"
        " --table {input.table}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_reasoning:
    input:
        table="<results>/{part}tables/finetuned.csv",
        arms="<results>/{part}tables/arms.csv",
    output:
        pdf="<results>/{part}figures/reasoning_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/reasoning_{dataset}.png",
            caption="../report/reasoning.rst",
            category="Finetuned models",
            labels={"figure": "false positive rate", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/reasoning_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        code=code_of("draw_reasoning", *PLOTS),
    shell:
        "python workflow/scripts/draw_reasoning.py"
        " --table {input.table}"
        " --arms {input.arms}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_data_quality:
    input:
        table="<results>/{part}tables/data_quality.csv",
        published=published_numbers,
    output:
        pdf="<results>/{part}figures/data_quality_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/data_quality_{dataset}.png",
            caption="../report/data_quality.rst",
            category="Training data",
            labels={"figure": "data quality", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/data_quality_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED["strong"],
        weak=COMPARED["weak"],
        published=published,
        code=code_of("draw_data_quality", *PLOTS),
    shell:
        "python workflow/scripts/draw_data_quality.py"
        " --table {input.table}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " {params.published}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_coverage_trend:
    input:
        table="<results>/{part}tables/coverage.csv",
        published=published_numbers,
    output:
        pdf="<results>/{part}figures/coverage_trend_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/coverage_trend_{dataset}.png",
            caption="../report/coverage_trend.rst",
            category="Training data",
            labels={"figure": "coverage trend", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/coverage_trend_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED_MODELS["strong"],
        weak=COMPARED_MODELS["weak"],
        ratio=MODELS[COMPARED_MODELS["strong"]]["parameters"] / MODELS[COMPARED_MODELS["weak"]]["parameters"],
        published=published,
        code=code_of("draw_coverage_trend", *PLOTS),
    shell:
        "python workflow/scripts/draw_coverage_trend.py"
        " --table {input.table}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " --ratio {params.ratio}"
        " {params.published}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"


rule draw_coverage_by_level:
    input:
        table="<results>/{part}tables/coverage.csv",
        arms="<results>/{part}tables/arms.csv",
        published=published_numbers,
    output:
        pdf="<results>/{part}figures/coverage_by_level_{dataset}.pdf",
        png=report(
            "<results>/{part}figures/coverage_by_level_{dataset}.png",
            caption="../report/coverage_by_level.rst",
            category="Training data",
            labels={"figure": "coverage by level", "data set": "{dataset}"},
        ),
    log:
        "<logs>/{part}figures/coverage_by_level_{dataset}.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        strong=COMPARED_MODELS["strong"],
        weak=COMPARED_MODELS["weak"],
        published=published,
        code=code_of("draw_coverage_by_level", *PLOTS),
    shell:
        "python workflow/scripts/draw_coverage_by_level.py"
        " --table {input.table}"
        " --arms {input.arms}"
        " --dataset {wildcards.dataset}"
        " --strong {params.strong}"
        " --weak {params.weak}"
        " {params.published}"
        " --output-pdf {output.pdf}"
        " --output-png {output.png}"
        " > {log} 2>&1"
