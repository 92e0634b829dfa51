# Loads and checks the config, constrains every wildcard to its registry, and says which files an arm, pool or cell needs.

import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.basedir) / "workflow" / "scripts"))

from yetbetter.endpoint import options_of
from yetbetter.engines import find_engine, parse_options, shaping_options
from yetbetter.errors import UserError
from yetbetter.grading import GRADER_VERSION
from yetbetter.grid import Grid
from yetbetter.identity import model_identity, stream_seed
from yetbetter.program import prefer_own_environment
from yetbetter.settings import check_config
from yetbetter.versions import EVALUATION_VERSION, SAMPLER_VERSION, TRAINING_VERSION

prefer_own_environment()

try:
    config_names = ", ".join(map(str, workflow.overwrite_configfiles)) or "config/config.yaml"
    check_config(config, f"{workflow.basedir}/workflow/schemas/config.schema.yaml", config_names)
    GRID = Grid(config, config_names)
except UserError as error:
    raise WorkflowError(str(error)) from None

if workflow.is_main_process:
    for line in GRID.rounded():
        logger.info(line)

RESULTS = f"results/{config['study']}"
MODELS = config["models"]
DATASETS = config["datasets"]
SAMPLING = config["sampling"]
# What a verdict depends on besides the text and the gold answer.
GRADING = {"version": GRADER_VERSION, "mode": config.get("grading", {}).get("mode", "strict")}
# What a model computes: its files' digest, or the hub's revision, is part of whatever it draws or becomes.
WEIGHTS = {
    name: {
        "path": entry["path"],
        "revision": entry.get("revision", "main"),
        "identity": model_identity(entry["path"], entry.get("revision")),
    }
    for name, entry in MODELS.items()
}


def engine_of(name, entry):
    """How a model is asked, as arguments of the programs, with which Python, and what of it shapes the samples."""
    engine = entry.get("engine", "transformers")
    options = entry.get("engine_options", {})
    if engine == "openai":  # all jobs of the model share one ledger, and with it one spending limit
        options = {"ledger": f"{RESULTS}/ledger/{name}.jsonl"} | options_of(entry)
    environment = config.get("environments", {}).get(engine)
    words = [f"{option}={value}" for option, value in options.items()]
    batch_size, max_context = entry.get("batch_size", 64), entry.get("max_context", 0)
    together = {} if find_engine(engine).streams else {"batch_size": batch_size}
    return {
        "python": shlex.quote(f"{environment}/bin/python") if environment else "python",
        "arguments": " ".join(
            [
                f"--engine {engine} --batch-size {batch_size} --max-context {max_context}",
                *(f"--engine-option {shlex.quote(word)}" for word in words),
            ]
        ),
        "identity": {"engine": engine, "max_context": max_context}
        | together
        | shaping_options(engine, parse_options(engine, words)),
    }


ENGINES = {name: engine_of(name, entry) for name, entry in MODELS.items()}
HUMAN_SOURCES = [source for source in config["sources"] if GRID.is_human(source)]
SAMPLED_SOURCES = [source for source in config["sources"] if not GRID.is_human(source)]
POOLS = [f"{dataset}/pool-{model}" for dataset, model in GRID.pools]
SAMPLED_ARMS = [f"{arm.dataset}/{arm.budget}/from-{arm.source}" for arm in GRID.sampled_arms]

COMPARED = config["comparison"]
# Pools belong to models: those that the two sources draw from first.
COMPARED_MODELS = {role: config["sources"][COMPARED[role]]["draws"][0]["model"] for role in ["strong", "weak"]}


def library(*modules):
    """Code whose change must remake what a cheap rule makes; expensive rules have versions instead."""
    return [f"workflow/scripts/yetbetter/{module}.py" for module in modules]


PLOTS = library("plots", "plots_data", "plots_finetuned", "plot_tables")


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",


def one_of(names):
    return "|".join(map(re.escape, names)) or "(?!)"


wildcard_constraints:
    dataset=one_of(DATASETS),
    model=one_of(MODELS),
    target=one_of(MODELS),
    budget=one_of(config["budgets"]),
    source=one_of(config["sources"]),
    split=one_of(["train", "validation", "test", "functional", "control"]),
    rate=one_of({rate for recipe in config["finetuning"].values() for rate in recipe["learning_rates"]}),
    block=r"questions-\d+_samples-\d+",
    seed=r"\d+",


def resource(axis, name, default):
    """A resource of the model on an axis; a plain number where all models agree, which spares a call per job."""
    values = {model: entry.get("resources", {}).get(name, default) for model, entry in MODELS.items()}
    return values[next(iter(values))] if len(set(values.values())) == 1 else lambda wildcards: values[wildcards[axis]]


def recipe(target):
    return config["finetuning"][MODELS[target]["finetuning"]]


def other_splits(wildcards):
    files = DATASETS[wildcards.dataset]["files"]
    return [files[split] for split in DATASETS[wildcards.dataset]["splits"] if split != wildcards.split]


# Pools and arms ---------------------------------------------------------------------------------------------------------


