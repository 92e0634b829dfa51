"""What an evaluation asks, and which checkpoint it chooses."""

import dataclasses

import pytest

from yetbetter.errors import UserError
from yetbetter.evaluation.benchmarks import (
    GREEDY,
    SAMPLED,
    Benchmark,
    choose_checkpoint,
    parse_benchmark,
    requests,
    row_seed,
)
from yetbetter.records import write_rows
from yetbetter.tasks import Options

PROBLEMS = [{"problem": f"p{number}", "question": "?", "answer": "1"} for number in range(4)]
BENCHMARK = Benchmark("functional", PROBLEMS, 3, 2, 5, "functional.jsonl")


@pytest.fixture
def file(tmp_path):
    write_rows(tmp_path / "problems.jsonl", PROBLEMS)
    return tmp_path / "problems.jsonl"


def test_a_benchmark_is_read_from_its_argument(file):
    assert parse_benchmark(f"functional:{file}:3:2:5") == dataclasses.replace(BENCHMARK, path=str(file))


def test_a_benchmark_may_ask_for_every_problem_and_for_no_samples(file):
    assert parse_benchmark(f"test:{file}:4:0:0").greedy == 4


@pytest.mark.parametrize("counts", ["5:0:0", "0:5:1", "4:9:1"])
def test_a_benchmark_with_fewer_problems_than_asked_for_is_refused(file, counts):
    with pytest.raises(UserError) as failure:
        parse_benchmark(f"test:{file}:{counts}")
    message = str(failure.value)
    assert len(message.splitlines()) == 1
    assert str(file) in message
    assert "4 problems" in message


@pytest.mark.parametrize(
    "argument", ["test", "test:{}:1:1", "test:{}:1:1:x", "test:{}:-1:0:0", "test:{}:1:1:1:1", "test:{}:²:0:0", ""]
)
def test_a_benchmark_that_cannot_be_read_is_refused_in_one_line(file, argument):
    with pytest.raises(UserError) as failure:
        parse_benchmark(argument.format(file))
    assert len(str(failure.value).splitlines()) == 1
    assert "NAME:FILE:GREEDY:SAMPLED:SAMPLES" in str(failure.value)


def test_the_first_problems_are_answered_greedily_once_and_the_first_by_sampling_often():
    greedy, sampled = (requests(BENCHMARK, "standard/checkpoint-2", decoding) for decoding in (GREEDY, SAMPLED))
    assert [(row["problem"], row["sample"]) for row in greedy] == [("p0", 0), ("p1", 0), ("p2", 0)]
    assert [(row["problem"], row["sample"]) for row in sampled] == [(f"p{n}", s) for n in (0, 1) for s in range(5)]
    assert {(row["benchmark"], row["checkpoint"], row["decoding"]) for row in greedy} == {
        ("functional", "standard/checkpoint-2", GREEDY)
    }


def test_every_sampled_answer_of_every_cell_has_a_stream_of_its_own():
    rows = [row for checkpoint in ("a", "b") for row in requests(BENCHMARK, checkpoint, SAMPLED)]
    assert len({row_seed(seed, cell, row) for seed in (0, 1) for cell in ("x", "y") for row in rows}) == 2 * 2 * len(
        rows
    )


def test_a_row_has_the_same_stream_wherever_it_stands():
    row = requests(BENCHMARK, "a", SAMPLED)[3]
    assert row_seed(0, "x", row) == row_seed(0, "x", dict(reversed(row.items())) | {"more": 1})


def answers(checkpoint: str, *given: str) -> list[dict]:
    return [
        {"checkpoint": checkpoint, "problem": f"p{number}", "text": f"The answer is {answer}."}
        for number, answer in enumerate(given)
    ]


def test_the_checkpoint_with_the_best_validation_accuracy_is_chosen():
    golds = {"p0": "1", "p1": "2"}
    rows = answers("first", "1", "3") + answers("second", "1", "2") + answers("third", "0", "0")
    chosen, accuracy = choose_checkpoint(rows, golds, Options("the_answer_is"))
    assert (chosen, accuracy) == ("second", {"first": 0.5, "second": 1.0, "third": 0.0})


def test_of_equally_good_checkpoints_the_earliest_is_chosen():
    golds = {"p0": "1", "p1": "2"}
    for given in (("1", "0"), ("0", "0")):
        rows = answers("z", *given) + answers("a", *given) + answers("m", *given)
        assert choose_checkpoint(rows, golds, Options("the_answer_is"))[0] == "z"
