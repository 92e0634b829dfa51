"""A config is checked before anything runs: every mistake is one line: file, key, found, allowed."""

import copy
from collections import Counter
from pathlib import Path

import pytest
import yaml

from configs import check_config, grid_of, pocket_study
from yetbetter.errors import UserError
from yetbetter.study.config_files import check_file

ROOT = Path(__file__).parents[2]
SCHEMA = str(ROOT / "workflow" / "schemas" / "config.schema.yaml")
CONFIG = pocket_study()
REMOVED = object()


def changed(key: str, value) -> dict:
    """The default config with one key, written with dots, set or removed."""
    config = copy.deepcopy(CONFIG)
    *path, last = (int(part) if part.isdigit() else part for part in key.split("."))
    place = config
    for part in path:
        place = place[part]
    if value is REMOVED:
        del place[last]
    else:
        place[last] = value
    return config


def refusal(config: dict) -> str:
    """The message that refuses this config: one line that begins with the file's name."""
    with pytest.raises(UserError) as failure:
        check_config(config, SCHEMA, "study.yaml")
        grid_of(config, "study.yaml")
    message = str(failure.value)
    assert len(message.splitlines()) == 1
    return message


def assert_says(message: str, *parts: str) -> None:
    assert message.startswith("study.yaml: ")
    for part in parts:
        assert part in message


@pytest.mark.parametrize("path", sorted((ROOT / "config").rglob("*.yaml")), ids=lambda path: path.name)
def test_no_config_that_comes_along_has_a_key_twice(path):
    check_file(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("study: a\nseed: 0\nstudy: b\n", "3: duplicate key 'study', first in line 1"),
        ("sources:\n  wc: {}\n  se: {}\n  'wc': {}\n", "4: duplicate key 'wc', first in line 2"),
        ("a:\n- {b: 1}\n- {b: 1,\n   b: 2}\n", "4: duplicate key 'b', first in line 3"),
        ('{\n\t"a": 1,\n "a": 2}', "3: duplicate key 'a', first in line 2"),
        ("a: 1\nb: [\n", "3: not YAML (did not find expected node content)"),
        ("a:\n\t- 1\n", "2: not YAML (found character that cannot start any token)"),
    ],
)
def test_a_config_file_with_a_fault_is_reported_with_its_line(tmp_path, text, expected):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as failure:
        check_file(path)
    assert str(failure.value).startswith(f"{path}:{expected}") and len(str(failure.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["", "a: &a {b: 1}\nc: {<<: *a, b: 2}\nd: [*a, *a]\n", '{"a": "\\ud83d\\ude00"}', "&a [*a]"]
)
def test_a_config_file_without_a_fault_is_not_refused(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text)
    check_file(tmp_path / "study.yaml")


# Complete studies, without the config that overrides the paper's (test_price_matched.py).
STUDIES = sorted(set((ROOT / "config").glob("*.yaml")) - {ROOT / "config" / "price_matched.yaml"})


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.name)
def test_every_config_that_comes_along_is_in_order(path):
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for entry in config["models"].values():
        if entry["path"].startswith("resources/smol/"):  # `make smol-models` makes them
            entry["path"] = "resources/pocket/wc"
    config.pop("environments", None)  # `make environment-vllm` makes it
    check_config(config, SCHEMA, path.name)
    grid_of(config)


