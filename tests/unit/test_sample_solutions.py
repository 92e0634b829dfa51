"""A block of a pool is drawn once, exactly, whatever happens to the job that draws it."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from test_generation import save_model

import sample_solutions
from yetbetter import program
from yetbetter.errors import UserError
from yetbetter.generation.blocks import plan_batches, prompt_of
from yetbetter.records import read_json, read_rows, write_rows

torch.set_num_threads(1)

PROGRAM = sample_solutions.__file__
PROBLEMS, SAMPLES, BATCH = 10, 6, 14  # a batch holds two whole problems: five batches


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Two tiny random models."""
    folder = tmp_path_factory.mktemp("models")
    return [save_model(folder / name, seed) for seed, name in enumerate("ab")]


@pytest.fixture
def place(tmp_path, models):
    """A folder with problems and a prompt; `arguments` of a first block."""
    questions = [" ".join(f"w{random.Random(i).randrange(40)}" for _ in range(3 + i)) for i in range(PROBLEMS + 3)]
    write_rows(tmp_path / "P.jsonl", [{"problem": f"p{i}", "question": text} for i, text in enumerate(questions)])
    (tmp_path / "T.txt").write_text("w1 {question} w2", encoding="utf-8")
    return tmp_path


def arguments(place, models, output="S.jsonl", **changes):
    options = {
        "problems": place / "P.jsonl",
        "problems-count": PROBLEMS,
        "samples": SAMPLES,
        "model-name": "wc",
        "model": models[0],
        "prompt": place / "T.txt",
        "temperature": 1.0,
        "top-k": 10,
        "max-new-tokens": 30,
        "batch-size": BATCH,
        "seed": 7,
        "output": place / output,
        "about": place / f"{output}.about.json",
        "drafts": place / ".drafts",
    }
    options |= {name.replace("_", "-"): value for name, value in changes.items()}
    return [PROGRAM] + [f"--{name}={value}" for name, value in options.items()]


def draw(*given, **changes) -> Path:
    """Run the program in this process."""
    line = arguments(*given, **changes)
    before, sys.argv = sys.argv, line
    try:
        sample_solutions.main()
    finally:
        sys.argv = before
    return Path(next(word for word in line if word.startswith("--output=")).partition("=")[2])


