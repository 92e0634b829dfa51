"""IFEval's checkers: the published figures, verdicts that repeat, no network, and the known defects mended."""

import json
import os
import random
import socket
import sys
from pathlib import Path

import pytest

from yetbetter.errors import UserError
from yetbetter.following import checkers as module
from yetbetter.following import load_checkers, read_constraints

DATA = Path(os.environ.get("YETBETTER_DATA", "../shared/data")) / "ifeval"
FIGURES = {"prompt_strict": 0.4991, "instruction_strict": 0.6127, "prompt_loose": 0.5453, "instruction_loose": 0.6535}
REPAIRED = {"prompt_strict": 0.4991, "instruction_strict": 0.6127, "prompt_loose": 0.5471, "instruction_loose": 0.6547}
CAPITAL, LOWERCASE, LANGUAGE = (
    "change_case:english_capital",
    "change_case:english_lowercase",
    "language:response_language",
)
# Their verdicts differ from run to run without a seed.
RANDOM = {CAPITAL, LOWERCASE, LANGUAGE, "keywords:letter_frequency"}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


def check(text: str, *instructions: tuple[str, dict], question: str = "Write."):
    names, kwargs = zip(*instructions, strict=True)
    problem = {"question": question, "instruction_id_list": list(names), "kwargs": list(kwargs)}
    return load_checkers().check(read_constraints(problem, "here"), text)


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs IFEval's prompts and responses")
def test_the_figures_of_the_example_responses_repeat_without_a_network():
    sums: dict[str, list[int]] = {}
    random.seed(4)
    # One prompt's text differs between the two files: they are joined by order.
    for problem, row in zip(read("input_data.jsonl"), read("example_en_responses.jsonl"), strict=True):
        constraints = read_constraints(problem | {"question": problem["prompt"]}, "here")
        found = load_checkers().check(constraints, row["response"])
        if RANDOM & set(constraints.names):
            assert load_checkers().check(constraints, row["response"]) == found
        for name, (followed, asked) in found.counts().items():
            count = sums.setdefault(name, [0, 0])
            count[0] += followed
            count[1] += asked
    shares = {name: round(followed / asked, 4) for name, (followed, asked) in sums.items()}
    assert shares == FIGURES | {f"repaired_{name}": value for name, value in REPAIRED.items()}


def test_other_random_numbers_are_left_alone():
    random.seed(1)
    wanted = random.random()
    random.seed(1)
    check("Some text.", ("keywords:letter_frequency", {"letter": "#", "let_relation": "at least", "let_frequency": 4}))
    assert random.random() == wanted


def test_a_letter_that_is_none_is_counted_only_when_repaired():
    asked = ("keywords:letter_frequency", {"letter": "#", "let_relation": "at least", "let_frequency": 4})
    with_sign, without = check("# # # #", asked), check("a " * 200 + "zebra quick fox jumps over lazy dogs " * 9, asked)
    assert (with_sign.strict, with_sign.repaired_strict) == ((False,), (True,))
    assert (without.strict, without.repaired_strict) == ((True,), (False,))


def test_a_text_without_a_language_follows_only_the_official_checkers():
    for name, kwargs, text in (
        (LANGUAGE, {"language": "de"}, "12345 67890"),
        (LOWERCASE, {}, "ab \U0001f37e\U0001f37e\U0001f37e\U0001f37e\U0001f37e"),
        (CAPITAL, {}, "AB \U0001f37e\U0001f37e\U0001f37e\U0001f37e\U0001f37e"),
    ):
        found = check(text, (name, kwargs))
        assert (name, found.strict, found.repaired_strict) == (name, (True,), (False,))
    found = check("this text is plain english, and in lower case.", (LOWERCASE, {}))
    assert found.strict == found.repaired_strict == (True,)


def test_a_blank_first_paragraph_moves_only_the_official_count():
    asked = (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "second"},
    )
    found = check("\n\nFirst one.\n\nSecond one.", asked)
    assert (found.strict, found.repaired_strict) == ((False,), (True,))
    assert check("First one.\n\nSecond one.", asked).strict == (True,)
    assert check("First one.\n\nThird one.", asked).repaired_strict == (False,)


