"""An exported training set is a Hugging Face data set folder: read here with `datasets` and with TRL's own trainer."""

import json
from pathlib import Path

import pytest
import yaml
from judge_model import call, refusal

import export_training_data
from yetbetter.generation.prompts import fill, read_template
from yetbetter.pocket.world import make_problems
from yetbetter.records import read_json, read_rows, write_json, write_rows
from yetbetter.selection.exports import COLUMNS, size_category, without_surrogates
from yetbetter.selection.training_data import training_row
from yetbetter.training.data import IGNORED, encode_examples, read_training_data

ROOT = Path(__file__).parents[2]
FACTS = {
    "study": "pocket",
    "seed": 0,
    "dataset": "hard",
    "adapter": "pocket",
    "budget": "high",
    "reference": {"model": "se", "samples": 10},
    "source_name": "mix-50",
    "source": {"draws": [{"model": "se", "samples": 1}], "filter": "ground_truth", "keep_per_question": 2},
    "questions": 12,
    "draws": {"se": 5, "wc": 15},
    "models": {
        "se": {"path": "owner/large", "revision": "abc", "parameters": 450000},
        "wc": {"path": "resources/pocket/wc", "parameters": 150000},
    },
    "decoding": {"temperature": 0.7, "top_k": 3, "max_new_tokens": 96},
    "prompts": {"sampling": "resources/prompts/pocket.txt", "finetuned": "resources/prompts/pocket.txt"},
    "grading": "strict",
}
COUNTS = {"drawn": 40, "kept": 12, "out_wrong": 26, "out_cut": 2, "problems_hash": "0123456789abcdef0123"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> tuple[Path, Path]:
    """(training data, the folder that it was exported to)."""
    folder = tmp_path_factory.mktemp("export")
    template = read_template(ROOT / "resources" / "prompts" / "pocket.txt")
    rows = [
        training_row(row["problem"], 3, ("se", "wc")[number % 2], fill(template, row["question"]), row["solution"])
        for number, row in enumerate(make_problems("hard", "train", 12))
    ]
    write_rows(folder / "data.jsonl", rows)
    write_json(folder / "counts.json", COUNTS)
    export(folder)
    return folder / "data.jsonl", folder / "out"


def export(folder: Path, facts=FACTS) -> None:
    given = {"data": "data.jsonl", "counts": "counts.json", "output": "out"}
    words = [f"--{key}={folder / name}" for key, name in given.items()]
    facts = facts if isinstance(facts, str) else json.dumps(facts)
    call(export_training_data, *words, f"--facts={facts}", "--name=pocket-hard-high-mix-50")


def test_the_folder_is_a_data_set_with_the_rows_and_columns_of_the_training_data(exported, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    data, folder = exported
    found = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path))
    assert tuple(found.column_names) == COLUMNS
    assert found.to_list() == read_rows(data)


def test_the_card_says_how_the_data_was_made_and_how_to_read_it(exported):
    card = (exported[1] / "README.md").read_text()
    header = yaml.safe_load(card.split("---")[1])
    assert header["configs"] == [{"config_name": "default", "data_files": [{"split": "train", "path": "train.jsonl"}]}]
    assert header["size_categories"] == ["n<1K"]
    for message in (
        *("`owner/large`, revision `abc`", "5 samples per question from `se`", "15 samples per question from `wc`"),
        *("10 samples per question of `se`", "the first 12 of the training split", "temperature 0.7, top_k 3"),
        *("at most the first 2 of each question", "grading mode `strict`", "Drawn 40, kept 12"),
        *("26 final answer wrong", "2 cut at the length limit", "6 se, 6 wc", "seed 0", "0123456789abcdef"),
        *("SFTConfig(completion_only_loss=True)", 'no_input_format: "{instruction}"', "template: fewshot", "MIT"),
    ):
        assert message in card, message


def test_llama_factory_finds_its_description_beside_the_data(exported):
    described = read_json(exported[1] / "dataset_info.json")
    assert list(described) == ["pocket-hard-high-mix-50"]
    (entry,) = described.values()
    assert (exported[1] / entry["file_name"]).is_file()
    assert set(entry["columns"].values()) <= set(COLUMNS)
    assert "dataset: pocket-hard-high-mix-50\n" in (exported[1] / "README.md").read_text()


@pytest.mark.slow
def test_trl_trains_on_the_folder_with_the_tokens_and_the_loss_that_the_workflow_itself_uses(exported, tmp_path):
    datasets = pytest.importorskip("datasets")
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    data, folder = exported
    model = str(ROOT / "resources" / "pocket" / "wc")
    expected, _ = encode_examples(read_training_data(str(data)), AutoTokenizer.from_pretrained(model), 192, str(data))
    args = SFTConfig(str(tmp_path), completion_only_loss=True, use_cpu=True, bf16=False, max_steps=1, report_to=[])
    trainer = SFTTrainer(
        model, args=args, train_dataset=datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path))
    )
    rows = list(trainer.train_dataset)
    assert [list(row["input_ids"]) for row in rows] == expected["input_ids"]
    labels = trainer.data_collator(rows)["labels"].tolist()
    assert [[label for label in row if label != IGNORED] for row in labels] == [
        [label for label in row if label != IGNORED] for row in expected["labels"]
    ]
    assert trainer.train().training_loss > 0


def test_human_solutions_are_exported_without_a_sampler(exported, tmp_path):
    write_rows(tmp_path / "data.jsonl", read_rows(exported[0]))
    write_json(tmp_path / "counts.json", {"drawn": 12, "kept": 12, "problems_hash": "0" * 64})
    human = {"source": {"solutions": "human"}, "source_name": "human", "draws": {}, "models": {}, "adapter": "math"}
    export(tmp_path, FACTS | human)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Written by people" in card
    assert "Hendrycks" in card
    assert "Decoding" not in card


def test_answers_to_instructions_have_tags_of_their_own_and_say_in_which_format_they_are_trained_on(exported, tmp_path):
    write_rows(tmp_path / "data.jsonl", read_rows(exported[0]))
    write_json(tmp_path / "counts.json", COUNTS | {"out_length": 3})
    source = {"filter": "none", "words": {"at_least": 2, "at_most": 9}, "draws": []}
    export(tmp_path, FACTS | {"task": "instructions", "adapter": "oasst1", "source": source})
    card = (tmp_path / "out" / "README.md").read_text()
    assert "- instruction-following" in card and "- math" not in card
    assert "the user's turn of their chat" in card and "OpenAssistant" in card
    assert "of 2 to 9 words" in card and "3 outside the bounds of length" in card
    before = (exported[1] / "README.md").read_text()
    assert "- math" in before and "chat" not in before.partition("LLaMA-Factory")[0]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [("a\ud800b", "a\ufffdb"), ("a\ud83d\ude00b", "a\U0001f600b"), ("ü\u2028", "ü\u2028"), ("", "")],
)
def test_lone_surrogates_do_not_reach_a_reader_that_refuses_them(text, cleaned):
    assert without_surrogates(text) == cleaned


def test_what_cannot_be_exported_is_reported_in_one_line(exported, tmp_path, capsys):
    with pytest.raises(SystemExit):
        export(exported[0].parent, "{")
    (line,) = capsys.readouterr().err.splitlines()
    assert "argument --facts: not JSON" in line
    write_rows(tmp_path / "data.jsonl", [])
    write_json(tmp_path / "counts.json", COUNTS)
    assert "data.jsonl: holds no rows" in refusal(export, tmp_path)


@pytest.mark.parametrize(("rows", "name"), [(1, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K")])
def test_sizes_have_the_hubs_names(rows, name):
    assert size_category(rows) == name
