"""Prompt templates: checked when read, filled without surprises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yetbetter.errors import UserError
from yetbetter.prompts import fill, read_template


@pytest.fixture
def write(tmp_path):
    def write(content: bytes):
        path = tmp_path / "prompt.txt"
        path.write_bytes(content)
        return path

    return write


def test_a_template_is_the_text_of_its_file(write):
    text = "{a: 1}\r\nFrage: {question}\nAntwort für {}:"
    assert read_template(write(text.encode())) == text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Answer:",
        b"{question} {question}:",
        b"{Question}:",
        b"{question}: ",
        b"{question}:\n",
        b"{question}:\t",
        b"\xe9 {question}:",
    ],
)
def test_a_template_that_cannot_be_used_is_named_in_one_line(write, content):
    path = write(content)
    with pytest.raises(UserError) as failure:
        read_template(path)
    assert str(failure.value).startswith(f"{path}: ")
    assert len(str(failure.value).splitlines()) == 1


def test_a_missing_template_is_named(tmp_path):
    with pytest.raises(UserError, match=r"prompt\.txt: no such file"):
        read_template(tmp_path / "prompt.txt")


@given(st.text())
def test_a_question_stands_in_its_prompt_as_it_is(question):
    assert fill("Q: {question}\n{x} \\1 %s A:", question) == f"Q: {question}\n{{x}} \\1 %s A:"


@pytest.mark.parametrize("question", ["{question}", "{0}", "\\g<0>", "%(a)s", "{", ""])
def test_a_question_that_looks_like_a_template_is_text(question):
    assert fill("Q: {question} A:", question) == f"Q: {question} A:"
