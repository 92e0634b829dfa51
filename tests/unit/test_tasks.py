"""The registry of tasks: what grading, checking and scoring make of a problem, by its task."""

import pytest

from yetbetter import execution
from yetbetter.data.own_files import check_problems
from yetbetter.errors import UserError
from yetbetter.execution.form import form_of
from yetbetter.tasks import CHECKS, CONVENTIONS, TASKS, Options, Solution
from yetbetter.verdicts import CORRECT, INCORRECT, INVALID, NO_ANSWER, UNREADABLE, VALID

PROBLEM = {
    "problem": "double",
    "question": "Double the number.",
    "answer": "def f(x):\n    return 2 * x\n",
    "entry_point": "f",
    "tests": ["assert f(1) == 2", "assert f(2) == 4"],
    "hidden_tests": ["assert f(-3) == -6", "assert f(0) == 0"],
}
RIGHT = "\ndef f(x):\n    return x + x\n"
CODE, PROGRAM = TASKS["code"], Options("program", workers=2)


def graded(task: str, problem: dict, texts: list[str], options: Options) -> list[dict]:
    reference = TASKS[task].reference_of(problem, "here")
    solutions = [Solution(problem["problem"], number, text, reference) for number, text in enumerate(texts)]
    return list(TASKS[task].verdicts(solutions, options))


def test_each_convention_names_its_task():
    assert CONVENTIONS["program"] is CODE and CONVENTIONS["boxed"] is TASKS["math"]
    assert sum(len(task.conventions) for task in TASKS.values()) == len(CONVENTIONS)
    assert all(check in CHECKS for task in TASKS.values() for check in task.checks)


def test_final_answers_are_graded_in_order():
    rows = graded("math", {"problem": "p", "answer": "4"}, ["So \\boxed{4}", "\\boxed{5}", "?"], Options("boxed"))
    assert [(row["sample"], row["verdict"]) for row in rows] == [(0, CORRECT), (1, INCORRECT), (2, NO_ANSWER)]


def test_programs_are_graded_by_their_visible_tests():
    fixed = "def f(x):\n    return {1: 2, 2: 4}[x]\n"
    texts = [RIGHT, fixed, "def f(x):\n    return x\n", "I do not know."]
    rows = graded("code", PROBLEM, texts, PROGRAM)
    assert [row["verdict"] for row in rows] == [CORRECT, CORRECT, INCORRECT, NO_ANSWER]
    assert (rows[2]["error"], rows[2]["failed_test"]) == ("AssertionError", 0)


def test_equal_programs_of_a_problem_run_once(monkeypatch):
    ran = []

    def counted(box, programs, *rest):
        return run_programs(box, (ran.append(program) or (program, tests) for program, tests in programs), *rest)

    run_programs = execution.run_programs
    monkeypatch.setattr(execution, "run_programs", counted)
    wrong, fenced = "def f(x):\n    return x\n", f"```python{RIGHT}```"
    texts = [wrong, wrong, RIGHT.strip(), fenced, "none", wrong, RIGHT.strip(), "nothing"]
    rows = graded("code", PROBLEM, texts, PROGRAM)
    expected = [INCORRECT, INCORRECT, CORRECT, CORRECT, NO_ANSWER, INCORRECT, CORRECT, NO_ANSWER]
    assert [(row["sample"], row["verdict"]) for row in rows] == list(enumerate(expected))
    assert len(ran) == 3  # one of them None, for a text without a program
    # Another problem's equal program is run for itself.
    ran.clear()
    other = PROBLEM | {"problem": "same", "tests": ["assert f(1) == 1"]}
    pair = [Solution(each["problem"], 0, wrong, CODE.reference_of(each, "here")) for each in (PROBLEM, other)]
    assert [row["verdict"] for row in CODE.verdicts(pair, PROGRAM)] == [INCORRECT, CORRECT]
    assert len(ran) == 2
    # So is that of a problem with this name in another benchmark, whose tests are others.
    pair = [solution._replace(problem="double") for solution in pair]
    assert [row["verdict"] for row in CODE.verdicts(pair, PROGRAM)] == [INCORRECT, CORRECT]


def test_right_programs_that_fail_hidden_tests_are_false_positives():
    fixed = "def f(x):\n    return {1: 2, 2: 4}[x]\n"
    without = PROBLEM | {"hidden_tests": None}
    answers = [(fixed, PROBLEM), (RIGHT, without), (RIGHT, PROBLEM), (RIGHT, without)]
    assert list(CHECKS["tests"].run(iter(answers), PROGRAM)) == [INVALID, UNREADABLE, VALID, UNREADABLE]


