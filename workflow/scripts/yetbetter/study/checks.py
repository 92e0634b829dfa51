"""Check a study's config against the schema and against itself; every error is one line that names the key."""

import difflib
import json
import math
import re
from pathlib import Path

import jsonschema
import yaml

from yetbetter.cluster.environments import check_environments
from yetbetter.data import ADAPTERS, find_files, local_folders
from yetbetter.errors import UserError
from yetbetter.generation.engines import find_engine
from yetbetter.generation.openai_options import check_entry
from yetbetter.judging.judgements import read_judge_template
from yetbetter.records import open_text, shorten
from yetbetter.selection.filters import FILTERS
from yetbetter.study.claim_roles import check_claims
from yetbetter.training import launch as recipes

# libyaml's parser takes a tenth of the time.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
# Keys of a data set that only some adapters read.
OWN_KEYS = {"files": ("files",), "world": ("pocket",), "data_dir": ("gsm8k", "math"), "functional_dir": ("math",)}

# The schema's words in a reader's.
KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}

# JSON Schema takes 5.0 for a whole number; what counts things must be written as one. Keys of YAML need not be text.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    ),
)


def check_file(path: str | Path) -> None:
    """Raise UserError, naming file and line, where a config is no YAML, or a key stands twice and one would be lost."""
    try:
        with open_text(path) as file:
            text = file.read()
        repeated = find_repeated(yaml.compose(text, LOADER))
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    except yaml.YAMLError as error:
        if is_json(text):
            return
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else path
        raise UserError(f"{place}: not YAML ({getattr(error, 'problem', None) or shorten(str(error))})") from None
    if repeated:
        again, first = (key.start_mark.line + 1 for key in repeated)
        raise UserError(f"{path}:{again}: key {repeated[0].value!r} stands already in line {first}")


def is_json(text: str) -> bool:
    """Snakemake reads JSON too, not all of which is YAML."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def find_repeated(root: yaml.Node | None) -> tuple[yaml.Node, yaml.Node] | None:
    """The first key of a document that its mapping has already, and that one."""
    nodes, known = [root], set()
    while nodes:
        node = nodes.pop()
        if id(node) in known or not isinstance(node, yaml.CollectionNode):
            continue
        known.add(id(node))  # an alias is the node that it stands for
        if isinstance(node, yaml.SequenceNode):
            nodes += reversed(node.value)
            continue
        keys: dict[tuple, yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and keys.setdefault((key.tag, key.value), key) is not key:
                return key, keys[key.tag, key.value]
        nodes += [value for _, value in reversed(node.value)]
    return None


def check_config(config: dict, schema_path: str, name: str) -> None:
    """Raise UserError, naming file and key, what was found and what is allowed, at the first thing that is wrong.

    name: the config file's name, for messages.
    """
    check_finite(config, name)
    with open(schema_path, encoding="utf-8") as file:
        schema = yaml.load(file, LOADER)
    validator = Validator(schema)
    errors = sorted(validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        raise UserError(f"{name}: {explain(errors[0], schema['$defs'])}")
    check_references(config, name)


def check_finite(content, name: str, key: str = "") -> None:
    """YAML reads .inf and .nan as numbers, and the schema lets them pass."""
    if isinstance(content, dict):
        for inner, value in content.items():
            check_finite(value, name, f"{key}.{inner}" if key else str(inner))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            check_finite(value, name, f"{key}.{number}")
    elif isinstance(content, float) and not math.isfinite(content):
        raise UserError(f"{name}: {key}: {content} is no finite number")


def explain(error: jsonschema.ValidationError, definitions: dict) -> str:
    """One line for a schema error: the key, what it holds, what is allowed. definitions: the schema's."""
    while error.context:
        error = closest(error)
    key = ".".join(map(str, error.absolute_path)) or "the config"
    if error.validator == "additionalProperties":
        allowed = sorted(error.schema.get("properties", {}))
        unknown = sorted((name for name in error.instance if name not in allowed), key=str)[0]
        close = difflib.get_close_matches(str(unknown), allowed, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        return f"{key}: unknown key {unknown!r}{hint} (allowed: {', '.join(allowed)})"
    if error.validator == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))[0]
        schema = error.schema.get("properties", {}).get(missing) or error.schema["additionalProperties"]
        return f"{key}: missing key {missing!r} (allowed: {describe(schema, definitions)})"
    if error.validator in ("enum", "const", *BOUNDS):
        return f"{key}: {error.instance!r} (allowed: {describe(error.schema, definitions)})"
    if error.validator == "type":
        return f"{key}: {error.instance!r} is no {error.validator_value}"
    return f"{key}: {error.message}"


