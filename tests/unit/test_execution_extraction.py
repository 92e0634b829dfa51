"""Which part of a model's text is the program."""

import pytest

from yetbetter.execution import extract_program

PROMPT = 'def f(x):\n    """Doubles."""\n'
WHOLE = "def f(x):\n    return 2 * x\n"


@pytest.mark.parametrize(
    ("text", "program"),
    [
        (WHOLE, WHOLE),
        (f"{WHOLE}[DONE]\nanything", WHOLE),
        (f"[BEGIN]\n{WHOLE}[DONE]", f"\n{WHOLE}"),
        (f"Here it is:\n[BEGIN]\n{WHOLE}[DONE]", f"\n{WHOLE}"),
        (f"{WHOLE}[BEGIN]\ndef g(x):\n    pass\n[DONE]", WHOLE),
        (f"[BEGIN]\n{WHOLE}[BEGIN]\ndef f(x):\n    pass\n", f"\n{WHOLE}"),
        ("I think.\n[BEGIN]\ndef other(x):\n    pass\n", "\ndef other(x):\n    pass\n"),
        (f"Here it is:\n```python\n{WHOLE}```\nThis doubles.", WHOLE),
        (f"```\nx = 1\n```\nand\n```python\n{WHOLE}```", WHOLE),
        (f"```python\n{WHOLE}", WHOLE),
        (f"import math\n\n{WHOLE}", f"import math\n\n{WHOLE}"),
        ("f = lambda x: 2 * x\n", "f = lambda x: 2 * x\n"),
        ("def other(x):\n    pass\n", "def other(x):\n    pass\n"),
        ("def f(x):\r\n\treturn 2 * x", "def f(x):\r\n\treturn 2 * x"),
    ],
)
def test_a_program_is_found(text, program):
    assert extract_program(text, "f") == program


@pytest.mark.parametrize("text", ["", "  \n", "[DONE]", "I cannot do this.", "The answer is 4.", "```\n```"])
def test_a_text_without_a_program_has_none(text):
    assert extract_program(text, "f") is None


@pytest.mark.parametrize(
    "stop", ["\nclass A:", "\ndef g():", "\n# test", "\nif __name__", "\nprint(f(1))", "\nassert f(1) == 2", "\n@cache"]
)
def test_a_completion_ends_where_something_else_begins(stop):
    assert extract_program(f"    return 2 * x\n{stop}\n    more", "f", PROMPT) == f"{PROMPT}    return 2 * x\n"


@pytest.mark.parametrize(
    "text", ["    return 2 * x\n[BEGIN]\ndef g():\n    pass\n", "Here it is:\n[BEGIN]    return 2 * x\n"]
)
def test_a_completion_may_stand_on_either_side_of_a_mark(text):
    assert extract_program(text, "f", PROMPT) == f"{PROMPT}    return 2 * x\n"


def test_a_text_that_defines_the_function_stands_alone():
    assert extract_program(f"{WHOLE}\ndef g():\n    pass\n", "f", PROMPT) == f"{WHOLE}\ndef g():\n    pass\n"


def test_an_empty_completion_is_no_program():
    assert extract_program("\ndef g():\n    pass\n", "f", PROMPT) is None


def test_a_function_whose_name_begins_alike_is_another_one():
    assert extract_program("    return 2 * x\n", "f", PROMPT) == f"{PROMPT}    return 2 * x\n"
    assert extract_program("def f2(x):\n    return 1\n", "f", PROMPT) == f"{PROMPT}def f2(x):\n    return 1\n"