@pytest.mark.parametrize(
    ("key", "where", "meant"),
    [
        ("modles", "the config", "models"),
        ("sampling.topk", "sampling", "top_k"),
        ("models.wc.parametres", "models.wc", "parameters"),
        ("models.wc.resources", "models.wc.resources", "runtime"),
        ("datasets.easy.prompts.finetune", "datasets.easy.prompts", "finetuned"),
        ("datasets.easy.benchmarks.test.greddy", "datasets.easy.benchmarks.test", "greedy"),
        ("sources.wc.fliter", "sources.wc", "filter"),
        ("sources.wc.draws.0.fracton", "sources.wc.draws.0", "fraction"),
        ("finetuning.pocket.batchsize", "finetuning.pocket", "batch_size"),
        ("experiments.main.seed", "experiments.main", "seeds"),
        ("comparison.weaker", "comparison", "weak"),
        ("budgets.low.sample", "budgets.low", "samples"),
    ],
)
def test_a_mistyped_key_is_named_with_the_one_that_was_meant(key, where, meant):
    value = {"run_time": 5} if key.endswith("resources") else 1
    typo = "run_time" if key.endswith("resources") else key.rpartition(".")[2]
    assert_says(refusal(changed(key, value)), f"{where}: ", repr(typo), f"did you mean {meant!r}", "allowed: ")


def test_a_split_with_a_mistyped_name_is_named_with_the_allowed_ones():
    config = changed("datasets.easy.splits.fuctional", 5)
    assert_says(refusal(config), "datasets.easy.splits", "'fuctional'", "functional, control")


@pytest.mark.parametrize("value", [1, True])
def test_a_key_that_is_not_text_is_reported_like_any_other_unknown_key(value):
    config = copy.deepcopy(CONFIG)
    config["sampling"][value] = 3
    assert_says(refusal(config), "sampling", repr(value), "top_k")


def test_a_key_that_is_not_text_beside_a_mistyped_one_is_reported():
    config = copy.deepcopy(CONFIG)
    config["sampling"] |= {1: 3, "topk": 3}
    assert_says(refusal(config), "sampling")


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("study", "text: Name of the study"),
        ("seed", "a whole number of at least 0"),
        ("models", "a mapping: Registry of the models"),
        ("comparison", "a mapping"),
        ("comparison.weak", "text"),
        ("models.wc.path", "text: A folder in transformers' format"),
        ("sampling.temperature", "a number above 0"),
        ("sampling.top_k", "a whole number of at least 1"),
        ("budgets.low.samples", "a whole number of at least 1"),
        ("datasets.hard.fpr", "exact, tests, judge, none"),
        ("datasets.hard.splits.validation", "a whole number of at least 1"),
        ("datasets.hard.prompts.sampling", "text"),
        ("datasets.easy.benchmarks.test.greedy", "a whole number of at least 0"),
        ("sources.wc.filter", "ground_truth, none, majority, reasoning, judge"),
        ("sources.wc.draws.0.match", "compute, price, number"),
        ("finetuning.pocket.learning_rates", "a mapping"),
        ("experiments.main.seeds", "a list"),
    ],
)
def test_a_missing_key_is_named_with_what_is_allowed(key, allowed):
    where, _, last = key.rpartition(".")
    assert_says(refusal(changed(key, REMOVED)), f"{where or 'the config'}: missing key {last!r} (allowed: {allowed}")


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("seed", "0", "integer"),
        ("seed", True, "integer"),
        ("seed", -1, "a whole number of at least 0"),
        ("models", ["wc"], "object"),
        ("models.wc", None, "object"),
        ("models.wc.parameters", "8.5e9", "number"),
        ("models.wc.parameters", 0, "a number above 0"),
        ("models.wc.batch_size", 2.5, "integer"),
        ("models.wc.engine", "vlm", "transformers"),
        ("datasets.easy.fpr", "exactly", "exact, tests, judge, none"),
        ("datasets.easy.adapter", "pockets", "pocket"),
        ("sampling.temperature", 0, "a number above 0"),
        ("sampling.block_samples", 0, "a whole number of at least 1"),
        ("sources.wc.filter", "groundtruth", "ground_truth, none"),
        ("sources.wc.duplicates", "remove", "keep, drop"),
        ("sources.wc.draws", [], "non-empty"),
        ("sources.wc.draws.0.match", "flops", "compute, price, number"),
        ("sources.wc.draws.0.fraction", 1.5, "a number above 0 and at most 1"),
        ("sources.human.solutions", "humans", "human"),
        ("experiments.main.seeds", [], "non-empty"),
        ("experiments.main.seeds", [0, 0], "unique"),
        ("experiments.main.targets", "wc", "array"),
        ("finetuning.pocket.precision", "fp16", "float32, bfloat16"),
    ],
)
def test_a_wrong_value_is_reported_with_what_is_allowed(key, value, allowed):
    assert_says(refusal(changed(key, value)), f"{key}: ", repr(value), allowed)


