"""How far a judge agrees with people's labels."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from judge_model import call, refusal, save_judge

import judge_solutions
from yetbetter.judging.agreement import measure_agreement, read_labelled, show_agreement
from yetbetter.records import read_json, read_rows, write_rows

DATA = Path(os.environ.get("YETBETTER_DATA") or Path(__file__).parents[2].parent / "shared" / "data")


def labelled(sound_sound: int, sound_flawed: int, flawed_sound: int, flawed_flawed: int, silent: int = 0) -> dict:
    counts = {(1, "sound"): sound_sound, (1, "flawed"): sound_flawed, (0, "sound"): flawed_sound}
    counts |= {(0, "flawed"): flawed_flawed, (1, "no_verdict"): silent}
    pairs = [(bool(label), verdict) for (label, verdict), count in counts.items() for _ in range(count)]
    return measure_agreement([label for label, _ in pairs], [verdict for _, verdict in pairs])


def test_agreement_is_what_a_hand_computes():
    found = labelled(20, 5, 10, 15, silent=7)
    # accuracy 35/50; chance (25 * 30 + 25 * 20) / 50^2 = 0.5; kappa (0.7 - 0.5) / 0.5
    values = {name: found[name]["value"] for name in ("accuracy", "kappa", "sensitivity", "specificity")}
    assert values == pytest.approx({"accuracy": 0.7, "kappa": 0.4, "sensitivity": 15 / 25, "specificity": 20 / 25})
    assert (found["rows"], found["decided"], found["no_verdict"]) == (57, 50, 7)
    assert found["confusion"] == {
        "sound": {"sound": 20, "flawed": 5, "no_verdict": 7},
        "flawed": {"sound": 10, "flawed": 15, "no_verdict": 0},
    }
    # Fleiss, Cohen and Everitt 1969: the standard error is 0.127 here.
    assert found["kappa"]["low"] == pytest.approx(0.4 - 1.96 * 0.127, abs=0.04)
    assert found["kappa"]["high"] == pytest.approx(0.4 + 1.96 * 0.127, abs=0.04)


@pytest.mark.parametrize(
    ("counts", "kappa"),
    [((30, 0, 0, 20), 1), ((0, 30, 20, 0), (0 - 0.48) / 0.52), ((45, 15, 25, 15), (0.6 - 0.54) / 0.46)],
)
def test_kappa_of_known_tables(counts, kappa):
    assert labelled(*counts)["kappa"]["value"] == pytest.approx(kappa)


@pytest.mark.parametrize("counts", [(9, 0, 3, 0), (0, 9, 0, 3), (9, 3, 0, 0), (0, 0, 9, 3)])
def test_kappa_is_undefined_and_not_surely_0_if_one_side_says_the_same_of_everything(counts):
    found = labelled(*counts)
    assert found["kappa"] == {"value": None, "low": None, "high": None}
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]


@pytest.mark.parametrize("counts", [(0, 0, 0, 0, 5), (9, 0, 0, 0), (0, 0, 0, 4), (1, 0, 0, 0)])
def test_a_measure_that_nothing_defines_is_null_and_said_so(counts):
    found = labelled(*counts)
    assert found["kappa"] == {"value": None, "low": None, "high": None}
    json.loads(json.dumps(found, allow_nan=False))
    assert "undefined" in show_agreement("all", found)


def test_both_labelled_formats_are_read(tmp_path):
    plain = {"question": "q", "solution": "s", "sound": True, "answer": 4}
    ling = {"question": "q", "answer": "s", "flag": 0, "gt_answer": "2+2\n#### 4", "correct": True, "final_answer": 4}
    write_rows(tmp_path / "L.jsonl", [plain, ling])
    first, second = read_labelled(tmp_path / "L.jsonl")
    assert first == {
        "problem": "L:1", "question": "q", "solution": "s", "answer": "4", "sound": True, "correct": None
    }  # fmt: skip
    assert second == first | {"problem": "L:2", "sound": False, "correct": True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no rows"),
        ('{"question": "q", "solution": "s", "sound": "yes"}', "L.jsonl:1: sound is 'yes'"),
        ('{"question": "q", "solution": "s"}', "L.jsonl:1: sound is None"),
        ('{"question": "q", "sound": true}', "L.jsonl:1: no solution"),
        ('{"question": "q", "answer": "s", "flag": 2}', "L.jsonl:1: flag is 2"),
        ('{"solution": "s", "sound": true}', "L.jsonl:1: no 'question'"),
    ],
)
def test_a_labelled_file_with_a_fault_is_refused_with_its_line(tmp_path, text, message):
    (tmp_path / "L.jsonl").write_text(text)
    assert message in refusal(read_labelled, tmp_path / "L.jsonl")


def test_a_labelled_file_that_an_editor_saved_is_the_same(tmp_path):
    rows = [{"question": "q", "solution": f"s{number}", "sound": 1, "answer": "4"} for number in range(3)]
    write_rows(tmp_path / "L.jsonl", rows)
    clean, content = read_labelled(tmp_path / "L.jsonl"), (tmp_path / "L.jsonl").read_bytes()
    (tmp_path / "L.jsonl").write_bytes(b"\xef\xbb\xbf\r\n" + content.replace(b"\n", b"\r\n\r\n"))
    assert read_labelled(tmp_path / "L.jsonl") == clean
    (tmp_path / "L.jsonl").write_bytes(b"\n\n" + content.replace(b'"sound": 1', b'"sound": 7'))
    assert refusal(read_labelled, tmp_path / "L.jsonl").startswith(f"{tmp_path / 'L.jsonl'}:3: sound is 7")


def test_a_judge_is_measured_against_labels(tmp_path, capsys):
    judge = save_judge(tmp_path / "judge")
    # The judge goes by the last word: right on the first three, wrong on the fourth, silent on the last two.
    texts = [
        ("good", 1, 1),
        ("bad", 0, 1),
        ("bad", 0, 0),
        ("good", 0, 1),
        ("both", 1, 1),
        ("Verdict: sound quiet", 0, 1),
    ]
    rows = [{"question": "q", "answer": t, "flag": f, "gt_answer": "4", "correct": bool(c)} for t, f, c in texts]
    write_rows(tmp_path / "L.jsonl", rows)
    (tmp_path / "T.txt").write_text("{question} {answer} {solution}")
    files = [f"--{name}={tmp_path / name}" for name in ("output", "about", "agreement")]
    asked = (f"--labelled={tmp_path / 'L.jsonl'}", f"--prompt={tmp_path / 'T.txt'}", f"--model={judge}")
    call(judge_solutions, *asked, *files, "--max-new-tokens=4")
    verdicts = [row["verdict"] for row in read_rows(tmp_path / "output")]
    assert verdicts == ["sound", "flawed", "flawed", "sound", "no_verdict", "no_verdict"]
    groups = read_json(tmp_path / "agreement")["groups"]
    assert groups["all"]["accuracy"]["value"] == 0.75
    assert groups["all"]["kappa"]["value"] == pytest.approx(0.5)  # chance (1 * 2 + 3 * 2) / 16
    assert groups["right answers"]["confusion"]["flawed"] == {"sound": 1, "flawed": 1, "no_verdict": 1}
    printed = capsys.readouterr().out
    assert "right answers: 5 labelled solutions, 3 with a verdict" in printed
    # Other labels for the same texts ask nothing again.
    write_rows(tmp_path / "L.jsonl", [row | {"flag": 1} for row in rows])
    call(judge_solutions, *asked, *files, "--max-new-tokens=4")
    assert read_json(tmp_path / "agreement")["groups"]["all"]["kappa"]["value"] is None  # all labels are alike
    assert "judgements:" not in capsys.readouterr().err


def test_the_labelled_solutions_of_ling_et_al_are_read():
    path = DATA / "false_positives" / "gsm8k_100.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path}: set YETBETTER_DATA to the folder of the shared data")
    rows = read_labelled(path)
    counts = Counter((row["correct"], row["sound"]) for row in rows)
    assert counts == {(True, True): 50, (True, False): 15, (False, False): 35}
    assert rows[0]["answer"] == "1260"
    assert all("####" not in row["answer"] for row in rows)