def describe(schema: dict, definitions: dict) -> str:
    """What a part of the schema allows, in words."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | schema
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    kind = KINDS[schema.get("type", "object")]
    limits = " and ".join(f"{words} {schema[bound]}" for bound, words in BOUNDS.items() if bound in schema)
    if limits:
        return f"{kind} {limits}"
    return f"{kind}: {schema['description']}" if "description" in schema else kind


def closest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Of the alternatives that a value may follow, the fault of the one whose first key it has."""
    branches: dict[int, list[jsonschema.ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    given = error.instance if isinstance(error.instance, dict) else {}
    own = [
        number
        for number, branch in enumerate(error.validator_value)
        if number in branches and set(branch.get("required", [])[-1:] + branch.get("required", [])[:1]) & set(given)
    ]
    fitting = min(own or branches, key=lambda number: len(branches[number]))
    return branches[fitting][0]


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
                raise UserError(f"{name}: sources.{source}.draws: {draw['model']!r} stands in two draws, make them one")
    comparison = {"weak": "sources", "strong": "sources", "dataset": "datasets", "budget": "budgets"}
    for key, registry in comparison.items():
        require(f"comparison.{key}", config["comparison"][key], registry)
    for model, entry in config["models"].items():
        check_engine_options(f"{name}: models.{model}", entry)
        check_model(f"{name}: models.{model}", entry)
    check_judge(config, name, require)
    for recipe, entry in config["finetuning"].items():
        recipes.check_recipe(f"{name}: finetuning.{recipe}", entry)
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
        for target in entry["targets"]:
            check_target(name, target, entry, config)
    check_packing(name, config)
    check_comparison(name, config)
    check_environments(f"{name}: environments", config.get("environments", {}))
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
    known = find_engine(entry.get("engine", "transformers")).options
    for option, value in entry.get("engine_options", {}).items():
        if option not in known:
            raise UserError(f"{key}.engine_options: unknown {option!r} (allowed: {', '.join(known) or 'none'})")
        kind = known[option][0]
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise UserError(f"{key}.engine_options.{option}: {value!r} is no {kind.__name__}")
    if entry.get("engine") == "openai":
        check_entry(key, entry)


def check_model(key: str, entry: dict) -> None:
    """A folder that holds a model, or something that can be a hub id; a typo in a path is told before anything runs."""
    path = Path(entry["path"])
    if entry.get("engine") == "openai":  # the name by which the endpoint knows it
        if entry.get("chat"):
            raise UserError(f"{key}.chat: an endpoint formats its chats itself (allowed: false)")
        return
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise UserError(f"{key}.path: {entry['path']!r} holds no config.json, so it is no model's folder")
    elif not HUB_ID.fullmatch(entry["path"]) or path.parent.is_dir():
        hint = "; make smol-models makes it" if entry["path"].startswith("resources/smol/") else ""
        raise UserError(
            f"{key}.path: {entry['path']!r} is no folder, nor the id of a model on the hub (owner/name){hint}"
        )
    elif "revision" not in entry:
        raise UserError(f"{key}: missing key 'revision', which pins a model of the hub")


def check_judge(config: dict, name: str, require) -> None:
    """The judge that data sets and filters need: a model, and prompts, one of which does not tell the right answer."""
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
        told = f"{name}: judge.{key}: {config['judge'][key]!r} holds {{answer}}"
        if key == "prompt":
            raise UserError(
                f"{told}, which `filter: {filters[filtering[0]]}` of sources.{filtering[0]} must not tell"
                " (name a judge.prompt_without_answer)"
            )
        raise UserError(f"{told}, which it must not")


def check_dataset(key: str, dataset: str, entry: dict) -> None:
    for own, adapters in OWN_KEYS.items():
        if own in entry and entry["adapter"] not in adapters:
            raise UserError(f"{key}.{own}: only for adapter {' or '.join(adapters)}, it is {entry['adapter']!r}")
    if entry["adapter"] == "files":
        for split in entry["splits"]:
            if split not in entry.get("files", {}):
                raise UserError(f"{key}.files: no file for the split {split!r}")
        if entry["fpr"] == "exact":
            raise UserError(f"{key}.fpr: 'exact' needs problems that are programs, which only the pocket world has")
    elif entry["adapter"] in ADAPTERS:
        check_public_dataset(key, entry)
    elif entry.get("world", dataset) not in ("easy", "hard"):
        raise UserError(
            f"{key}: the pocket world has no {dataset!r}, name one of its data sets under `world` (easy, hard)"
        )
    for kind, path in entry["prompts"].items():
        if not Path(path).is_file():
            raise UserError(f"{key}.prompts.{kind}: {path!r}: no such file")
    for benchmark, asked in entry["benchmarks"].items():
        size = entry["splits"].get(benchmark)
        if size is None:
            raise UserError(f"{key}.benchmarks: {benchmark!r} is no split (splits: {', '.join(entry['splits'])})")
        for count in ("greedy", "sampled"):
            if asked.get(count, 0) > size:
                raise UserError(f"{key}.benchmarks.{benchmark}.{count}: {asked[count]}, the split holds {size}")
        if bool(asked.get("sampled")) != bool(asked.get("samples")):
            raise UserError(f"{key}.benchmarks.{benchmark}: `sampled` problems and `samples` of each go together")
    test = entry["splits"]["test"]
    for twin in ("functional", "control"):
        twins = entry["splits"].get(twin, 0)
        if entry["adapter"] == "pocket" and twins > test:
            raise UserError(f"{key}.splits.{twin}: {twins}, but there are only {test} test problems to twin")


def check_public_dataset(key: str, entry: dict) -> None:
    """Its splits exist and hold as many problems as are asked for; local files are there."""
    adapter = entry["adapter"]
    sizes = ADAPTERS[adapter].SIZES
    for split, asked in entry["splits"].items():
        if split not in sizes:
            raise UserError(f"{key}.splits: {adapter} has no {split!r} (has: {', '.join(sizes)})")
        if asked > sizes[split]:
            raise UserError(f"{key}.splits.{split}: {asked}, {adapter} has only {sizes[split]}")
    if entry["answer"] not in ADAPTERS[adapter].ANSWER_FORMATS:
        allowed = ", ".join(ADAPTERS[adapter].ANSWER_FORMATS)
        raise UserError(
            f"{key}.answer: {entry['answer']!r} cannot state every answer of {adapter} (allowed: {allowed})"
        )
    if entry["fpr"] == "exact":
        raise UserError(f"{key}.fpr: 'exact' needs problems that are programs, which only the pocket world has")
    if "functional_dir" in entry and "data_dir" not in entry:
        raise UserError(f"{key}.functional_dir: goes with data_dir, which is missing")
    if "data_dir" in entry:
        try:
            find_files(adapter, local_folders(entry))
        except UserError as error:
            raise UserError(f"{key}.data_dir: {error}") from None


def check_target(name: str, target: str, experiment: dict, config: dict) -> None:
    if "finetuning" not in config["models"][target]:
        allowed = ", ".join(config["finetuning"])
        raise UserError(f"{name}: models.{target}: missing key 'finetuning', which a target needs (allowed: {allowed})")
    recipe_name = config["models"][target]["finetuning"]
    key, recipe = f"{name}: finetuning.{recipe_name}", config["finetuning"][recipe_name]
    recipes.check_length(key, recipe, experiment["budgets"])
    recipes.check_target(key, f"models.{target}", config["models"][target], recipe)


def check_packing(name: str, config: dict) -> None:
    sources: dict[str, dict] = {}
    for experiment in config["experiments"].values():
        for target in experiment["targets"]:
            trained_on = sources.setdefault(config["models"][target]["finetuning"], {})
            trained_on.update(dict.fromkeys(experiment["sources"]))
    for recipe_name, trained_on in sources.items():
        recipes.check_packing(f"{name}: finetuning.{recipe_name}", config["finetuning"][recipe_name], list(trained_on))
