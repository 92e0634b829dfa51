"""Check a study's config against the schema and for consistency; every error is one line that names the key."""

from collections.abc import Mapping
from pathlib import Path

from yetbetter.cluster.environments import check_environments
from yetbetter.data import ADAPTERS, check_source
from yetbetter.errors import UserError
from yetbetter.generation.engines import ENGINES, engine_of
from yetbetter.generation.model_folder import HUB_NAME, check_model_folder
from yetbetter.generation.prompts import read_template
from yetbetter.judging.judgements import read_judge_template
from yetbetter.selection.filters import FILTERS
from yetbetter.study.by_level import check_groups
from yetbetter.study.claim_roles import check_claims
from yetbetter.study.command_line import as_in_a_file
from yetbetter.study.schema import check_schema, read_schema, with_defaults
from yetbetter.study.stopping import check_stopping
from yetbetter.study.verifiers import check_verifiers
from yetbetter.tasks import CHECKS, CONVENTIONS, TASKS
from yetbetter.training import recipe_checks

SCHEMA = str(Path(__file__).parents[3] / "schemas" / "config.schema.yaml")

# Names that the schema allows under keys with `registry`; the caller adds the names of figures.
REGISTRIES = {
    "engines": ENGINES,
    "data sets": ADAPTERS,
    "filters": FILTERS,
    "tasks": TASKS,
    "answers": CONVENTIONS,
    "checks": CHECKS,
}


# Keys that the entries of a registry bring along: where an engine's packages are, what a data set must know of itself.
KEYS = {
    "engines": {
        engine.tool: {"description": "Where the packages of this tool are.", "type": "string", "minLength": 1}
        for engine in ENGINES.values()
    },
    "data sets": {key: schema for adapter in ADAPTERS.values() for key, schema in adapter.own_keys.items()},
}


def check_config(config: dict, schema_path: str, name: str, figures: Mapping, given: dict | None = None) -> dict:
    """The config with the schema's defaults. UserError, naming file and key, for the first error.

    name: the config file's name, for messages. figures: the kinds of figure that an experiment may ask for, by name.
    given: the part of the config that the command line gave.
    """
    schema = read_schema(schema_path, REGISTRIES | {"figures": figures}, KEYS)
    config = as_in_a_file(config, given or {}, schema)
    check_schema(config, schema, name)
    completed = with_defaults(config, schema)
    check_references(completed, name)
    check_groups(completed, name)
    check_stopping(completed, name, [kind for kind, figure in figures.items() if figure.fixed_samples])
    return completed


def check_references(config: dict, name: str) -> None:
    """Every name that one part of the config uses is declared by another."""

    def require(key: str, wanted: str, registry: str, allowed=None) -> None:
        allowed = config[registry] if allowed is None else allowed
        if wanted not in allowed:
            raise UserError(f"{name}: {key}: unknown {wanted!r} (allowed, from {registry}: {', '.join(allowed)})")

    for model, entry in config["models"].items():
        if "finetuning" in entry:
            require(f"models.{model}.finetuning", entry["finetuning"], "finetuning")
    for budget, entry in config["budgets"].items():
        require(f"budgets.{budget}.model", entry["model"], "models")
    for source, entry in config["sources"].items():
        for number, draw in enumerate(entry.get("draws", [])):
            key = f"sources.{source}.draws.{number}"
            require(f"{key}.model", draw["model"], "models")
            models = [other["model"] for other in entry["draws"]]
            if models.count(draw["model"]) > 1:
                raise UserError(f"{name}: sources.{source}.draws: {draw['model']!r} is in two draws, combine them")
    for key, registry in (("models", "models"), ("datasets", "datasets")):
        for wanted in config["plan"].get(key, []):
            require(f"plan.{key}", wanted, registry)
    for dataset in config["plan"].get("datasets") or ():
        if not TASKS[task := config["datasets"][dataset]["task"]].graded:
            raise UserError(f"{name}: plan.datasets: {dataset!r} has task {task!r}, without right answers to forecast")
    comparison = {"weak": "sources", "strong": "sources", "dataset": "datasets", "budget": "budgets"}
    for key, registry in comparison.items():
        require(f"comparison.{key}", config["comparison"][key], registry)
    for model, entry in config["models"].items():
        for dataset in entry["paths"]:
            require(f"models.{model}.paths", dataset, "datasets")
        check_engine_options(f"{name}: models.{model}", entry)
        check_model(f"{name}: models.{model}", entry)
    check_judge(config, name, require)
    check_people(config, name, require)
    check_verifiers(config, name, require)
    for recipe, entry in config["finetuning"].items():
        recipe_checks.check_recipe(f"{name}: finetuning.{recipe}", entry)
    for dataset, entry in config["datasets"].items():
        check_dataset(f"{name}: datasets.{dataset}", dataset, entry)
    for experiment, entry in config["experiments"].items():
        for axis, registry in (
            ("datasets", "datasets"),
            ("budgets", "budgets"),
            ("sources", "sources"),
            ("targets", "models"),
        ):
            for wanted in entry[axis]:
                require(f"experiments.{experiment}.{axis}", wanted, registry)
        for verifier in entry["verifiers"]:
            require(f"experiments.{experiment}.verifiers", verifier, "verifiers")
        for dataset in entry["datasets"]:
            check_benchmarks(f"{name}: experiments.{experiment}.benchmarks", entry, dataset, config)
        for target in entry["targets"]:
            check_target(name, target, entry, config)
    check_packing(name, config)
    check_comparison(name, config)
    check_environments(f"{name}: environments", config["environments"])
    check_claims(config, require)


