# Which solutions a judge is asked about, for which part of the study.

from yetbetter.judged_views import judged_views
from yetbetter.judging import JUDGE_VERSION

JUDGED = [dataset for dataset, entry in DATASETS.items() if entry["fpr"] == "judge"]


# (part, dataset, model) -> the views that are judged, by the kind of judging.
JUDGED_VIEWS = {
    (part, dataset, model): judged_views(GRID, dataset, model, further=part == "study/")
    for part in ["", "study/"]
    for dataset, model in GRID.pools
    if dataset in JUDGED
}


def judged_of(wildcards):
    return JUDGED_VIEWS[judged_part(wildcards), wildcards.dataset, wildcards.model]


def judged_blocks(*kinds):
    """The blocks that hold these views, in the pool's order."""
    return lambda wildcards: sorted(
        {
            block
            for kind in kinds
            for view in judged_of(wildcards)[kind]
            for block in GRID.blocks(wildcards.dataset, {wildcards.model: view.samples}, view.questions)
        }
    )


def judged_files(*kinds):
    blocks = judged_blocks(*kinds)
    return lambda wildcards: block_files(wildcards.dataset, blocks(wildcards), ["solutions", "verdicts"])


def view_arguments(*kinds):
    return quick(
        lambda wildcards: " ".join(
            f"--{kind.replace('_', '-')} {' '.join(str(view.label) for view in judged_of(wildcards)[kind])}"
            for kind in kinds
            if judged_of(wildcards)[kind]
        )
    )


def compared_blocks(wildcards):
    """The blocks of the base grid's judgements, which are held against the exact check."""
    views = JUDGED_VIEWS["", wildcards.dataset, wildcards.model]
    blocks = [
        GRID.blocks(wildcards.dataset, {wildcards.model: view.samples}, view.questions) for view in views["views"]
    ]
    return sorted({block for some in blocks for block in some})


def known_argument(wildcards, input):
    return f"--known {input.known[0]}" if input.known else ""


def known_judgements(stage, *kinds):
    """What the base grid has had judged already; of this the study asks nothing again."""

    def known(wildcards):
        key = ("", wildcards.dataset, wildcards.model)
        if judged_part(wildcards) == "" or not any(JUDGED_VIEWS[key][kind] for kind in kinds):
            return []
        folder = f"{RESULTS}/{stage}/{wildcards.dataset}/{wildcards.model}"
        return [f"{folder}.jsonl", f"{folder}.about.json"]

    return known