def test_a_learning_rate_that_yaml_reads_as_text_is_reported():
    config = changed("finetuning.pocket.learning_rates", yaml.safe_load("{low: 1e-7}"))
    assert_says(refusal(config), "finetuning.pocket.learning_rates.low", "'1e-7'", "number")


@pytest.mark.parametrize(
    "key",
    ["models.wc.parameters", "models.wc.price", "sampling.temperature", "finetuning.pocket.learning_rates.standard"],
)
@pytest.mark.parametrize("text", [".inf", ".nan"])
def test_a_number_that_is_not_finite_is_refused(key, text):
    assert_says(refusal(changed(key, yaml.safe_load(text))), key)


@pytest.mark.parametrize("key", ["datasets.easy.splits.train", "sampling.block_samples", "sampling.shard_questions"])
def test_a_whole_number_written_with_an_exponent_is_refused_or_works(key):
    config = changed(key, yaml.safe_load("5.0e+2"))
    try:
        check_config(config, SCHEMA, "study.yaml")
    except UserError as error:
        assert_says(str(error), key, "500.0")
    else:
        grid = grid_of(config)
        assert all(block.startswith("wc/questions-") for block in grid.blocks("easy", {"wc": 3}))
        assert all("." not in block for block in grid.blocks("easy", {"wc": 3}))


@pytest.mark.parametrize("section", ["models", "datasets", "budgets", "sources", "finetuning", "experiments"])
@pytest.mark.parametrize("name", ["a/b", "../a", "", "a b", ".hidden", "a_b"])
def test_a_name_that_cannot_be_in_a_path_is_refused(section, name):
    config = copy.deepcopy(CONFIG)
    config[section][name] = copy.deepcopy(next(iter(config[section].values())))
    assert_says(refusal(config), f"{section}: ", repr(name))


@pytest.mark.parametrize("name", ["pocket/two", "/tmp", "..", "pocket\n"])
def test_a_study_name_that_cannot_be_a_folder_is_refused(name):
    assert_says(refusal(changed("study", name)), "study: ", repr(name))


@pytest.mark.parametrize("path", ["data {1}/train.jsonl", "pro{m}pt.txt", "-train.jsonl"])
@pytest.mark.parametrize(
    "key", ["models.wc.path", "datasets.easy.prompts.sampling", "datasets.easy.prompts.finetuned", "judge", "other"]
)
def test_a_path_that_snakemake_or_a_program_would_misread_is_refused(key, path):
    value = {"model": "se", "prompt": path} if key == "judge" else path
    assert_says(refusal(changed(key, value)), key, repr(path), "allowed: text: A path without { and }")


@pytest.mark.parametrize("key", ["data_dir", "functional_dir", "files"])
def test_a_path_of_data_that_snakemake_or_a_program_would_misread_is_refused(key):
    for path in ("data {1}", "-data"):
        value = {"train": path} if key == "files" else path
        assert_says(
            refusal(changed(f"datasets.easy.{key}", value)), f"datasets.easy.{key}", repr(path), "A path without"
        )


