"""show_example.py: what is learned can be seen, in colour or without."""

import sys

import pytest
import show_example
from finetune_support import example, make_model, write

from yetbetter.errors import UserError


@pytest.fixture(scope="module")
def arguments(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("show")
    model = make_model(folder / "model")
    data = write(folder / "data.jsonl", [example(1), example(2), example(2, sample=4)])
    return ["show_example.py", "--data", data, "--model", model]


@pytest.fixture
def show(arguments, monkeypatch, capsys):
    def run(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", [*arguments, *options])
        show_example.main()
        return capsys.readouterr().out

    return run


def test_a_model_that_is_not_here_is_reported_in_one_line(show, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=r"model nobody/nothing: cannot be loaded: .*fetch_model\.py"):
        show("--model", "nobody/nothing")


def test_learned_tokens_are_green_and_others_grey(show):
    output = show("--color", "always", "--ids")
    text = output.splitlines()[1]
    assert text.startswith("\x1b[90m<s>·Ann·has·1·apples")
    assert "·answer·:\x1b[0m\x1b[1;32mso·1·+·4·=·5" in text
    assert text.endswith("·</s>\x1b[0m")
    table = output.splitlines()[2:]
    assert table[0].split() == ["0", "1", "'<s>'"]
    assert table[-1].split()[1:] == ["2", "2", "'</s>'"], "EOS is learned"


def test_without_a_terminal_the_learned_part_is_in_marks(show):
    output = show("--problem", "p2", "--sample", "4")
    first, text = output.splitlines()
    assert first.startswith("problem p2, sample 4, by weak: ")
    assert "\x1b" not in output and "·:«so·2" in text and text.endswith("</s>»")
    learned = text.partition("«")[2].count("·") + 1
    assert first.endswith(f"{learned} learned")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--number", "4"), "--number is 4, allowed: 1 to 3"),
        (("--problem", "p2", "--sample", "1"), "no such sample of problem 'p2', samples there: 0, 4"),
    ],
)
def test_an_example_that_is_not_there_is_one_line(options, message, show):
    with pytest.raises(UserError, match=message):
        show(*options)


def test_no_color_wins_over_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("NO_COLOR", "")
    assert show_example.use_colour("auto")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not show_example.use_colour("auto")
    assert show_example.use_colour("always")