def block_start(wildcards):
    """Where a block starts, from its name: questions-000250_samples-0010."""
    questions, samples = wildcards.block.split("_")
    return {"question": int(questions.removeprefix("questions-")), "sample": int(samples.removeprefix("samples-"))}


def draws_of(wildcards):
    counts = GRID.draws(wildcards.budget, wildcards.source)
    return {model: count.samples for model, count in counts.items()}


def arm_draws(wildcards):
    return [f"{model}:{samples}" for model, samples in draws_of(wildcards).items()]


def arm_blocks(wildcards):
    return GRID.blocks(wildcards.dataset, draws_of(wildcards))


def arm_files(*stages):
    return lambda wildcards: block_files(wildcards.dataset, arm_blocks(wildcards), stages)


def pool_samples(wildcards):
    return GRID.pools[wildcards.dataset, wildcards.model]


def pool_blocks(wildcards):
    return GRID.blocks(wildcards.dataset, {wildcards.model: pool_samples(wildcards)})


def pool_files(*stages):
    return lambda wildcards: block_files(wildcards.dataset, pool_blocks(wildcards), stages)


def stages_of(dataset, stages):
    checked = DATASETS[dataset]["fpr"] == "exact"
    return [stage for stage in stages if stage != "reasoning" or checked]


def block_files(dataset, blocks, stages):
    return [f"{RESULTS}/{stage}/{dataset}/{block}.jsonl" for stage in stages_of(dataset, stages) for block in blocks]


def pool_folders(*stages):
    """Programs are told folders and block names: all paths of a large pool would not fit into one command."""
    return lambda wildcards: [
        f"--{stage} {RESULTS}/{stage}/{wildcards.dataset}" for stage in stages_of(wildcards.dataset, stages)
    ]


# Cells ------------------------------------------------------------------------------------------------------------------


def cell_recipe(wildcards):
    """The recipe's settings for one cell and learning rate, and no others: what else changes trains nothing anew."""
    chosen = recipe(wildcards.target)
    return {key: chosen[key] for key in ["checkpoints", "batch_size", "max_length", "precision"]} | {
        "steps": chosen["steps"][wildcards.budget],
        "learning_rate": chosen["learning_rates"][wildcards.rate],
        "seed": stream_seed(config["seed"], "finetuning", int(wildcards.seed)) % 2**31,
    }


def cell_models(wildcards):
    cell = f"{wildcards.dataset}/{wildcards.budget}/from-{wildcards.source}/to-{wildcards.target}/seed-{wildcards.seed}"
    return [f"{RESULTS}/models/{cell}/{rate}" for rate in recipe(wildcards.target)["learning_rates"]]


def cell_checkpoints(wildcards):
    numbers = range(1, recipe(wildcards.target)["checkpoints"] + 1)
    return [f"{folder}/checkpoint-{number}" for folder in cell_models(wildcards) for number in numbers]


def benchmark_problems(wildcards):
    benchmarks = DATASETS[wildcards.dataset]["benchmarks"]
    return [f"{RESULTS}/problems/{wildcards.dataset}/{benchmark}.jsonl" for benchmark in benchmarks]


def stop_arguments(dataset):
    return " ".join(f"--stop {shlex.quote(string)}" for string in DATASETS[dataset].get("stop", []))


def examination(dataset):
    """What a finetuned model is asked about a data set, and how its answers are read."""
    entry = DATASETS[dataset]
    return {
        "benchmarks": " ".join(
            f"--benchmark {name}:{RESULTS}/problems/{dataset}/{name}.jsonl"
            f":{asked['greedy']}:{asked.get('sampled', 0)}:{asked.get('samples', 0)}"
            for name, asked in entry["benchmarks"].items()
        ),
        "stop": stop_arguments(dataset),
        **{key: entry[key] for key in ["answer", "max_new_tokens", "fpr"]},
    }


EXAMINATIONS = {dataset: examination(dataset) for dataset in DATASETS}


# Targets ----------------------------------------------------------------------------------------------------------------


def all_training_data():
    return [f"{RESULTS}/training_data/{arm.dataset}/{arm.budget}/from-{arm.source}.jsonl" for arm in GRID.arms]


def all_data_tables():
    return expand("<results>/tables/{table}.csv", table=["coverage", "diversity", "data_quality", "arms"])


def all_tables():
    scores = expand("<results>/tables/{table}.csv", table=["finetuned", "differences", "checkpoints"])
    return all_data_tables() + scores


def all_figures():
    """Every figure that the study's grid has cells for."""
    pooled = sorted({dataset for dataset, _ in GRID.pools})
    finetuned = sorted({cell.dataset for cell in GRID.cells})
    figures = ["headline"]
    figures += [
        f"{name}_{dataset}" for name in ["data_quality", "coverage_trend", "coverage_by_level"] for dataset in pooled
    ]
    for dataset in finetuned:
        figures.append(f"finetuned_{dataset}")
        if "functional" in DATASETS[dataset]["benchmarks"]:
            figures.append(f"functional_transfer_{dataset}")
        if DATASETS[dataset]["fpr"] == "exact":
            figures.append(f"reasoning_{dataset}")
    return expand("<results>/figures/{figure}.{kind}", figure=figures, kind=["pdf", "png"])