def start(line, prepare=lambda: None) -> int:
    """The program in a fork of this process, which has its libraries loaded already; its process id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            prepare()
            sys.argv = line
            program.run(sample_solutions.main)
            status = 0
        except SystemExit as end:
            print(end, file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    return child


def finish(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def draft_of(place, output="S.jsonl") -> Path:
    return next((place / ".drafts" / output).glob("*/solutions.jsonl"))


def recorded(path: Path) -> list[tuple]:
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return [(row["problem"], row["sample"]) for row in map(json.loads, lines)]


def test_rows_are_in_the_order_of_problems_and_samples_and_say_how_they_were_drawn(place, models):
    output = draw(place, models, first_problem=2, first_sample=3)
    rows = read_rows(output)
    expected = [(f"p{i}", sample) for i in range(2, 2 + PROBLEMS) for sample in range(3, 3 + SAMPLES)]
    assert [(row["problem"], row["sample"]) for row in rows] == expected
    keys = ["problem", "sample", "text", "tokens", "prompt_tokens", "finish_reason", "seed"]
    assert all(list(row) == keys for row in rows)
    assert all(row["tokens"] <= 30 and len(row["text"].split()) <= row["tokens"] for row in rows)
    assert {row["prompt_tokens"] for row in rows} == {6 + i for i in range(2, 2 + PROBLEMS)}

    about = read_json(f"{output}.about.json")
    assert about["counts"] == {"problems": PROBLEMS, "samples": PROBLEMS * SAMPLES}
    assert about["completion_tokens"] == sum(row["tokens"] for row in rows)
    assert about["prompt_tokens"] == sum(6 + i for i in range(2, 2 + PROBLEMS))
    assert about["seconds"] > 0
    assert about["length_cuts"] == about["finish_reasons"]["length"] > 0
    assert about["empty_completions"] == sum(row["text"] == "" for row in rows) > 0


def test_every_sample_of_a_pool_has_its_own_random_stream_whatever_the_block(place, models):
    blocks = [
        draw(place, models, "0.jsonl", problems_count=4),
        draw(place, models, "1.jsonl", problems_count=4, first_problem=4),
        draw(place, models, "2.jsonl", problems_count=4, first_sample=SAMPLES),
        draw(place, models, "3.jsonl", problems_count=4, model_name="se"),
        draw(place, models, "4.jsonl", problems_count=4, seed=8),
    ]
    seeds = [row["seed"] for block in blocks for row in read_rows(block)]
    assert len(set(seeds)) == len(seeds) == 5 * 4 * SAMPLES
    abouts = [read_json(f"{block}.about.json") for block in blocks]
    assert abouts[0]["pool"] == abouts[1]["pool"] == abouts[2]["pool"]
    assert len({json.dumps(about["block"]) for about in abouts[:3]}) == 3
    assert abouts[3]["pool"] != abouts[0]["pool"] != abouts[4]["pool"]


def test_a_sample_is_the_same_in_whatever_block_it_is_drawn(place, models):
    whole = read_rows(draw(place, models))
    part = read_rows(draw(place, models, "part.jsonl", first_problem=3, problems_count=2, first_sample=2, samples=3))
    assert part == [row for row in whole if row["problem"] in ("p3", "p4") and 2 <= row["sample"] < 5]


def test_a_last_block_holds_what_is_left_and_none_is_an_error(place, models):
    rows = read_rows(draw(place, models, first_problem=10))
    assert {row["problem"] for row in rows} == {"p10", "p11", "p12"}
    with pytest.raises(UserError, match="holds 13 problems, --first-problem is 13"):
        draw(place, models, "none.jsonl", first_problem=13)


@pytest.mark.parametrize("batch_size", [1, 4, 6, 100])
def test_batches_hold_every_sample_once_whatever_their_size(place, models, batch_size):
    problems = tuple({"problem": str(i), "question": "w1"} for i in range(5))
    batches = plan_batches(problems, 2, 6, batch_size)
    assert all(len(batch) <= max(batch_size, 1) for batch in batches)
    everything = [(row["problem"], row["sample"]) for batch in batches for row in batch]
    assert everything == [(str(i), sample) for i in range(5) for sample in range(2, 8)]


def drafted(place) -> int:
    return sum(path.stat().st_size for path in (place / ".drafts" / "S.jsonl").glob("*/solutions.jsonl"))


def ended(child: int) -> bool:
    """Whether a child has exited; it is left to be waited for."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_a_job_killed_again_and_again_ends_with_the_file_of_an_undisturbed_one(place, models):
    expected = draw(place, models, "undisturbed.jsonl", batch_size=3, max_new_tokens=60).read_bytes()
    line = arguments(place, models, batch_size=3, max_new_tokens=60)
    stream = random.Random(1)
    grown = set()
    for number in range(12):
        child = start(line)
        # Every other kill waits for the file to grow, so that some hit the drawing on the slowest machine too.
        before = drafted(place)
        patience = time.monotonic() + 60
        while number % 2 and drafted(place) == before and time.monotonic() < patience and not ended(child):
            time.sleep(0.001)
        time.sleep(stream.uniform(0, 0.1))
        os.kill(child, signal.SIGKILL)
        finish(child)
        for draft in (place / ".drafts" / "S.jsonl").glob("*/solutions.jsonl"):
            rows = recorded(draft)
            assert len(set(rows)) == len(rows)
            grown.add(len(rows))
    assert finish(start(line)) == 0
    assert (place / "S.jsonl").read_bytes() == expected
    assert len(recorded(draft_of(place))) == PROBLEMS * SAMPLES
    assert len(grown) > 2, "no kill met a job at work"