def check_comparison(name: str, config: dict) -> None:
    """Both compared sources draw samples of models whose sizes are known; the grid holds what the headline shows."""
    compared = config["comparison"]
    for role in ("weak", "strong"):
        source = compared[role]
        draws = config["sources"][source].get("draws")
        if not draws:
            raise UserError(f"{name}: comparison.{role}: {source!r} draws no samples")
        if "parameters" not in config["models"][draws[0]["model"]]:
            raise UserError(
                f"{name}: models.{draws[0]['model']}: missing key 'parameters' (allowed: a number above 0),"
                " which a comparison needs"
            )
        wanted = {"datasets": compared["dataset"], "budgets": compared["budget"], "sources": source}
        slices = config["experiments"].values()
        if not any(all(value in entry[axis] for axis, value in wanted.items()) for entry in slices):
            raise UserError(f"{name}: comparison.{role}: no experiment holds {' x '.join(wanted.values())}")


def check_engine_options(key: str, entry: dict) -> None:
    engine = engine_of(entry)
    known = engine.options
    for option, value in entry["engine_options"].items():
        if option not in known:
            raise UserError(f"{key}.engine_options: unknown {option!r} (allowed: {', '.join(known) or 'none'})")
        kind = known[option][0]
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise UserError(f"{key}.engine_options.{option}: {value!r} is not of type {kind.__name__}")
    engine.check_entry(key, entry)


def check_model(key: str, entry: dict) -> None:
    """The path is a model folder or can be a hub id: a typo in a path is reported before anything runs."""
    for dataset, folder in entry["paths"].items():
        try:
            check_model_folder(folder, planning=True)
        except UserError as error:
            raise UserError(f"{key}.paths.{dataset}: {error}") from None
    path = Path(entry["path"])
    if engine_of(entry).is_endpoint:  # its path is its name at the endpoint
        if entry["chat"]:
            raise UserError(f"{key}.chat: an endpoint formats its chats itself (allowed: false)")
        return
    if path.is_dir():
        try:
            check_model_folder(entry["path"], planning=True)
        except UserError as error:
            raise UserError(f"{key}.path: {error}") from None
    elif not HUB_NAME.fullmatch(entry["path"]) or path.parent.is_dir():
        hint = "; make smol-models makes it" if entry["path"].startswith("resources/smol/") else ""
        raise UserError(
            f"{key}.path: {entry['path']!r} is neither a folder nor the id of a model on the hub (owner/name){hint}"
        )
    elif "revision" not in entry:
        raise UserError(f"{key}: missing key 'revision', which pins a model of the hub")