def test_the_language_of_capitals_is_recognised_only_when_repaired():
    found = check("I AM PLANNING TO VISIT THE BEACH TODAY.", (CAPITAL, {}))
    assert (found.strict, found.repaired_strict) == ((False,), (True,))
    assert check("ICH FAHRE HEUTE MIT DEM ZUG NACH HAUSE.", (CAPITAL, {})).repaired_strict == (False,)
    assert check("I am planning to visit the beach.", (CAPITAL, {})).repaired_strict == (False,)


def test_a_text_without_first_line_last_line_or_asterisks_may_follow_loosely():
    quoted = ("startend:quotation", {})
    assert check('Sure:\n"A story."', quoted).counts()["prompt_loose"] == [1, 1]
    found = check('*"A story, with a comma."*', quoted, ("punctuation:no_comma", {}))
    assert (found.strict, found.loose) == ((False, False), (True, False))
    assert found.counts()["instruction_loose"] == [1, 2] and found.counts()["prompt_loose"] == [0, 1]


def test_an_empty_text_follows_nothing():
    assert check(" \n", ("punctuation:no_comma", {}), (LOWERCASE, {})).loose == (False, False)


def problem(**change) -> dict:
    return {"question": "?", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]} | change


def one(name: str, **kwargs) -> dict:
    return {"instruction_id_list": [name], "kwargs": [kwargs]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"instruction_id_list": []}, "here: instruction_id_list must be a list of names, it is []"),
        ({"instruction_id_list": "no_comma"}, "here: instruction_id_list must be a list of names, it is 'no_comma'"),
        ({"kwargs": [1]}, "here: kwargs must be a list of mappings, it is [1]"),
        ({"kwargs": []}, "here: 1 instructions and 0 kwargs, they go together"),
        ({"instruction_id_list": ["a:b"]}, "here: instruction 'a:b', which IFEval's checkers do not know"),
        ({"kwargs": [{"size": 3}]}, "here: instruction 'punctuation:no_comma' with {\"size\": 3}: TypeError: "),
        (one("language:response_language", language="xx"), "here: instruction 'language:response_language' with "),
        (
            one("keywords:forbidden_words", forbidden_words=["("]),
            "here: instruction 'keywords:forbidden_words' with ",
        ),
        (
            one("length_constraints:number_words", relation="at least"),
            "here: instruction 'length_constraints:number_words': no 'num_words' in its kwargs",
        ),
        (
            one("length_constraints:number_words", relation="at least", num_words=-5),
            "here: instruction 'length_constraints:number_words': num_words is -5, which the checker would not use",
        ),
        (
            one("length_constraints:nth_paragraph_first_word", num_paragraphs=2, nth_paragraph=3, first_word="then"),
            "here: instruction 'length_constraints:nth_paragraph_first_word': nth_paragraph is 3, which the checker ",
        ),
        (
            one("keywords:existence", keywords="word"),
            "here: instruction 'keywords:existence': keywords is \"word\", which the checker would not use",
        ),
    ],
)
def test_damaged_instructions_are_one_line(change, message):
    with pytest.raises(UserError) as failure:
        load_checkers().require(read_constraints(problem(**change), "here"), "here")
    assert str(failure.value).startswith(message) and "\n" not in str(failure.value)


def test_arguments_that_are_none_are_dropped_and_a_problem_may_have_no_instructions():
    assert read_constraints(problem(kwargs=[{"num_words": None, "relation": "at least"}]), "here").kwargs == [
        {"relation": "at least"}
    ]
    assert read_constraints({"question": "?"}, "here") is None


def test_missing_data_are_one_line_and_nothing_is_downloaded(monkeypatch):
    nltk = pytest.importorskip("nltk")
    monkeypatch.setattr(module, "find_data", lambda: None)
    monkeypatch.setattr(nltk.data, "path", [])
    load_checkers.cache_clear()
    with pytest.raises(UserError, match=r"^IFEval's checkers: NLTK's punkt_tab .* `make environment-instructions"):
        load_checkers()


def test_a_missing_package_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "langdetect", None)
    load_checkers.cache_clear()
    with pytest.raises(UserError, match=r"^IFEval's checkers: the package langdetect is not installed"):
        load_checkers()


def test_another_version_of_the_checkers_is_refused(monkeypatch):
    monkeypatch.setattr(module, "VERSION", "0.0.1")
    load_checkers.cache_clear()
    with pytest.raises(UserError, match=r"lm-eval is 0\.4\.13, the pinned one is 0\.0\.1"):
        load_checkers()
