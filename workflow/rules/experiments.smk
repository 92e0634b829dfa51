# A figure for each experiment that names a kind of one, from the tables alone; and what is drawn once for a whole study.

from yetbetter.experiments import KINDS, PAPER_TABLES, compared_pairs, describe

DRAWN = {name: entry for name, entry in config["experiments"].items() if "figure" in entry}
# Figures of the whole grid, whose names an experiment's figure would take.
TAKEN = ["checkpoints", "finetuned", "reasoning"]
# What the base grid's figures of the training data do not show.
BASE_SOURCES = {source for entry in BASE_EXPERIMENTS.values() for source in entry["sources"]}
FURTHER_SOURCES = set(SAMPLED_SOURCES) - BASE_SOURCES
EXPERIMENT_CODE = {
    kind: code_of(f"draw_{kind}", f"plots_{kind}", "plot_experiments", "experiments", *PLOTS) for kind in KINDS
}

for name in DRAWN:
    if name in TAKEN:
        raise WorkflowError(
            f"{config_names}: experiments.{name}: has a figure, so another name (taken: {', '.join(TAKEN)})"
        )


def experiment_arguments(wildcards):
    """What of a part's tables belongs to an experiment, and what its sources are."""
    entry = DRAWN[wildcards.experiment]
    words = ["--title", entry.get("title", wildcards.experiment.replace("_", " "))]
    for axis in ["sources", "targets", "budgets"]:
        words += [f"--{axis}", *entry[axis]]
    for source in entry["sources"]:
        note = describe(config["sources"][source])
        words += ["--note", f"{source}={note}"] if note else []
    return shlex.join(words)


def paper_arguments(wildcards):
    """The paper's values, for its own data sets, and which of an experiment's sources they are of."""
    argument = published(wildcards)
    roles = config.get("claims", {}).get("sources", {})
    named = [f"--role {source}={role}" for role, source in roles.items() if role in PAPER_TABLES]
    return " ".join([argument, *named]) if argument else ""


def paired_sources(wildcards):
    """The differences that a part's figures need besides those from the strong source, as arguments."""
    if not wildcards.part.endswith("study/"):
        return []
    pairs = compared_pairs(DRAWN.values(), config["sources"], COMPARED["strong"])
    return [f"--pair {source}:{baseline}" for source, baseline in pairs]


def experiment_names(part):
    """Experiments with a figure in a part, which may hold only those of the base grid, with their data sets."""
    if not PARTS[part].pools:
        return []
    chosen = DRAWN if part.endswith("study/") else {name: DRAWN[name] for name in DRAWN if name in BASE_EXPERIMENTS}
    there = {cell.dataset for cell in PARTS[part].cells}
    return [(name, dataset) for name, entry in chosen.items() for dataset in entry["datasets"] if dataset in there]


def experiment_figures(part):
    """The figures that a part has besides those of its whole grid."""
    figures = [f"{name}_{dataset}" for name, dataset in experiment_names(part)]
    figures += [
        f"data_quality_{name}_{dataset}"
        for name, dataset in experiment_names(part)
        if set(DRAWN[name]["sources"]) & FURTHER_SOURCES
    ]
    if part.endswith("study/"):
        figures += ["small_vs_large_over_time", *(["claims"] if PARTS[part].cells else [])]
    return expand("<results>/{part}figures/{figure}.{kind}", part=part, figure=figures, kind=["pdf", "png"])


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
        code=lambda wildcards: EXPERIMENT_CODE[DRAWN[wildcards.experiment]["figure"]],
    shell:
        "python workflow/scripts/draw_{params.kind}.py"
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