@pytest.mark.parametrize("size", [0.3, 0.5, 0.77, 0.999])
def test_a_torn_batch_is_drawn_again_whole(place, models, size):
    output = draw(place, models)
    whole = output.read_bytes()
    draft = draft_of(place)
    (draft.parent / "sealed.json").unlink()
    output.unlink()
    os.truncate(draft, int(size * len(whole)))
    draw(place, models)
    assert draft.read_bytes() == output.read_bytes() == whole


def test_rows_that_are_not_the_expected_ones_are_not_kept(place, models):
    output = draw(place, models)
    whole = output.read_bytes()
    draft = draft_of(place)
    (draft.parent / "sealed.json").unlink()
    output.unlink()
    lines = whole.splitlines(keepends=True)
    draft.write_bytes(b"".join(lines[:20] + lines[30:40]))
    draw(place, models)
    assert output.read_bytes() == whole


def test_a_finished_block_is_published_again_without_loading_any_model_library(place, models):
    output = draw(place, models)
    before = output.read_bytes(), Path(f"{output}.about.json").read_bytes()
    (place / "poison").mkdir()
    for name in ("torch", "transformers", "numpy"):
        (place / "poison" / f"{name}.py").write_text("raise SystemExit('this library was loaded')")
    os.unlink(output)
    os.unlink(f"{output}.about.json")
    done = subprocess.run(
        [sys.executable, *arguments(place, models)],
        env=os.environ | {"PYTHONPATH": str(place / "poison")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (output.read_bytes(), Path(f"{output}.about.json").read_bytes()) == before
    assert not [name for name in os.listdir(place) if name.endswith(".part")]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"temperature": 0.5}, "temperature was 1.0, is 0.5"),
        ({"model": 1}, "model was '"),
        ({"batch_size": 7}, "batch_size was 14, is 7"),
        ({"stop": "w3"}, "stop was [], is ['w3']"),
        ("prompt", "prompt was 'w1 {question} w2', is 'w1 {question} w3'"),
        ("question", "questions was '"),
    ],
)
def test_a_partial_draft_of_other_settings_is_drawn_from_scratch_and_one_line_says_why(
    place, models, change, wanted, capfd
):
    draw(place, models)
    old = draft_of(place)
    (old.parent / "sealed.json").unlink()
    os.truncate(old, 2000)
    kept = old.read_bytes()
    capfd.readouterr()
    if change == "prompt":
        (place / "T.txt").write_text("w1 {question} w3", encoding="utf-8")
    elif change == "question":
        rows = read_rows(place / "P.jsonl")
        write_rows(place / "P.jsonl", [rows[0] | {"question": "w9"}, *rows[1:]])
    elif "model" in change:
        change = {"model": models[change["model"]]}
    changes = change if isinstance(change, dict) else {}
    output = draw(place, models, **changes)
    lines = [line for line in capfd.readouterr().err.splitlines() if "starting from scratch" in line]
    assert len(lines) == 1 and wanted in lines[0]
    assert old.read_bytes() == kept
    fresh = draw(place, models, "fresh.jsonl", **changes | {"drafts": place / "other"})
    assert output.read_bytes() == fresh.read_bytes()


def test_other_weights_draw_other_samples_from_the_same_streams(place, models):
    rows, others = (read_rows(draw(place, models, f"{i}.jsonl", model=model)) for i, model in enumerate(models))
    assert [row["seed"] for row in others] == [row["seed"] for row in rows]
    assert [row["text"] for row in others] != [row["text"] for row in rows]