def test_the_blank_before_a_completion_is_no_indentation():
    assert graded("code", PROBLEM, [" def f(x):\n    return 2 * x"], PROGRAM)[0]["verdict"] == CORRECT


def test_a_completion_of_a_signature_is_a_program():
    shown = PROBLEM | {"signature": "def f(x):\n    '''Double x.'''\n"}
    assert graded("code", shown, ["    return 2 * x\n\nprint(f(1))"], PROGRAM)[0]["verdict"] == CORRECT


def test_tests_may_be_given_whole():
    reference = CODE.reference_of(PROBLEM, "here")
    again = CODE.reference_of(PROBLEM | {"tests": reference.tests.as_plain()}, "here")
    assert again == reference


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tests": []}, "here: no tests"),
        ({"tests": "assert f(1) == 2"}, "here: tests must be a list of texts"),
        ({"tests": ["assert f(1) =="]}, "here: a test is not Python"),
        ({"tests": {"functions": ["f"]}}, "here: tests lacks functions, setup, statements or values"),
        ({"entry_point": "f(x)"}, "here: 'f(x)' is not the name of a function"),
        ({"entry_point": 3}, "here: entry_point must be the name of a function, it is 3"),
        ({"setup": ["import math"]}, "here: setup must be text, it is ['import math']"),
        ({"signature": 3}, "here: signature must be text, it is 3"),
    ],
)
def test_a_problem_that_cannot_be_tested_is_refused(change, message):
    with pytest.raises(UserError) as failure:
        CODE.reference_of(PROBLEM | change, "here")
    assert str(failure.value).startswith(message)


def test_sampled_programs_score_pass_at_k_and_sampled_answers_a_vote():
    rows = [{"verdict": CORRECT, "answer": "1"}, *[{"verdict": INCORRECT, "answer": "2"}] * 7]
    assert CODE.score_samples(rows) == {"pass@4": pytest.approx(1 / 2), "pass@8": pytest.approx(1)}
    assert TASKS["math"].score_samples(rows) == {
        "maj@1": pytest.approx(1 / 8),
        "maj@4": pytest.approx(0),
        "maj@8": pytest.approx(0),
    }
    assert CODE.score_samples([]) == TASKS["math"].score_samples([]) == {}


def test_programs_have_one_form_if_they_differ_in_names_layout_and_comments_alone():
    one = "def f(xs):\n    '''Sum.'''\n    total = 0\n    for x in xs:\n        total += x  # add\n    return total\n"
    other = "def f(values):\n    s = 0\n    for v in values:\n\n        s += v\n    return s\n"
    assert form_of(one) == form_of(other)
    for different in ("def f(xs):\n    return sum(xs)\n", "def f(xs):\n    return max(xs)\n", "def f(xs) return", ""):
        assert form_of(different) != form_of(one)
    assert len({form_of(f"def f(x):\n    return {name}(x)\n") for name in ("sum", "max", "min")}) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, ""),
        ({"answer": "def f(x):\n    return x\n"}, "its answer fails its own tests (AssertionError in test 0)"),
        ({"answer": "def g(x):\n    return 2 * x\n"}, "its answer fails its own tests (NameError in test 0)"),
        ({"answer": "def f(x):\n    return" + " 2" * 10**6}, "its answer fails its own tests (ProgramTooLarge)"),
        ({"tests": ["assert g(1) == 2"]}, "no test names 'f'"),
        ({"tests": []}, "no tests"),
        ({"hidden_tests": ["assert f(3) == 6", "assert f(3) == 7"]}, "its answer fails its own hidden tests"),
    ],
)
def test_own_problems_whose_tests_fail_their_own_answer_are_refused(change, message):
    rows = [PROBLEM, PROBLEM | {"problem": "second"} | change]
    if not message:
        check_problems(rows, "P.jsonl", CODE)
        return
    with pytest.raises(UserError) as failure:
        check_problems(rows, "P.jsonl", CODE)
    assert str(failure.value) == f"P.jsonl:2: problem 'second': {message}"


def test_hidden_tests_that_are_none_are_refused_when_problems_are_read():
    rows = [PROBLEM | {"hidden_tests": "assert f(1) == 2"}]
    with pytest.raises(UserError, match=r"^P.jsonl: problem 'double': hidden_tests must be a list of texts"):
        check_problems(rows, "P.jsonl", CODE)
    check_problems([PROBLEM | {"hidden_tests": None}], "P.jsonl", CODE)


def test_own_problems_without_tests_are_refused():
    rows = [{key: value for key, value in PROBLEM.items() if key != "tests"}]
    with pytest.raises(UserError, match="problem 'double': no 'tests' in the row, it has: "):
        check_problems(rows, "P.jsonl", CODE)
    check_problems(rows, "P.jsonl", TASKS["math"])