def test_a_learning_rate_with_a_slash_in_its_name_is_refused():
    config = changed("finetuning.pocket.learning_rates", {"1/2": 0.5})
    assert_says(refusal(config), "finetuning.pocket.learning_rates", "'1/2'")


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("models.wc.finetuning", "pockets", "pocket"),
        ("budgets.low.model", "see", "wc, se, student"),
        ("sources.wc.draws.0.model", "cw", "wc, se, student"),
        ("comparison.weak", "cw", "se, wc, human"),
        ("comparison.strong", "es", "se, wc, human"),
        ("comparison.dataset", "math", "easy, hard"),
        ("comparison.budget", "mid", "low, high"),
        ("experiments.main.datasets.1", "math", "easy, hard"),
        ("experiments.main.budgets.0", "mid", "low, high"),
        ("experiments.main.sources.0", "es", "se, wc, human"),
        ("experiments.human.targets.2", "gemma", "wc, se, student"),
    ],
)
def test_a_name_that_nothing_declares_is_reported_with_those_that_are(key, value, allowed):
    where = key.rstrip(".012") if key.startswith("experiments") else key
    assert_says(refusal(changed(key, value)), where, repr(value), allowed)


def test_a_model_in_two_draws_of_one_source_is_refused():
    draws = [{"model": "wc", "samples": 1}, {"model": "wc", "samples": 2}]
    assert_says(refusal(changed("sources.wc.draws", draws)), "sources.wc.draws", "'wc'")


@pytest.mark.parametrize("count", ["greedy", "sampled"])
def test_a_benchmark_larger_than_its_split_is_refused(count):
    config = changed(f"datasets.easy.benchmarks.test.{count}", 1001)
    assert_says(refusal(config), f"datasets.easy.benchmarks.test.{count}", "1001", "1000")


def test_a_benchmark_that_is_not_a_split_is_refused():
    config = changed("datasets.easy.benchmarks", {"tset": {"greedy": 1}})
    assert_says(refusal(config), "datasets.easy.benchmarks", "'tset'", "train, validation, test")


def test_a_benchmark_of_an_experiment_that_its_data_set_lacks_is_refused():
    config = changed("experiments.main.benchmarks", ["test", "tset"])
    assert_says(refusal(config), "experiments.main.benchmarks", "'tset'", "easy", "test, functional, control")


def test_more_functional_twins_than_test_problems_are_refused():
    config = changed("datasets.easy.splits.functional", 1001)
    assert_says(refusal(config), "datasets.easy.splits.functional", "1001", "1000")


def test_a_pocket_data_set_under_another_name_needs_its_world():
    config = copy.deepcopy(CONFIG)
    config["datasets"]["math"] = copy.deepcopy(config["datasets"]["hard"])
    assert_says(refusal(config), "datasets.math", "easy, hard")
    config["datasets"]["math"]["world"] = "hard"
    check_config(config, SCHEMA, "study.yaml")


JUDGE = {"model": "se", "prompt": "resources/prompts/judge.txt"}


def judged(**changes) -> dict:
    return changed("datasets.easy.fpr", "judge") | {"judge": JUDGE | changes}


def test_a_data_set_that_is_judged_needs_a_judge():
    assert_says(refusal(changed("datasets.easy.fpr", "judge")), "missing key 'judge'", "datasets.easy.fpr")
    check_config(judged(), SCHEMA, "study.yaml")
    check_config(judged(samples=50, max_new_tokens=100, stop=["\n\n\n"]), SCHEMA, "study.yaml")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"model": "es"}, ("judge.model", "'es'", "wc, se, student")),
        ({"prompt": "nowhere.txt"}, ("judge.prompt", "nowhere.txt", "no such file")),
        ({"prompt": "resources/prompts/pocket.txt"}, ("judge.prompt", "{solution} once, found 0 times")),
        ({"samples": 0}, ("judge.samples", "0")),
        ({"max_new_tokens": 1.5}, ("judge.max_new_tokens", "1.5")),
        ({"sample": 5}, ("judge", "unknown key 'sample'", "did you mean 'samples'")),
    ],
)
def test_a_judge_with_a_fault_is_reported(change, expected):
    assert_says(refusal(judged(**change)), *expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfQ: {question}\r\nA:", None),
        (b"Q: {q}\nA:", "prompt.txt: a prompt must hold {question} once, found 0 times"),
        ("Q: {question}".encode("utf-16"), "prompt.txt: UTF-16 text (save it as UTF-8)"),
    ],
)
@pytest.mark.parametrize("kind", ["sampling", "finetuned"])
def test_a_prompt_that_cannot_be_used_is_reported_before_any_job_runs(kind, content, expected, tmp_path):
    path = tmp_path / "prompt.txt"
    path.write_bytes(content)
    config = changed(f"datasets.easy.prompts.{kind}", str(path))
    if expected:
        assert_says(refusal(config), f"datasets.easy.prompts.{kind}: ", expected)
    else:
        check_config(config, SCHEMA, "study.yaml")


