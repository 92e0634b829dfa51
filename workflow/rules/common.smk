# Checks the config, constrains every wildcard to its registry, and says which files an arm, pool or cell needs.

import gc
import inspect
import json
import shlex
from pathlib import Path

# A large grid's jobs all live to the end: looking for garbage among them again and again finds none.
gc.set_threshold(100_000, 50, 100)

from yetbetter.adapters import ADAPTERS, find_files, local_folders
from yetbetter.endpoint import options_of
from yetbetter.engines import find_engine, parse_options, shaping_options
from yetbetter.environments import TOOLS, python_of, tell_gpus
from yetbetter.errors import UserError
from yetbetter.grading import GRADER_VERSION
from yetbetter.grid import Arm, Grid
from yetbetter.identity import fingerprint, model_identity, stream_seed
from yetbetter.parts import finished, whole
from yetbetter.program import prefer_own_environment
from yetbetter.recipes import CHOSEN, gpu_model_of, launch, length_option, resources_of, training_options
from yetbetter.records import digest_of
from yetbetter.slurm import check_requests
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


def check_cluster():
    try:
        check_requests(workflow)
    except UserError as error:
        raise WorkflowError(str(error)) from None


RESULTS = f"results/{config['study']}"
MODELS = config["models"]
DATASETS = config["datasets"]
SAMPLING = config["sampling"]
ENVIRONMENTS = config.get("environments", {})
# What a verdict depends on besides the text and the gold answer.
GRADING = {"version": GRADER_VERSION, "mode": config.get("grading", {}).get("mode", "strict")}
# What a model computes: its files' digest, or the hub's revision, is part of whatever it draws or becomes.
IDENTITIES = {name: model_identity(entry["path"], entry.get("revision")) for name, entry in MODELS.items()}
# Models that are downloaded before they are used; a folder is there, and an endpoint knows its own.
HUB_MODELS = [
    name for name, entry in MODELS.items() if entry.get("engine") != "openai" and not Path(entry["path"]).is_dir()
]


def model_arguments(entry):
    return f"--model {shlex.quote(entry['path'])} --revision {entry.get('revision', 'main')}"


def chat_argument(entry):
    return "--chat" if entry.get("chat") else ""


