# Which figures of experiments there are, what they show, and where the paper's values stand beside ours.

from yetbetter.experiments import KINDS, PAPER_TABLES, compared_pairs, describe

# The paper's printed values are drawn beside a study of its own models on its own data sets.
PUBLISHED = "resources/published_numbers.csv"
PUBLISHED_DATASETS = ["math", "gsm8k"]
PUBLISHED_SIZES = {"strong": 27e9, "weak": 9e9}
OF_THE_PAPER = all(
    MODELS[COMPARED_MODELS[role]].get("parameters") == parameters for role, parameters in PUBLISHED_SIZES.items()
)


def published_numbers(wildcards):
    """The paper's values as a rule's input, where they are of the data set that it draws."""
    dataset = wildcards.dataset if "dataset" in wildcards.keys() else COMPARED["dataset"]
    return [PUBLISHED] if OF_THE_PAPER and dataset in PUBLISHED_DATASETS else []


def published(wildcards):
    return " ".join(f"--published {path}" for path in published_numbers(wildcards))


DRAWN = {name: entry for name, entry in config["experiments"].items() if "figure" in entry}
# Figures of the whole grid, whose names an experiment's figure would take.
TAKEN = ["checkpoints", "finetuned", "reasoning"]
# What the base grid's figures of the training data do not show.
BASE_SOURCES = {source for entry in BASE_EXPERIMENTS.values() for source in entry["sources"]}
FURTHER_SOURCES = set(SAMPLED_SOURCES) - BASE_SOURCES
EXPERIMENT_CODE = code_of(
    *("draw_experiment", "plot_experiments", "experiments", *(f"plots_{kind}" for kind in KINDS), *PLOTS)
)

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
    drawn = [DRAWN[name] for name, _ in experiment_names(wildcards.part)]
    pairs = compared_pairs(drawn, config["sources"], COMPARED["strong"])
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
