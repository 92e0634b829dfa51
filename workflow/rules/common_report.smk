# What the report, the comparison of two studies and the other grader's verdicts are made from.

from yetbetter import comparing
from yetbetter.grading import LENIENT, STRICT

# Keys of the command line, and none of the study.
STUDY_CONFIG = {key: value for key, value in config.items() if key not in ["partial", "other"]}
LOOKS = [f"workflow/report/{name}" for name in ["base.html.j2", "pieces.html.j2", "page.css", "page.js"]]
REPORT_CODE = [
    f"report/{name}"
    for name in [
        "page",
        "captions",
        "claims",
        "provenance",
        "sensitivity",
        "sheets",
        "side_by_side",
        "study",
        "wording",
    ]
]


def part_config(part):
    """The config with the experiments of the part alone."""
    experiments = config["experiments"] if part.endswith("study/") else BASE_EXPERIMENTS
    return STUDY_CONFIG | {"experiments": experiments}


def csv_tables(part):
    """Those of results: how finetunings went step by step is too long for a page, and no grader changes it."""
    return [path for path in all_tables(part) if Path(path).name != "training.csv"]


def drawn_figures(part):
    """The figures of the whole base grid, and those of the part's experiments; of two with one name the part's own."""
    own = {Path(path).name: path for path in experiment_figures(part)}
    figures = {Path(path).name: path for path in all_figures(part.removesuffix("study/"))} | own
    return [path for path in figures.values() if path.endswith(".png")]


def grader_tables(part):
    return [Path(f"{RESULTS}/{part}tables/grader_{name}.csv") for name in ["sensitivity", "claims"]]


# Comparing -----------------------------------------------------------------------------------------------------------

OTHER = config.get("other", "")
# All experiments are compared with all experiments.
COMPARED_PART = STUDY if Path(OTHER).name == "study" else BASE

if "other" in config:
    try:
        OTHER_NAME = comparing.name_of(comparing.check_other(OTHER, f"{RESULTS}/{COMPARED_PART}"))
    except UserError as error:
        raise WorkflowError(str(error)) from None


def compared_page(wildcards):
    if not OTHER:
        raise WorkflowError("compare: name the other study's folder: --config other=results/<folder>")
    return f"{RESULTS}/{COMPARED_PART}compare/{OTHER_NAME}/compare.html"


# The other grader ----------------------------------------------------------------------------------------------------

OTHER_MODE = LENIENT if GRADING["mode"] == STRICT else STRICT
REGRADED = f"grader-{OTHER_MODE}"
REGRADED_STAGES = re.compile(rf"{re.escape(RESULTS)}/(?=(study/)?(verdicts|reasoning|metrics|scores|tables)\b)")


pathvars:
    regraded=f"{RESULTS}/{REGRADED}",
    regraded_logs=f"{RESULTS}/logs/{REGRADED}",


def regraded(value):
    """Paths and arguments of a rule, or functions of them, for the other mode and the files that it makes."""
    if callable(value):
        return quick(lambda wildcards: regraded(value(wildcards)))
    if isinstance(value, list):
        return list(map(regraded, value))
    moved = REGRADED_STAGES.sub(f"{RESULTS}/{REGRADED}/", value)
    return moved.replace(f"--grading-mode {GRADING['mode']}", f"--grading-mode {OTHER_MODE}")