def test_a_full_disk_leaves_nothing_half_written_and_the_job_can_resume(place, models, capfd):
    expected = draw(place, models, "undisturbed.jsonl").read_bytes()
    limit = len(expected) // 2
    child = start(arguments(place, models), lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert finish(child) == 1
    assert "File too large" in capfd.readouterr().err.splitlines()[-1]
    assert sorted(name for name in os.listdir(place) if name.startswith(("S.", ".S"))) == []
    assert finish(start(arguments(place, models))) == 0
    assert (place / "S.jsonl").read_bytes() == expected


def test_an_output_folder_that_cannot_be_made_is_reported_before_anything_is_drawn(place, models, capfd):
    (place / "file").write_text("")
    assert finish(start(arguments(place, models, "file/S.jsonl"))) == 1
    assert "file" in capfd.readouterr().err
    assert not (place / ".drafts").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "resources/pocket/nowhere"}, "--model resources/pocket/nowhere: no such folder"),
        ({"model": "/nowhere"}, "--model /nowhere: no such folder"),
        ({"engine": "abacus"}, "--engine is 'abacus', allowed: transformers"),
        ({"temperature": -1}, "--temperature is -1.0"),
        ({"stop": ""}, "--stop is empty"),
        ({"max_new_tokens": 120}, "do not fit the model's context of 128"),
        ({"max_context": 20}, "do not fit the model's context of 20"),
    ],
)
def test_bad_arguments_are_reported_in_one_line(place, models, change, message):
    with pytest.raises(UserError, match=message):
        draw(place, models, **change)
    assert not (place / "S.jsonl").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"problem": "a", "question": "w1"}\n{"problem": "a", "question": "w2"}\n',
            "P.jsonl:2: duplicate problem 'a'",
        ),
        ('{"problem": "a", "question": "w1"}\n{"problem": "b", "quest\n', "P.jsonl:2: not JSON"),
        ('{"problem": "a", "question": "w1"}\n\udcff\n', "P.jsonl:2: not UTF-8"),
        ('{"problem": "a"}\n', "P.jsonl:1: no 'question' in the row"),
        ('{"problem": "a", "question": 3}\n', "P.jsonl:1: question is 3"),
        ('{"problem": "a", "question": "w1 "}\n', "problem 'a': its question ends in white space"),
        ("", "holds 0 problems"),
    ],
)
def test_bad_problems_are_reported_with_their_line(place, models, text, message):
    (place / "P.jsonl").write_text(text, encoding="utf-8", errors="surrogateescape")
    if "ends in" in message:
        (place / "T.txt").write_text("w1 {question}", encoding="utf-8")
    with pytest.raises(UserError, match=message):
        draw(place, models)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("w1", "found 0 times"),
        ("{question} {question}", "found 2 times"),
        ("{question} w2 ", "must not end in a space"),
        ("{question}\n", "must not end in a space"),
    ],
)
def test_a_prompt_without_exactly_one_question_or_with_space_at_its_end_is_refused(place, models, text, message):
    (place / "T.txt").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message):
        draw(place, models)


def test_braces_in_prompt_and_question_are_plain_text():
    row = {"problem": "a", "question": r"\frac{1}{question}"}
    assert prompt_of(row, "{0} {x} {question} {}") == r"{0} {x} \frac{1}{question} {}"


def test_a_chat_is_the_filled_prompt_in_the_models_own_format_and_part_of_the_identity(place, models):
    plain = draw(place, models)
    folder = place / "chatty"
    shutil.copytree(models[0], folder)
    (folder / "chat_template.jinja").write_text("{{ bos_token }} w3 {{ messages[0]['content'] }} w4 w5")
    chat = draw(place, [folder], output="C.jsonl", **{"model-name": "wc"})
    line = arguments(place, [folder], output="D.jsonl")
    before, sys.argv = sys.argv, [*line, "--chat"]
    try:
        sample_solutions.main()
    finally:
        sys.argv = before
    counts = [{row["prompt_tokens"] for row in read_rows(place / name)} for name in ("S.jsonl", "C.jsonl", "D.jsonl")]
    assert counts[0] == counts[1]
    assert counts[2] == {count + 3 for count in counts[0]}
    assert "chat" not in read_json(Path(f"{plain}.about.json"))["pool"] | read_json(Path(f"{chat}.about.json"))["pool"]
    assert read_json(place / "D.jsonl.about.json")["pool"]["chat"] is True