def engine_of(name, entry):
    """How a model is asked, as arguments of the programs, with which Python, and what of that shapes the answers."""
    engine = entry.get("engine", "transformers")
    options = entry.get("engine_options", {})
    if engine == "openai":  # all jobs of the model share one ledger, and with it one spending limit
        options = {"ledger": f"{RESULTS}/ledger/{name}.jsonl"} | options_of(entry)
    gpus = entry.get("resources", {}).get("gpu", 0)
    words = [f"{option}={value}" for option, value in options.items()]
    batch_size, max_context = entry.get("batch_size", 64), entry.get("max_context", 0)
    together = {} if find_engine(engine).streams else {"batch_size": batch_size}
    return {
        # The Python that holds the engine: this one, unless the config names another environment. It counts its GPUs.
        "python": tell_gpus(gpus) + python_of(ENVIRONMENTS, TOOLS[engine]),
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
ENGINE_IDENTITIES = {name: engine["identity"] for name, engine in ENGINES.items()}
HUMAN_SOURCES = [source for source in config["sources"] if GRID.is_human(source)]
SAMPLED_SOURCES = [source for source in config["sources"] if not GRID.is_human(source)]

# Tables and figures of the base grid, and apart from them those of all experiments; a folder each, by the start of its
# path. With `--config partial=true` they are made from what is finished, elsewhere, and nothing else can run.
PARTIAL = config.get("partial") in (True, "true")
BASE_EXPERIMENTS = {name: config["experiments"][name] for name in GRID.experiments_in(extra=False)}
BASE = "partial/" if PARTIAL else ""
STUDY = f"{BASE}study/"
PARTS = {
    name: finished(grid, RESULTS) if PARTIAL else whole(grid)
    for name, grid in {BASE: Grid(config | {"experiments": BASE_EXPERIMENTS}, config_names), STUDY: GRID}.items()
}

if PARTIAL and workflow.is_main_process:
    part = PARTS[BASE]
    logger.info(f"{RESULTS}: {len(part.cells)} of {len(part.cells) + len(part.missing)} cells are finished")

COMPARED = config["comparison"]
# Pools belong to models: those that the two sources draw from first.
COMPARED_MODELS = {role: config["sources"][COMPARED[role]]["draws"][0]["model"] for role in ["strong", "weak"]}


def code_of(*names):
    """Digest of programs and modules; as a param of a cheap rule it remakes what an edit of them may change.

    Expensive rules have version numbers instead. As inputs the files would cost every job of a large grid.
    """
    scripts = Path(workflow.basedir) / "workflow" / "scripts"
    programs = [scripts / f"{name}.py" for name in names]
    files = [path if path.exists() else scripts / "yetbetter" / path.relative_to(scripts) for path in programs]
    return fingerprint(dict(zip(names, map(digest_of, files))))


PLOTS = ["plots", "plots_data", "plots_finetuned", "plot_tables"]


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
    part="(partial/)?(study/)?",
    split=one_of(["train", "validation", "test", "functional", "control"]),
    rate=one_of({rate for recipe in config["finetuning"].values() for rate in recipe["learning_rates"]}),
    block=r"questions-\d+_samples-\d+",
    seed=r"\d+",


def by(axis, values):
    """What belongs to a wildcard's value; where all values agree that value itself, which spares a call for each job."""
    first = next(iter(values.values()))
    if all(value == first for value in values.values()):
        return first
    return quick(lambda wildcards: values[wildcards[axis]])


def quick(function):
    """Snakemake looks at a function's signature several times for each job; it need not be worked out each time."""
    function.__signature__ = inspect.signature(function)
    return function


def unseen(axis, values):
    """Like `by`, of what may change without making anything again: Snakemake ignores functions of `output` there."""
    return quick(lambda wildcards, output: values[wildcards[axis]])


def resource(axis, name, default):
    return by(axis, {model: entry.get("resources", {}).get(name, default) for model, entry in MODELS.items()})


def gpu_model(axis):
    """None, where no model of GPUs is asked for, is no resource at all: jobs without GPUs must have none."""
    return by(axis, {model: gpu_model_of(entry.get("resources", {})) for model, entry in MODELS.items()})


def memory(axis):
    """Memory in MB; where no GPU limits what a job holds, each attempt gets as much again."""
    first = {model: entry.get("resources", {}).get("mem_mb", 3000) for model, entry in MODELS.items()}
    more = {
        model: 0 if entry.get("resources", {}).get("gpu") or entry.get("engine") == "openai" else first[model]
        for model, entry in MODELS.items()
    }
    if not any(more.values()):
        return by(axis, first)
    return quick(lambda wildcards, attempt: first[wildcards[axis]] + more[wildcards[axis]] * (attempt - 1))


def environment(entry):
    """The file of the environment that holds a model's engine."""
    name = {"vllm": "vllm", "openai": "openai"}.get(entry.get("engine"), "deepspeed")
    return f"../../envs/{name}.yaml"


def downloaded(axis):
    """What a job on a hub model waits for: that it is in the cache. Nothing where the study has none."""
    if not HUB_MODELS:
        return []

    def marker(wildcards):
        model = getattr(wildcards, axis)
        return [f"{RESULTS}/downloads/models/{model}.json"] if model in HUB_MODELS else []

    return ancient(marker)


RECIPES = {name: config["finetuning"][entry["finetuning"]] for name, entry in MODELS.items() if "finetuning" in entry}
SHAPING_OPTIONS = {target: training_options(chosen) for target, chosen in RECIPES.items()}
TRAINER = python_of(ENVIRONMENTS, "deepspeed")
LAUNCHES = {target: launch(MODELS[target], chosen, TRAINER) for target, chosen in RECIPES.items()}
FINETUNING_RESOURCES = {target: resources_of(MODELS[target], chosen) for target, chosen in RECIPES.items()}
# How finetuned models are asked: the engine, and whether the losing checkpoints are deleted.
EVALUATION_ENGINES = {
    target: ENGINES[target]
    | {"arguments": ENGINES[target]["arguments"] + (" --keep best" if chosen.get("keep") == "best" else "")}
    for target, chosen in RECIPES.items()
}


def finetuning_resource(value):
    return by("target", {target: value(asked) for target, asked in FINETUNING_RESOURCES.items()})


def on_several_nodes(value):
    """A resource that finetunings on several nodes have, and no others."""
    return finetuning_resource(lambda asked: value(asked) if asked["nodes"] > 1 else None)


def other_splits(wildcards):
    files = DATASETS[wildcards.dataset]["files"]
    return [files[split] for split in DATASETS[wildcards.dataset]["splits"] if split != wildcards.split]


def dataset_folders(dataset):
    """Where the files of a public data set lie: the config's folders, or where they are downloaded to."""
    return local_folders(DATASETS[dataset]) or [f"{RESULTS}/downloads/{dataset}"]


def dataset_files(wildcards):
    entry = DATASETS[wildcards.dataset]
    if "data_dir" not in entry:
        return f"{RESULTS}/downloads/{wildcards.dataset}/source.json"
    return list(find_files(entry["adapter"], dataset_folders(wildcards.dataset)).values())


# Pools and arms ---------------------------------------------------------------------------------------------------------


def block_start(wildcards):
    """Where a block starts, from its name: questions-000250_samples-0010."""
    questions, samples = wildcards.block.split("_")
    problem, sample = int(questions.removeprefix("questions-")), int(samples.removeprefix("samples-"))
    return f"--first-problem {problem} --first-sample {sample}"


def draws_of(wildcards):
    counts = GRID.draws(wildcards.budget, wildcards.source)
    return {model: count.samples for model, count in counts.items()}


def arm_questions(wildcards):
    return GRID.questions(wildcards.dataset, wildcards.budget, wildcards.source)


def arm_arguments(wildcards):
    """What of the pools an arm looks at, and what it keeps of that."""
    source = config["sources"][wildcards.source]
    words = ["--draws", *(f"{model}:{samples}" for model, samples in draws_of(wildcards).items())]
    if "questions" in source:
        words.append(f"--questions {arm_questions(wildcards)}")
    words += [f"--filter {source['filter']}", f"--duplicates {source.get('duplicates', 'keep')}"]
    if "keep_per_question" in source:
        words.append(f"--keep-per-question {source['keep_per_question']}")
    if source["filter"] == "majority":
        words.append(f"--grading-mode {GRADING['mode']}")
    return words


def arm_blocks(wildcards):
    return GRID.blocks(wildcards.dataset, draws_of(wildcards), arm_questions(wildcards))


def filter_stages(wildcards):
    """What an arm's filter looks at besides the final answers."""
    return {"reasoning": ["reasoning"], "judge": ["filter_judgements"]}.get(
        config["sources"][wildcards.source]["filter"], []
    )


def asks_judge(wildcards):
    """Whether an arm's filter goes by a judge."""
    return any(stage in JUDGE_STAGES for stage in stages_of(wildcards.dataset, filter_stages(wildcards)))


def arm_stages(wildcards, stages):
    return list(dict.fromkeys([*stages, *filter_stages(wildcards)]))


def arm_files(*stages):
    return lambda wildcards: block_files(
        wildcards.dataset, arm_blocks(wildcards), arm_stages(wildcards, stages), judged_part(wildcards)
    )


def arm_folders(*stages):
    return lambda wildcards: stage_folders(wildcards, arm_stages(wildcards, stages))


def pool_of(wildcards):
    """The pool that the tables of a part are made from."""
    return PARTS[wildcards.part].pools[wildcards.dataset, wildcards.model]


def pool_samples(wildcards):
    return pool_of(wildcards).samples


def pool_limit(wildcards):
    """Training questions that a pool holds, where they are not all."""
    questions = pool_of(wildcards).questions
    return f"--questions {questions}" if questions < DATASETS[wildcards.dataset]["splits"]["train"] else ""


def pool_blocks(wildcards):
    pool = pool_of(wildcards)
    return GRID.blocks(wildcards.dataset, {wildcards.model: pool.samples}, pool.questions)


def pool_files(*stages):
    return lambda wildcards: block_files(wildcards.dataset, pool_blocks(wildcards), stages, judged_part(wildcards))


BASE_ARMS = set(PARTS[BASE].arms)


def judged_part(wildcards):
    """A judge is asked for the base grid, and for what the whole study needs besides, in a file each."""
    if "source" in wildcards.keys():
        return "" if Arm(wildcards.dataset, wildcards.budget, wildcards.source) in BASE_ARMS else "study/"
    return wildcards.part if "part" in wildcards.keys() else "study/"


def stages_of(dataset, stages):
    """The stages that a data set has: its reasoning is checked, or judged, or left alone."""
    # A judge comes last: what is finished before it can be looked at without.
    judged = [] if PARTIAL else ["judgements"]
    reasoning = {"exact": ["reasoning"], "judge": judged, "none": []}[DATASETS[dataset]["fpr"]]
    return [name for stage in stages for name in (reasoning if stage == "reasoning" else [stage])]


# Stages with one file for a whole pool.
JUDGE_STAGES = ["judgements", "filter_judgements"]


def block_files(dataset, blocks, stages, part=""):
    stages = stages_of(dataset, stages)
    files = [
        f"{RESULTS}/{stage}/{dataset}/{block}.jsonl"
        for stage in stages
        if stage not in JUDGE_STAGES
        for block in blocks
    ]
    models = dict.fromkeys(block.split("/")[0] for block in blocks)
    return files + [
        f"{RESULTS}/{part}{stage}/{dataset}/{model}.{kind}"
        for stage in stages
        if stage in JUDGE_STAGES
        for model in models
        for kind in ["jsonl", "about.json"]
    ]


def pool_folders(*stages):
    """Programs are told folders and block names: all paths of a large pool would not fit into one command."""
    return lambda wildcards: stage_folders(wildcards, stages)


def stage_folders(wildcards, stages):
    return [
        f"--{stage.replace('_', '-')}"
        f" {RESULTS}/{judged_part(wildcards) if stage in JUDGE_STAGES else ''}{stage}/{wildcards.dataset}"
        for stage in stages_of(wildcards.dataset, stages)
    ]


def cell_paths(wildcards):
    """Where the cells of a part lie inside each stage's folder."""
    return [cell.path for cell in PARTS[wildcards.part].cells]


def cell_scores(wildcards):
    return [f"{RESULTS}/scores/{path}/scores.jsonl" for path in cell_paths(wildcards)]


# Cells ------------------------------------------------------------------------------------------------------------------


def recipe_arguments(wildcards, rate):
    """The recipe's settings for one cell and learning rate, and no others: what else changes trains nothing anew."""
    chosen = RECIPES[wildcards.target]
    return (
        f"{length_option(chosen, wildcards.budget)}"
        f" --checkpoints {chosen['checkpoints']}"
        f" --batch-size {chosen['batch_size']}"
        f" {rate}"
        f" --max-length {chosen['max_length']}"
        f" --precision {chosen['precision']}"
        f" --seed {stream_seed(config['seed'], 'finetuning', int(wildcards.seed)) % 2**31}"
        f"{SHAPING_OPTIONS[wildcards.target]}"
    )


def cell_recipe(wildcards):
    rate = RECIPES[wildcards.target]["learning_rates"][wildcards.rate]
    return recipe_arguments(wildcards, f"--learning-rate {rate}")


def first_choice(wildcards):
    """What the validation of the first seed chose, for the other seeds of the same data, budget and target."""
    source, target = wildcards.source, wildcards.target
    first = GRID.first_seeds[wildcards.dataset, wildcards.budget, source, target]
    cell = f"{wildcards.dataset}/{wildcards.budget}/from-{source}/to-{target}/seed-{first}"
    return f"{RESULTS}/evaluations/{cell}/choice.json"


def chosen_recipe(wildcards):
    rates = RECIPES[wildcards.target]["learning_rates"]
    told = " ".join(f"{name}={rate}" for name, rate in rates.items())
    return recipe_arguments(wildcards, f"--rate-of {first_choice(wildcards)} {told}")


def cell_models(wildcards):
    cell = (wildcards.dataset, wildcards.budget, wildcards.source, wildcards.target)
    path = "{}/{}/from-{}/to-{}/seed-{}".format(*cell, wildcards.seed)
    return [f"{RESULTS}/models/{path}/{rate}" for rate in GRID.learning_rates(*cell, int(wildcards.seed))]


def cell_coordinates(wildcards):
    source, target = wildcards.source, wildcards.target
    return (
        f"--dataset {wildcards.dataset} --budget {wildcards.budget} --source {source} --target {target}"
        f" --seed {wildcards.seed} --paradigm '{GRID.paradigm(source, target)}'"
    )


def stop_arguments(dataset):
    return " ".join(f"--stop {shlex.quote(string)}" for string in DATASETS[dataset].get("stop", []))


def problem_file(split, dataset="{dataset}"):
    return f"{RESULTS}/problems/{dataset}/{split}.jsonl"


def evaluation_files(dataset):
    return [problem_file(split, dataset) for split in ["validation", *DATASETS[dataset]["benchmarks"]]]


def benchmark_arguments(dataset):
    """What finetuned models are asked about a data set, and how their answers are read; {dataset} is for the rule."""
    entry = DATASETS[dataset]
    asked = [
        f"--benchmark {name}:{problem_file(name)}:{counts['greedy']}:{counts.get('sampled', 0)}:{counts.get('samples', 0)}"
        for name, counts in entry["benchmarks"].items()
    ]
    return " ".join([*asked, f"--answer-format {entry['answer']} --grading-mode {GRADING['mode']}"])


def decoding_arguments(dataset):
    entry = DATASETS[dataset]
    chosen = f"--temperature {SAMPLING['temperature']} --top-k {SAMPLING['top_k']} --seed {config['seed']}"
    return f"{chosen} --max-new-tokens {entry['max_new_tokens']} {stop_arguments(dataset)}".strip()


def per_dataset(value):
    """By a data set's name: what a function gives for each, or what its entry holds under a chain of keys."""
    return by("dataset", {dataset: value(dataset) for dataset in DATASETS})


def per_model(axis, value):
    return by(axis, {model: value(entry) for model, entry in MODELS.items()})


def template_per_dataset(value):
    """Like `per_dataset`, of texts that name the data set as {dataset}: those of alike data sets are then the same."""
    texts = {dataset: value(dataset) for dataset in DATASETS}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return quick(lambda wildcards: texts[wildcards.dataset].replace("{dataset}", wildcards.dataset))


SAMPLING_PROMPT = per_dataset(lambda dataset: DATASETS[dataset]["prompts"]["sampling"])
FINETUNED_PROMPT = per_dataset(lambda dataset: DATASETS[dataset]["prompts"]["finetuned"])


# Targets ----------------------------------------------------------------------------------------------------------------


def all_training_data(part):
    arms = PARTS[part].arms
    return [f"{RESULTS}/training_data/{arm.dataset}/{arm.budget}/from-{arm.source}.jsonl" for arm in arms]


def all_data_tables(part):
    tables = ["coverage", "diversity", "data_quality", "arms"] if PARTS[part].pools else []
    return expand("<results>/{part}tables/{table}.csv", part=part, table=tables)


def all_tables(part):
    names = ["finetuned", "differences", "checkpoints", "training", "claims", "claim_comparisons"]
    tables = names if PARTS[part].cells else []
    return all_data_tables(part) + expand("<results>/{part}tables/{table}.csv", part=part, table=tables)


def all_figures(part):
    """Every figure that a part has cells, arms or pools for."""
    grid, figures = PARTS[part], []
    for dataset in sorted({dataset for dataset, _ in grid.pools}):
        figures.append(f"data_quality_{dataset}")
        figures.append(f"coverage_trend_{dataset}")
        if DATASETS[dataset]["adapter"] != "gsm8k":  # its problems have no level
            figures.append(f"coverage_by_level_{dataset}")
    figures += ["headline", "claims"] if grid.cells else []
    for dataset in sorted({cell.dataset for cell in grid.cells}):
        figures += [f"finetuned_{dataset}", f"checkpoints_{dataset}"]
        if "functional" in DATASETS[dataset]["benchmarks"]:
            figures.append(f"functional_transfer_{dataset}")
        if DATASETS[dataset]["fpr"] == "exact":
            figures.append(f"reasoning_{dataset}")
    figures += {f"training_{cell.dataset}_{cell.budget}_{cell.target}": None for cell in grid.cells}
    return expand("<results>/{part}figures/{figure}.{kind}", part=part, figure=figures, kind=["pdf", "png"])


include: "common_judge.smk"
include: "common_export.smk"
include: "common_figures.smk"
include: "common_report.smk"