def test_people_are_in_order_without_labels_and_with_them(tmp_path):
    (tmp_path / "ann.jsonl").write_text("")
    for people in ({}, {"annotators": {"ann": {}}}, {"annotators": {"ann": {"hard": str(tmp_path / "ann.jsonl")}}}):
        found = check_config(CONFIG | {"people": people, "annotator": "ann"}, SCHEMA, "study.yaml")
        assert found["people"]["samples"] == 50


@pytest.mark.parametrize(
    ("annotators", "expected"),
    [
        ({"ann": {"harder": "L.jsonl"}}, ("people.annotators.ann", "unknown 'harder'", "easy, hard")),
        ({"ann": {"hard": "nowhere.jsonl"}}, ("people.annotators.ann.hard", "'nowhere.jsonl': no such file")),
        (
            {"ann": {"hard": "README.md"}, "ben": {"hard": "README.md"}},
            ("people.annotators.ben.hard", "'README.md' is also people.annotators.ann.hard"),
        ),
        ({"ben": {}}, ("annotator: unknown 'carl'", "from people.annotators: ben")),
        ({"a/b": {}}, ("people.annotators", "a/b")),
        ({"ann": "L.jsonl"}, ("people.annotators.ann", "'L.jsonl' is not of type object")),
    ],
)
def test_people_with_a_fault_are_reported(annotators, expected):
    assert_says(refusal(CONFIG | {"people": {"annotators": annotators}, "annotator": "carl"}), *expected)


def test_a_target_without_a_recipe_is_refused():
    assert_says(refusal(changed("models.se.finetuning", REMOVED)), "models.se", "finetuning", "pocket")


def test_a_budget_without_steps_is_refused():
    config = changed("finetuning.pocket.steps", {"low": 80})
    assert_says(refusal(config), "finetuning.pocket.steps", "'high'", "low")


def test_more_checkpoints_than_steps_are_refused():
    config = changed("finetuning.pocket.checkpoints", 100)
    assert_says(refusal(config), "finetuning.pocket", "100", "80")


@pytest.mark.parametrize("key", ["parameters", "price"])
def test_a_count_or_price_that_a_matching_needs_is_named(key):
    config = changed("sources.wc.draws.0.match", {"parameters": "compute", "price": "price"}[key])
    config["models"]["wc"].pop(key, None)
    config["models"]["se"]["price"] = 1.0
    assert_says(refusal(config), "models.wc", key, "a number above 0")


