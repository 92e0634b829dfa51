"""User errors are reported in one line that names the file and key or line; nothing is left half-written."""

import json
import re
import subprocess
import sys

import pytest

CONFIG = "tests/workflow/miniature.yaml"


def last_words(done) -> str:
    text = done.stdout + done.stderr
    return "\n".join(line for line in text.splitlines() if line.strip())


def remove_parameters(config):
    del config["models"]["student"]["parameters"]
    config["sources"]["own"] = {"draws": [{"model": "student", "match": "compute"}], "filter": "ground_truth"}
    config["experiments"]["main"]["sources"].append("own")


def remove_temperature(config):
    del config["sampling"]["temperature"]


CHANGES = {
    "a typo in a key": (
        lambda config: config["sampling"].update(temprature=0.7),
        f"{CONFIG}: sampling: unknown key 'temprature', did you mean 'temperature'?",
    ),
    "a missing key": (remove_temperature, f"{CONFIG}: sampling: missing key 'temperature' (allowed: a number above 0)"),
    "a parameter count of nothing": (
        lambda config: config["models"]["wc"].update(parameters=0),
        f"{CONFIG}: models.wc.parameters: 0 (allowed: a number above 0)",
    ),
    "a model without a parameter count under compute": (
        remove_parameters,
        f"{CONFIG}: sources.own under budgets.low: `match: compute` needs a number above 0"
        " as models.student.parameters, which is missing",
    ),
    "an unknown data source": (
        lambda config: config["experiments"]["main"].update(sources=["se", "wcc"]),
        f"{CONFIG}: experiments.main.sources: unknown 'wcc' (allowed, from sources: se, wc, human)",
    ),
    "a number that YAML reads as text": (
        lambda config: config["finetuning"]["short"].update(learning_rates={"low": "1e-7"}),
        f"{CONFIG}: finetuning.short.learning_rates.low: '1e-7' is not of type number;"
        " YAML reads 1e-7 as text: write 1.0e-7",
    ),
    "a budget too small for its source": (
        lambda config: config["sources"]["wc"].update(draws=[{"model": "wc", "match": "compute", "fraction": 0.1}]),
        f"{CONFIG}: sources.wc under budgets.low: compute matching gives 0.3 samples of 'wc' per question,"
        " at least 1 is needed",
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_config_error_is_one_clear_line(fresh, case):
    change, message = CHANGES[case]
    fresh.change_config(change)
    done = fresh.run(options=("--dry-run",), check=False)
    assert done.returncode != 0
    assert message in last_words(done)
    assert not (fresh.folder / "results").exists()


def test_a_duplicate_key_is_reported_with_both_lines(fresh):
    path = fresh.folder / CONFIG
    lines = path.read_text().replace("  se: {draws:", "  wc: {draws:").splitlines()
    path.write_text("\n".join(lines))
    first, again = (number for number, line in enumerate(lines, start=1) if line.startswith("  wc: {draws:"))
    done = fresh.run(options=("--dry-run",), check=False)
    assert done.returncode != 0
    assert f"{CONFIG}:{again}: duplicate key 'wc', first in line {first}" in last_words(done)


def test_a_key_that_yaml_reads_as_a_truth_value_is_reported_with_its_line(fresh):
    path = fresh.folder / CONFIG
    text = path.read_text().replace("  low: {model: se", "  on: {model: se")
    path.write_text(text)
    line = text[: text.index("  on: {model: se")].count("\n") + 1
    done = fresh.run(options=("--dry-run",), check=False)
    assert done.returncode != 0
    assert f"{CONFIG}:{line}: YAML reads the key on as a truth value (write it in quotes: 'on')" in last_words(done)


def test_a_value_of_the_command_line_has_the_type_of_a_file_and_is_blamed_on_the_command_line(fresh):
    fresh.run("tables", options=("--dry-run", "--config", "sampling={temperature: 0.9}"))
    done = fresh.run("tables", options=("--dry-run", "--config", "sampling={temperature: hot}"), check=False)
    assert done.returncode != 0
    assert "\n--config: sampling.temperature: 'hot' is not of type number\n" in last_words(done)


@pytest.mark.parametrize(
    "target, line",
    {
        "code": f"{CONFIG}: no extra experiment is on data sets of task 'code' alone",
        "compare": "compare: no other study is named (--config other=results/<folder>)",
        "annotate": "annotate: nobody is named (--config annotator=NAME)",
    }.items(),
)
def test_a_target_that_the_study_cannot_make_ends_in_one_line_and_leaves_no_lock(fresh, target, line):
    for options in [("--dry-run",), ()]:
        done = fresh.run(target, options=options, check=False)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].endswith(line) and "Traceback" not in last_words(done)
    assert not list((fresh.folder / ".snakemake/locks").glob("*"))


def test_another_working_folder_is_refused_in_one_line(fresh, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    done = fresh.run(options=("--dry-run", "--directory", str(tmp_path / "elsewhere")), check=False)
    assert done.returncode != 0
    [line] = [line for line in last_words(done).splitlines() if line.startswith("this workflow")]
    assert f"start Snakemake in {fresh.folder}, without --directory" in line
    fresh.run("forecast", options=("--dry-run", "--directory", str(fresh.folder)))


def test_a_folder_whose_name_has_braces_is_refused_in_one_line(fresh, tmp_path):
    clone = fresh.copy(tmp_path / "study {1}")
    done = clone.run("forecast", options=("--dry-run",), check=False)
    assert done.returncode == 1
    [line] = [line for line in last_words(done).splitlines() if line.startswith("rename the folder")]
    assert str(clone.folder) in line


@pytest.mark.parametrize(
    "use", ['module yet_better:\n    snakefile: "{}"\nuse rule * from yet_better\n', 'include: "{}"\n']
)
def test_use_by_another_workflow_is_refused_in_one_line(fresh, tmp_path, use):
    other = tmp_path / "other"
    other.mkdir()
    (other / "Snakefile").write_text(use.format(fresh.folder / "Snakefile"))
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"]
    done = subprocess.run(command, cwd=other, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    [line] = [line for line in last_words(done).splitlines() if line.startswith("this workflow")]
    assert "cannot be a module of another one" in line


@pytest.mark.parametrize(
    ("end", "expected"), [("x: [\n", "not YAML"), ("seed: 1\n", "duplicate key 'seed', first in line 3")]
)
def test_a_fault_in_the_default_config_is_reported_with_its_line(fresh, end, expected):
    path = fresh.folder / "config" / "config.yaml"
    text = path.read_text()
    path.write_text(text + end)
    fresh.config = ""
    done = fresh.run(options=("--dry-run",), check=False)
    assert done.returncode != 0
    assert re.search(rf"config/config\.yaml:\d+: {expected}", last_words(done))


ROWS = [
    {"problem": f"p{number}", "question": f"What is {number} + 1?", "answer": str(number + 1)} for number in range(24)
]
BROKEN = {
    "a broken line": (ROWS[:4], '{"problem": "p4", "ques', "questions.jsonl:5: not JSON"),
    "a duplicate problem id": (
        [*ROWS[:3], ROWS[1] | {"question": "And?"}],
        "",
        "questions.jsonl:4: duplicate problem 'p1', first in line 2",
    ),
    "an answer that is not text": ([*ROWS[:2], ROWS[2] | {"answer": 3}], "", "questions.jsonl:3: answer is 3"),
    "a level that is a list": (
        [*ROWS[:2], ROWS[2] | {"level": [1]}],
        "",
        "questions.jsonl:3: level is [1], it must be text or a number",
    ),
    "half of a character": (
        [*ROWS[:2], ROWS[2] | {"question": "What is \ud83d?"}],
        "",
        r"questions.jsonl:3: question holds '\ud83d', half of a character; it must be text of whole ones",
    ),
    "a question of another split": (
        [*ROWS[:2], ROWS[2] | {"question": "test: What is 1 + 1?"}],
        "",
        "questions.jsonl:3: its question is also in test.jsonl:2, splits must be disjoint",
    ),
    "too few problems": (ROWS[:5], "", "questions.jsonl: 5 problems, the split asks for 24"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_bad_data_file_is_one_clear_line_in_the_failed_jobs_log(fresh, case):
    rows, end, message = BROKEN[case]
    (fresh.folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + end)
    for split in ("validation", "test"):
        others = [{"problem": row["problem"], "question": f"{split}: {row['question']}", "answer": "1"} for row in ROWS]
        (fresh.folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in others))

    def use_files(config):
        files = {"train": "questions.jsonl", "validation": "validation.jsonl", "test": "test.jsonl"}
        splits = {"train": 24, "validation": 4, "test": 4}
        config["datasets"]["hard"] |= {"adapter": "files", "files": files, "splits": splits, "fpr": "none"}
        config["datasets"]["hard"]["benchmarks"] = {"test": {"greedy": 4}}

    fresh.change_config(use_files)
    target = "results/miniature/problems/hard/train.jsonl"
    done = fresh.run(target, options=("--show-failed-logs",), check=False)
    assert done.returncode != 0
    assert message in last_words(done)
    assert not (fresh.folder / target).exists()
    assert not list((fresh.results / "problems").glob("**/*.part"))