def check_judge(config: dict, name: str, require) -> None:
    """The judge that data sets and filters need: a model, and prompts, one of them without the right answer."""
    judged = [dataset for dataset, entry in config["datasets"].items() if entry["fpr"] == "judge"]
    if "judge" not in config:
        if judged:
            raise UserError(f"{name}: missing key 'judge', which datasets.{judged[0]}.fpr: judge needs")
        return
    require("judge.model", config["judge"]["model"], "models")
    templates = {}
    for key in ("prompt", "prompt_without_answer"):
        if key in config["judge"]:
            try:
                templates[key] = read_judge_template(config["judge"][key])
            except UserError as error:
                raise UserError(f"{name}: judge.{key}: {error}") from None
    key = list(templates)[-1]
    filters = {source: entry["filter"] for source, entry in config["sources"].items() if "filter" in entry}
    filtering = [source for source, rule in filters.items() if "every" in FILTERS[rule].judged]
    if "{answer}" in templates[key] and (filtering or key == "prompt_without_answer"):
        fault = f"{name}: judge.{key}: {config['judge'][key]!r} holds {{answer}}"
        if key == "prompt":
            raise UserError(
                f"{fault}, which `filter: {filters[filtering[0]]}` of sources.{filtering[0]} must not show"
                " (name a judge.prompt_without_answer)"
            )
        raise UserError(f"{fault}, which is not allowed")


def check_people(config: dict, name: str, require) -> None:
    """Files of labels are there, each of one annotator for one data set; pages are made for a listed annotator."""
    annotators, used = config["people"]["annotators"], {}
    for annotator, files in annotators.items():
        for dataset, path in files.items():
            key = f"people.annotators.{annotator}"
            require(key, dataset, "datasets")
            if not TASKS[config["datasets"][dataset]["task"]].graded:
                raise UserError(f"{name}: {key}.{dataset}: its answers are neither right nor wrong, none is labelled")
            if not Path(path).is_file():
                raise UserError(f"{name}: {key}.{dataset}: {path!r}: no such file")
            if path in used:
                raise UserError(f"{name}: {key}.{dataset}: {path!r} is also {used[path]}")
            used[path] = f"{key}.{dataset}"
    if annotators and "annotator" in config:
        require("annotator", config["annotator"], "people.annotators", annotators)


def check_dataset(key: str, dataset: str, entry: dict) -> None:
    check_source(key, dataset, entry)
    for kind, path in entry["prompts"].items():
        if not Path(path).is_file():
            raise UserError(f"{key}.prompts.{kind}: {path!r}: no such file")
        try:
            read_template(path)
        except UserError as error:
            raise UserError(f"{key}.prompts.{kind}: {error}") from None
    for benchmark, asked in entry["benchmarks"].items():
        size = entry["splits"].get(benchmark)
        if size is None:
            raise UserError(f"{key}.benchmarks: {benchmark!r} is not a split (splits: {', '.join(entry['splits'])})")
        for count in ("greedy", "sampled"):
            if asked[count] > size:
                raise UserError(f"{key}.benchmarks.{benchmark}.{count}: {asked[count]}, the split holds {size}")
        if bool(asked["sampled"]) != bool(asked["samples"]):
            raise UserError(f"{key}.benchmarks.{benchmark}: `sampled` problems and `samples` of each go together")


def check_benchmarks(key: str, experiment: dict, dataset: str, config: dict) -> None:
    known = config["datasets"][dataset]["benchmarks"]
    for benchmark in experiment.get("benchmarks", ()):
        if benchmark not in known:
            raise UserError(f"{key}: {benchmark!r} is not a benchmark of {dataset} (allowed: {', '.join(known)})")


def check_target(name: str, target: str, experiment: dict, config: dict) -> None:
    if "finetuning" not in config["models"][target]:
        allowed = ", ".join(config["finetuning"])
        raise UserError(f"{name}: models.{target}: missing key 'finetuning', which a target needs (allowed: {allowed})")
    recipe_name = config["models"][target]["finetuning"]
    key, recipe = f"{name}: finetuning.{recipe_name}", config["finetuning"][recipe_name]
    recipe_checks.check_length(key, recipe, experiment["budgets"])
    recipe_checks.check_recipe_for(key, f"models.{target}", config["models"][target], recipe)


def check_packing(name: str, config: dict) -> None:
    sources: dict[str, dict] = {}
    for experiment in config["experiments"].values():
        for target in experiment["targets"]:
            trained_on = sources.setdefault(config["models"][target]["finetuning"], {})
            trained_on.update(dict.fromkeys(experiment["sources"]))
    for recipe_name, trained_on in sources.items():
        recipe_checks.check_packed_sources(
            f"{name}: finetuning.{recipe_name}", config["finetuning"][recipe_name], list(trained_on)
        )