def test_the_sizing_of_the_pocket_study_states_its_cells():
    grid = grid_of(yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8")))
    base = grid.cells_in(extra=False)
    more = Counter(cell.dataset for cell in set(grid.cells) - set(base))
    human = sum(cell.source == "human" for cell in base)
    page = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert f"| cells | {len(base) - human}, and {human} with human solutions |" in page
    parts = f"{more['hard']} of the harder data set, {more['easy']} of the easier one, {more['lists']} of the programs"
    expected = f"{more.total()} more: {parts}, {more['requests']} of the instructions"
    assert f"| cells of `study` | {expected} |" in page


def test_every_key_of_the_schema_is_described_and_every_mapping_is_closed():
    schema = yaml.safe_load(Path(SCHEMA).read_text(encoding="utf-8"))
    places = [("schema", schema)]
    while places:
        place, node = places.pop()
        if isinstance(node, dict):
            for name, entry in node.get("properties", {}).items():
                assert entry.get("description"), f"{place}.{name} has no description"
            if "properties" in node or (node.get("type") == "object" and "oneOf" not in node):
                assert "additionalProperties" in node, f"{place} takes any key"
            places += [(f"{place}.{key}", value) for key, value in node.items()]
        elif isinstance(node, list):
            places += [(f"{place}.{number}", value) for number, value in enumerate(node)]


@pytest.mark.parametrize("config", [None, [], "pocket"])
def test_a_config_that_is_not_a_mapping_is_refused(config):
    assert_says(refusal(config), "object")


# Public data sets -----------------------------------------------------------------------------------------------------


@pytest.fixture
def public(tmp_path) -> dict:
    """The default config with its data sets read as GSM8K from local files."""
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").touch()
    entry = copy.deepcopy(CONFIG["datasets"]["easy"]) | {
        "adapter": "gsm8k",
        "data_dir": str(tmp_path),
        "splits": {"train": 6973, "validation": 500, "test": 1319},
        "fpr": "none",
        "benchmarks": {"test": {"greedy": 1319}},
    }
    return copy.deepcopy(CONFIG) | {"datasets": {"easy": entry, "hard": copy.deepcopy(entry)}}


def test_a_public_data_set_needs_no_more_than_its_files(public):
    check_config(public, SCHEMA, "study.yaml")
    del public["datasets"]["hard"]["data_dir"]  # downloaded, then
    check_config(public, SCHEMA, "study.yaml")
    math = {"adapter": "math", "answer": "minerva", "splits": {"train": 7490, "validation": 500, "test": 500}}
    public["datasets"]["hard"] |= math | {"benchmarks": {"test": {"greedy": 500}}}
    check_config(public, SCHEMA, "study.yaml")


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ({"data_dir": "nowhere"}, ["datasets.hard.data_dir: nowhere: no train.jsonl, which gsm8k needs"]),
        ({"splits": {"train": 1, "validation": 1, "test": 1320}}, ["datasets.hard.splits.test: 1320", "only 1319"]),
        ({"splits": {"train": 1, "validation": 1, "test": 1, "functional": 1}}, ["gsm8k has no 'functional'"]),
        ({"fpr": "exact"}, ["datasets.hard.fpr: 'exact' needs problems that are programs"]),
        ({"functional_dir": "data"}, ["datasets.hard.functional_dir: only for adapter math, it is 'gsm8k'"]),
        ({"files": {"train": "x"}}, ["datasets.hard.files: only for adapter files, it is 'gsm8k'"]),
        ({"world": "hard"}, ["datasets.hard.world: only for adapter pocket, it is 'gsm8k'"]),
        ({"adapter": "files", "files": {}}, ["datasets.hard.data_dir: only for adapter gsm8k or math"]),
    ],
)
def test_a_public_data_set_that_cannot_be_is_reported(public, more, parts):
    public["datasets"]["hard"] |= more
    assert_says(refusal(public), *parts)


def test_math_reports_its_answer_formats_and_which_of_its_files_is_missing(public):
    splits = {"train": 1, "validation": 1, "test": 1}
    public["datasets"]["hard"] |= {"adapter": "math", "splits": splits, "benchmarks": {"test": {"greedy": 1}}}
    assert_says(refusal(public), "datasets.hard.answer: 'the_answer_is'", "minerva, boxed, any")
    public["datasets"]["hard"]["answer"] = "minerva"
    assert_says(refusal(public), "datasets.hard.data_dir: ", "no math500.jsonl, which math needs")
    del public["datasets"]["hard"]["data_dir"]
    public["datasets"]["hard"]["functional_dir"] = "data"
    assert_says(refusal(public), "datasets.hard.functional_dir: goes with data_dir")


def test_a_chat_of_an_endpoint_is_refused(public):
    endpoint = {"base_url": "http://127.0.0.1:8000/v1", "key_variable": ""}
    public["models"]["judge"] = {"path": "any", "engine": "openai", "engine_options": endpoint, "chat": True}
    assert_says(refusal(public), "models.judge.chat", "endpoint")
