"""Steps of solutions: lines, or the sentences of a single line."""

import json
import os
from pathlib import Path

import pytest

from yetbetter.verification.steps import split_steps

DATA = Path(os.environ.get("YETBETTER_DATA") or Path(__file__).parents[3] / "shared" / "data")


def cut(text: str) -> list[str]:
    ends = split_steps(text)
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        (" We have 4 + 11 = 15. Next, 3 * 15 = 45. The answer is 45.", 3),
        ("He pays $3.5. That is, e.g. 2 coins. Mr. Smith has 5 ft. of rope. So 3.5 * 2 = 7.", 4),
        ("1. Add 4 and 5. 2. Take 3. The answer is 6.", 3),
        ("Step 1: Add. Step 2. Take it.", 2),
        ("It is 1, 2, ... , 10. So 5! = 120. then 6 in. long. Is it 6? Yes!", 5),
        ("We get $x = 5.$ Then (it is 7.) So 8.", 3),
        ("We see \\[\\begin{aligned} x &= 3. \\end{aligned}\\] So it is 3.", 2),
        ("first line. It goes on.\n\n  \nsecond line\n", 2),
        ("def f(x):\n    y = x + 1\n\n    return y\n", 3),
        ("one", 1),
        (" \n ", 0),
        ("", 0),
    ],
)
def test_a_text_has_its_steps(text, steps):
    found = cut(text)
    assert len(found) == steps
    assert "".join(found) == text.rstrip()
    assert all(step.strip() and step == step.rstrip() for step in found)


@pytest.mark.parametrize(("name", "key"), [("gsm8k", "answer"), ("math", "solution")])
def test_the_steps_of_published_solutions_are_their_text(name, key):
    path = DATA / name / "train.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}: set YETBETTER_DATA to the folder of the shared data")
    several = 0
    for line in path.read_text(encoding="utf-8").splitlines()[:2000]:
        text = json.loads(line)[key]
        found = cut(text)
        assert "".join(found) == text.rstrip()
        several += len(found) > 1
    assert several > (1999 if name == "gsm8k" else 1700)


def test_long_texts_without_steps_take_little_time():
    for text in ("a" * 200_000, " " * 200_000, "." * 200_000, "1. " * 50_000):
        split_steps(text)
