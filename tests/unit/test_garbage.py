"""Every program with garbage for each of its options ends in one line that says what is wrong, not in a traceback.

The programs and their options are found by `garbage.py`; a new program needs no line here.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from garbage import ROOT, load, programs

from yetbetter import program


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> dict[str, list]:
    folder = tmp_path_factory.mktemp("garbage")
    command = [sys.executable, str(Path(__file__).with_name("garbage.py")), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_every_program_is_found_and_called(calls):
    assert set(calls) == set(programs()) and len(calls) >= 42
    few = {name for name, made in calls.items() if len(made) < 10}
    # Those without options, or with a flag.
    assert few <= {"workflow/scripts/run_in_container.py", "tools/update_docs.py", "benchmarks/extraction.py"}


@pytest.mark.parametrize("name", programs())
def test_garbage_ends_a_program_in_one_line(name, calls):
    for arguments, outcome, errors in calls[name]:
        assert outcome in ("accepted", "refused"), f"{arguments}\n{outcome}"
        assert "Traceback" not in errors and "usage:" not in errors, arguments
        if outcome == "refused":
            *before, last = errors.splitlines()
            assert ": error: " in last and last.partition(": error: ")[2].strip(), (arguments, errors)
            # Only a program that had begun its work may have written about it before.
            assert not any(": error: " in line for line in before), (arguments, errors)


def test_most_garbage_is_refused(calls):
    """What a program accepts are names, and counts that are possible: the sweep reaches what checks them."""
    made = [outcome for results in calls.values() for _, outcome, _ in results]
    assert made.count("refused") > 0.6 * len(made) > 3000


@pytest.mark.parametrize(
    ("name", "arguments", "part"),
    [
        ("measure_arm", ["--exact=wc=1"], "--exact: 'wc=1' is not a number above 0"),
        ("measure_arm", ["--questions=-1"], "--questions: '-1' is not a whole number of at least 1"),
        ("grade_solutions", ["--seconds=nan"], "--seconds: 'nan' is not a number above 0"),
        ("tabulate_training", ["--cells", "a/b"], "cell 'a/b': must be DATASET/BUDGET/SOURCE/TARGET/SEED"),
        ("describe_study", ["--config=[]"], "--config: not a JSON object: []"),
    ],
)
def test_the_line_names_the_option_what_it_holds_and_what_is_allowed(name, arguments, part, calls):
    found = [errors for made, _, errors in calls[f"workflow/scripts/{name}.py"] if made[-len(arguments) :] == arguments]
    if not found:  # not among the sweep's values
        command = [sys.executable, str(ROOT / f"workflow/scripts/{name}.py"), *arguments]
        found = [subprocess.run(command, capture_output=True, text=True).stderr]
    assert part in found[0]


@pytest.mark.parametrize("name", programs())
def test_a_real_process_ends_in_one_line(name, tmp_path):
    """As from a shell: exit status, nothing on stdout, and bytes that are not UTF-8 in the command line."""
    command = [sys.executable, str(programs()[name]), b"--no-such-option=\xff"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment, timeout=300)
    lines = done.stderr.decode().splitlines()
    assert done.returncode in (1, 2) and not done.stdout, done
    assert len(lines) == 1 and f"{Path(name).name}: error: " in lines[0], lines


@pytest.mark.parametrize("text", ["", "x", "1.5", "nan", "inf", "0", "-1", "9" * 400, "9" * 5000])
def test_a_whole_number_is_within_its_bounds(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"^[^\n]{1,99} is not a whole number of at least 1$"):
        program.whole(1)(text)
    assert program.whole(1)("7") == 7


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "1e999", "-1", "0", "9" * 400])
def test_a_number_is_finite_and_within_its_bounds(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"^[^\n]{1,99} is not a number above 0$"):
        program.number(above=True)(text)
    assert program.number(above=True)("0.5") == 0.5 and program.number()("0") == 0


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("digest_problems", ["--problems", "a", "b", "--output", "./b"], "--output: 'b' is also --problems"),
        ("digest_problems", ["--problems", "a", "link", "--output", "b"], "--output: 'link' is also --problems"),
        ("digest_problems", ["--problems", "a", "--output", "new"], ""),
        (
            "select_human_solutions",
            ["--problems", "a", "--prompt", "b", "--output", "new", "--digest", "x/../new", "--counts", "c"],
            "--output: 'x/../new' is also --digest",
        ),
    ],
)
def test_an_output_over_an_input_or_another_output_is_refused(tmp_path, monkeypatch, capsys, name, arguments, message):
    monkeypatch.chdir(tmp_path)
    for file in ("a", "b"):
        (tmp_path / file).write_text("x")
    (tmp_path / "link").symlink_to("b")
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    main = load(ROOT / f"workflow/scripts/{name}.py").main
    if not message:
        main()
        assert (tmp_path / "new").exists()
        return
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == f"{name}: error: argument {message}\n"
    assert (tmp_path / "b").read_text() == "x"


def test_every_option_that_names_a_result_is_an_output():
    """What rules write by an option is marked there."""
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        text = path.read_text(encoding="utf-8")
        for program_name, command in re.findall(r"workflow/scripts/(\w+)\.py(.*?)2>&1", text, re.DOTALL):
            written = re.findall(r"--([\w-]+) \{output[.\w]*:q\}", command)
            source = (ROOT / f"workflow/scripts/{program_name}.py").read_text(encoding="utf-8")
            # Arguments that several programs have are added by modules that they import.
            for module in re.findall(r"^from (yetbetter[\w.]+) import", source, re.MULTILINE):
                imported = ROOT / f"workflow/scripts/{module.replace('.', '/')}.py"
                source += imported.read_text(encoding="utf-8") if imported.exists() else ""
            for option in written:
                assert re.search(rf'"--{option}",\s*action=(program\.)?Output', source), (program_name, option)
