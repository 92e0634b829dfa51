"""Views of pools, what is selected from them, and what is measured on them."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yetbetter.errors import UserError
from yetbetter.judging.samples import Sample
from yetbetter.measures import quality
from yetbetter.measures.quality import levels_of
from yetbetter.measures.questions import count_by_question
from yetbetter.records import write_json, write_rows
from yetbetter.selection.pools import Pools, join, parse_draws, read_shards, solution_key
from yetbetter.selection.training_data import Choice, Selection, training_row

SETTINGS = {"model_name": "wc", "temperature": 0.7, "top_k": 3, "prompt": "{question}"}


def solution(problem="p0", sample=0, text="The answer is 1.", finish_reason="stop", **more) -> dict:
    return {"problem": problem, "sample": sample, "text": text, "finish_reason": finish_reason, **more}


def judged(problem="p0", sample=0, text="The answer is 1.", verdict="correct", **more) -> dict:
    return solution(problem, sample, text, verdict=verdict, **more)


class Store:
    """Pools on disk: solutions, settings, verdicts and checks of blocks."""

    def __init__(self, folder: Path):
        self.folder, self.blocks = folder, []

    def add(self, block: str, problems="p0 p1", samples=range(4), **changed) -> None:
        """A block; a sample's verdict is correct if its number is even."""
        model = block.split("/")[0]
        identities = [(problem, sample) for problem in problems.split() for sample in samples]
        write_rows(
            self.file("solutions", block), [solution(*identity, f"{model} {identity}") for identity in identities]
        )
        self.describe(block, SETTINGS | {"model_name": model} | changed)
        self.judge(block, identities)
        self.blocks.append(block)

    def describe(self, block: str, pool: dict) -> None:
        write_json(self.folder / "solutions" / f"{block}.about.json", {"pool": pool, "block": {"name": block}})

    def judge(self, block: str, identities) -> None:
        rows = [
            {"problem": problem, "sample": sample, "verdict": "incorrect" if sample % 2 else "correct"}
            for problem, sample in identities
        ]
        write_rows(self.file("verdicts", block), rows)

    def check(self, block: str, identities) -> None:
        rows = [{"problem": problem, "sample": sample, "reasoning": "valid"} for problem, sample in identities]
        write_rows(self.file("reasoning", block), rows)

    def file(self, stage: str, block: str) -> Path:
        return self.folder / stage / f"{block}.jsonl"

    def pools(self, reasoning=False) -> Pools:
        folders = [str(self.folder / stage) for stage in ("solutions", "verdicts", "reasoning")]
        return Pools(folders[0], folders[1], folders[2] if reasoning else None, self.blocks)


def load_view(pools: Pools, draws: dict[str, int], questions=None, repetition=0) -> list[dict]:
    """All that an arm draws, with the texts."""
    shards = read_shards(pools, draws, questions, repetition=repetition)
    return [solution | known(sample) for shard in shards for sample, solution in shard.solutions()]


def known(sample: Sample) -> dict:
    return {key: getattr(sample, key) for key in ("model", "problem", "sample", "verdict", "reasoning")}


def sample_of(row: dict) -> Sample:
    fields = {key: value for key, value in row.items() if key in Sample.__slots__}
    return Sample(**({"model": "wc", "sample": 0} | fields))


def select(rows: list[dict], choice: Choice) -> tuple[list[dict], Counter]:
    """The rows to train on, and how many are left out for which reason."""
    samples = [sample_of(row) for row in rows]
    with Selection(choice) as selection:
        chosen = list(selection.choose(samples, zip(samples, rows, strict=True)))
    return [row for sample, row in chosen if sample.trained], selection.counts


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def refusal(function, *arguments) -> str:
    with pytest.raises(UserError) as failure:
        function(*arguments)
    message = str(failure.value)
    assert len(message.splitlines()) == 1
    return message


def samples_of(rows: list[dict]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row["problem"], []).append(row["sample"])
    return found


# Views ----------------------------------------------------------------------------------------------------------------


def test_a_view_holds_the_first_samples_of_each_question_with_model_and_verdict(store):
    store.add("wc/q0", "p0 p1")
    store.add("wc/q2", "p2")
    rows = load_view(store.pools(), {"wc": 3})
    assert samples_of(rows) == {"p0": [0, 1, 2], "p1": [0, 1, 2], "p2": [0, 1, 2]}
    assert {row["model"] for row in rows} == {"wc"}
    assert [row["verdict"] for row in rows[:3]] == ["correct", "incorrect", "correct"]
    assert rows[0]["text"] == "wc ('p0', 0)"


def test_a_view_reaches_over_the_sample_blocks_of_a_pool(store):
    store.add("wc/q0_samples-0", samples=range(0, 4))
    store.add("wc/q0_samples-4", samples=range(4, 8))
    rows = load_view(store.pools(), {"wc": 6})
    assert {problem: sorted(samples) for problem, samples in samples_of(rows).items()} == {
        problem: [0, 1, 2, 3, 4, 5] for problem in ("p0", "p1")
    }


def test_a_repetition_has_the_next_samples_of_every_question(store):
    store.add("wc/q0_samples-0", samples=range(0, 4))
    store.add("wc/q0_samples-4", samples=range(4, 8))
    slices = [load_view(store.pools(), {"wc": 3}, repetition=repetition) for repetition in (0, 1)]
    assert [samples_of(rows) for rows in slices] == [
        dict.fromkeys(("p0", "p1"), first) for first in ([0, 1, 2], [3, 4, 5])
    ]
    message = refusal(load_view, store.pools(), {"wc": 3}, None, 2)
    assert message == "pool of 'wc': 2 samples of 'p0', the arm needs 3 from number 6 on"


def test_a_smaller_view_is_part_of_a_larger_one(store):
    store.add("wc/q0")
    small, large = (load_view(store.pools(), {"wc": samples}) for samples in (1, 4))
    assert all(row in large for row in small)
    assert len(small) == 2


def test_a_mixed_view_takes_each_models_own_number(store):
    store.add("se/q0")
    store.add("wc/q0")
    rows = load_view(store.pools(), {"se": 1, "wc": 3})
    assert Counter(row["model"] for row in rows) == {"se": 2, "wc": 6}


def test_a_view_carries_the_checks_of_the_reasoning(store):
    store.add("wc/q0", "p0")
    store.check("wc/q0", [("p0", 0), ("p0", 2)])
    rows = load_view(store.pools(reasoning=True), {"wc": 4})
    assert [row["reasoning"] for row in rows] == ["valid", None, "valid", None]


def test_a_question_with_too_few_samples_is_refused(store):
    store.add("wc/q0", "p0", samples=range(4))
    store.add("wc/q1", "p1", samples=range(2))
    message = refusal(load_view, store.pools(), {"wc": 3})
    assert all(part in message for part in ("'wc'", "'p1'", "2", "3"))


def test_a_hole_among_a_questions_samples_is_refused(store):
    store.add("wc/q0", "p0", samples=(0, 1, 3, 4))
    assert "'p0'" in refusal(load_view, store.pools(), {"wc": 4})


def test_a_question_of_a_mix_that_one_model_never_answered_is_refused(store):
    store.add("wc/q0", "p0 p1")
    store.add("se/q0", "p0")
    message = refusal(load_view, store.pools(), {"wc": 2, "se": 2})
    assert "'p1'" in message
    assert "'se'" in message


def test_blocks_of_one_pool_drawn_with_other_settings_are_refused_and_distinguished(store):
    store.add("wc/q0")
    store.add("wc/q2", "p2", temperature=0.8)
    message = refusal(load_view, store.pools(), {"wc": 2})
    assert "temperature was 0.7, is 0.8" in message
    assert "top_k" not in message
    assert "wc/q2.about.json" in message


def test_pools_of_different_models_may_have_different_settings(store):
    store.add("wc/q0", prompt="a {question}")
    store.add("se/q0", prompt="b {question}")
    assert len(load_view(store.pools(), {"wc": 1, "se": 1})) == 4


@pytest.mark.parametrize(
    "identities",
    [
        [("p0", 0), ("p0", 1), ("p0", 2)],
        [("p0", 1), ("p0", 0), ("p0", 2), ("p0", 3)],
        [("p9", 0), ("p0", 1), ("p0", 2), ("p0", 3)],
        [],
        [("p0", sample) for sample in range(5)],
    ],
    ids=["fewer", "other order", "other problem", "none", "more"],
)
def test_verdicts_that_do_not_belong_to_the_solutions_are_refused(store, identities):
    store.add("wc/q0", "p0")
    store.judge("wc/q0", identities)
    message = refusal(load_view, store.pools(), {"wc": 2})
    assert str(store.file("verdicts", "wc/q0")) in message
    assert str(store.file("solutions", "wc/q0")) in message


@pytest.mark.parametrize(
    "identities", [[], [("p0", 0)], [("p9", 0), ("p9", 2)]], ids=["none", "fewer", "other problem"]
)
def test_checks_of_the_reasoning_that_do_not_belong_to_the_right_answers_are_refused(store, identities):
    store.add("wc/q0", "p0")
    store.check("wc/q0", identities)
    assert str(store.file("reasoning", "wc/q0")) in refusal(load_view, store.pools(reasoning=True), {"wc": 4})


def test_a_block_named_twice_is_refused(store):
    store.add("wc/q0")
    store.blocks.append("wc/q0")
    refusal(load_view, store.pools(), {"wc": 2})


def test_a_sample_that_is_twice_in_a_block_is_refused(store):
    store.add("wc/q0", "p0", samples=(0, 1, 1))
    refusal(load_view, store.pools(), {"wc": 2})


def test_a_block_of_a_model_that_the_arm_does_not_draw_from_is_refused(store):
    store.add("wc/q0")
    store.add("se/q0")
    message = refusal(load_view, store.pools(), {"wc": 2})
    assert "'se'" in message
    assert "wc" in message


def test_a_model_without_any_samples_is_refused(store):
    store.add("wc/q0")
    assert "se" in refusal(load_view, store.pools(), {"wc": 2, "se": 1})


@pytest.mark.parametrize("stage", ["solutions", "verdicts", "reasoning"])
def test_a_missing_file_of_a_block_is_named(store, stage):
    store.add("wc/q0", "p0")
    store.check("wc/q0", [("p0", 0), ("p0", 2)])
    store.file(stage, "wc/q0").unlink()
    assert str(store.file(stage, "wc/q0")) in refusal(load_view, store.pools(reasoning=True), {"wc": 2})


@pytest.mark.parametrize("about", [{}, {"pool": {}}, [], {"pool": "wc"}])
def test_a_sidecar_that_does_not_describe_a_pool_is_named(store, about):
    store.add("wc/q0")
    path = store.folder / "solutions" / "wc" / "q0.about.json"
    write_json(path, about)
    assert str(path) in refusal(load_view, store.pools(), {"wc": 2})


def test_a_solution_without_a_sample_number_is_named_with_its_line(store):
    store.add("wc/q0")
    write_rows(store.file("solutions", "wc/q0"), [solution(), {"problem": "p0", "text": "x"}])
    files = str(store.file("solutions", "wc/q0")), str(store.file("verdicts", "wc/q0"))
    message = refusal(lambda: list(join(*files, "verdict")))
    assert "q0.jsonl:2" in message
    assert "'sample'" in message


def test_draws_are_read_from_arguments():
    assert parse_draws(["wc:30", "se-2.0:1"]) == {"wc": 30, "se-2.0": 1}


@pytest.mark.parametrize("argument", ["wc", "wc:", ":3", "wc:three", "wc:-1", "wc:1.5", "", "wc:²", "wc:0"])
def test_draws_that_say_no_number_of_samples_are_refused(argument):
    assert repr(argument) in refusal(parse_draws, [argument])


def test_a_model_drawn_twice_is_refused():
    refusal(parse_draws, ["wc:1", "wc:3"])


@pytest.mark.parametrize("other", ["a b", " a  b\n", "a\tb", "a\u2028b"])
def test_solutions_that_differ_in_white_space_only_are_the_same(other):
    assert solution_key(other) == solution_key("a b")


@pytest.mark.parametrize("other", ["ab", "a B", "a b.", "b a", ""])
def test_solutions_with_another_text_are_different(other):
    assert solution_key(other) != solution_key("a b")


# Selection ------------------------------------------------------------------------------------------------------------

VERDICTS = {"a": "correct", "a ": "correct", "b": "correct", "c": "incorrect", "": "no_answer", " \n": "no_answer"}
rows_of_an_arm = st.lists(
    st.builds(
        lambda problem, text, finish_reason: judged(problem, 0, text, VERDICTS[text], finish_reason=finish_reason),
        st.sampled_from(["p0", "p1"]),
        st.sampled_from(sorted(VERDICTS)),
        st.sampled_from(["stop", "length"]),
    ),
    max_size=12,
)


@given(rows_of_an_arm, st.sampled_from(["ground_truth", "none"]), st.sampled_from(["keep", "drop"]))
def test_every_solution_is_either_kept_or_counted_under_one_reason(rows, keep, duplicates):
    kept, counts = select(rows, Choice(keep, duplicates))
    assert counts["drawn"] == len(rows)
    assert counts["kept"] == len(kept)
    assert counts["kept"] + sum(counts[reason] for reason in counts if reason.startswith("out_")) == len(rows)
    assert sum(counts[verdict] for verdict in counts if verdict.startswith("verdict_")) == len(rows)
    assert all(row["text"].strip() and row["finish_reason"] != "length" for row in kept)
    if keep == "ground_truth":
        assert all(row["verdict"] == "correct" for row in kept)
    identities = [(row["problem"], solution_key(row["text"])) for row in kept]
    if duplicates == "drop":
        assert len(identities) == len(set(identities))
        assert counts["kept_duplicates"] == 0
    else:
        assert counts["kept_duplicates"] == len(identities) - len(set(identities))


@given(rows_of_an_arm, st.sampled_from(["ground_truth", "none"]))
def test_dropping_duplicates_loses_no_distinct_solution(rows, keep):
    distinct = [
        {(row["problem"], solution_key(row["text"])) for row in select(rows, Choice(keep, duplicates))[0]}
        for duplicates in ("keep", "drop")
    ]
    assert distinct[0] == distinct[1]


def test_the_ground_truth_filter_looks_at_the_final_answer_and_not_at_the_reasoning():
    rows = [judged(reasoning="invalid"), judged(sample=1, verdict="incorrect", reasoning=None)]
    assert select(rows, Choice("ground_truth", "keep"))[0] == rows[:1]


def test_without_a_filter_wrong_solutions_stay():
    rows = [
        judged(sample=number, text=str(number), verdict=verdict)
        for number, verdict in enumerate(["correct", "incorrect"])
    ]
    assert select(rows, Choice("none", "keep"))[0] == rows


def test_equal_solutions_keep_their_weight_or_only_the_first_stays():
    rows = [judged(sample=0, text="a b"), judged(sample=1, text="a  b "), judged("p1", 0, "a b")]
    assert select(rows, Choice("ground_truth", "keep"))[0] == rows
    kept, counts = select(rows, Choice("ground_truth", "drop"))
    assert kept == [rows[0], rows[2]]
    assert counts["out_duplicate"] == 1


def test_a_solution_whose_twin_was_cut_is_not_a_duplicate():
    rows = [judged(finish_reason="length"), judged(sample=1)]
    kept, counts = select(rows, Choice("ground_truth", "drop"))
    assert kept == rows[1:]
    assert (counts["out_cut"], counts["out_duplicate"]) == (1, 0)


def test_empty_and_cut_solutions_are_never_trained_on():
    rows = [judged(text=" \n"), judged(sample=1, finish_reason="length"), judged(sample=2, text="")]
    kept, counts = select(rows, Choice("none", "keep"))
    assert kept == []
    assert (counts["out_empty"], counts["out_cut"], counts["kept"]) == (2, 1, 0)


def test_nothing_drawn_keeps_nothing():
    kept, counts = select([], Choice("ground_truth", "drop"))
    assert (kept, counts["drawn"], counts["kept"]) == ([], 0, 0)


@pytest.mark.parametrize(("text", "completion"), [("We have 1.", " We have 1."), (" We", " We"), ("\nWe", "\nWe")])
def test_a_completion_starts_with_one_blank_because_a_prompt_ends_without(text, completion):
    row = training_row("p0", 2, "wc", "Question: x\nAnswer:", text)
    expected = {"problem": "p0", "sample": 2, "prompt": "Question: x\nAnswer:", "completion": completion, "model": "wc"}
    assert row == expected


# Measures -------------------------------------------------------------------------------------------------------------

PROBLEMS = [{"problem": f"p{number}", "level": number % 2 + 1} for number in range(4)]


def look_up(measured: list[dict], metric: str, level: str = "all", k: int | None = None) -> dict:
    (row,) = [row for row in measured if (row["metric"], row["level"], row.get("k")) == (metric, level, k)]
    return row


def rows_of(texts: dict[str, str]) -> list[dict]:
    """A sample per letter: capitals are correct, equal letters are equal solutions."""
    return [
        judged(problem, sample, letter, "correct" if letter.isupper() else "incorrect")
        for problem, letters in texts.items()
        for sample, letter in enumerate(letters)
    ]


def distinct_correct(letters) -> int:
    return len({letter for letter in letters if letter.isupper()})


def count(rows: list[dict]) -> tuple[dict, dict]:
    """(counts, multiplicities of the distinct right answers) of each question, all being trained on."""
    texts: dict[str, Counter] = {row["problem"]: Counter() for row in rows}
    samples = [sample_of(row) for row in rows]
    for sample, row in zip(samples, rows, strict=True):
        key, seen = solution_key(row["text"]), texts[row["problem"]]
        right = sample.verdict == "correct"
        sample.trained, sample.distinct = True, right and not seen[key]
        seen[key] += right
    distinct = {problem: [*filter(None, seen.values())] for problem, seen in texts.items()}
    return count_by_question(samples), {"diversity": distinct}


def measure_arm(rows: list[dict], problems: list[dict], seed: int) -> list[dict]:
    return quality.measure_arm(count(rows)[0], problems, seed, "exact")


def measure_pool(rows: list[dict], problems: list[dict], samples: int, seed: int) -> list[dict]:
    return quality.measure_pool(*count(rows), problems, samples, seed, "exact")


@given(st.lists(st.text("ABab", min_size=4, max_size=4), min_size=1, max_size=4))
@settings(max_examples=25)
def test_a_pools_measures_are_means_over_all_draws_of_k(pools):
    measured = measure_pool(
        rows_of({f"p{number}": pool for number, pool in enumerate(pools)}), PROBLEMS[: len(pools)], 4, seed=0
    )
    for k in range(1, 5):
        draws = [[distinct_correct(draw) for draw in combinations(pool, k)] for pool in pools]
        coverage = np.mean([[count > 0 for count in counts] for counts in draws])
        unique = np.mean(draws)
        assert look_up(measured, "coverage", k=k)["value"] == pytest.approx(coverage)
        assert look_up(measured, "diversity_per_question", k=k)["value"] == pytest.approx(unique)
        diversity = look_up(measured, "diversity", k=k)["value"]
        assert diversity == pytest.approx(unique / coverage if coverage else np.nan, nan_ok=True)


@given(st.lists(st.text("ABab", min_size=3, max_size=3), min_size=1, max_size=4))
@settings(max_examples=25)
def test_an_arms_measures_equal_those_of_a_pool_of_just_its_samples(pools):
    rows = rows_of({f"p{number}": pool for number, pool in enumerate(pools)})
    problems = PROBLEMS[: len(pools)]
    of_arm, of_pool = measure_arm(rows, problems, seed=5), measure_pool(rows, problems, 3, seed=5)
    for metric in ("coverage", "diversity", "diversity_per_question"):
        for number in ("value", "low", "high", "questions"):
            expected = look_up(of_pool, metric, k=3)[number]
            assert look_up(of_arm, metric)[number] == pytest.approx(expected, nan_ok=True)


def test_diversity_counts_solved_questions_only_and_diversity_per_question_all():
    measured = measure_arm(rows_of({"p0": "ABB", "p1": "abc", "p2": "aAa"}), PROBLEMS, seed=0)
    assert look_up(measured, "coverage")["value"] == pytest.approx(2 / 3)
    assert look_up(measured, "diversity")["value"] == pytest.approx(3 / 2)
    assert look_up(measured, "diversity_per_question")["value"] == pytest.approx(1)
    assert look_up(measured, "diversity")["questions"] == 3


def test_levels_are_measured_on_their_own_questions():
    measured = measure_pool(rows_of({"p0": "A", "p1": "a", "p2": "A", "p3": "a"}), PROBLEMS, 1, seed=0)
    assert [look_up(measured, "coverage", level, k=1)["value"] for level in ("all", "1", "2")] == [0.5, 1, 0]
    assert [look_up(measured, "coverage", level, k=1)["questions"] for level in ("all", "1", "2")] == [4, 2, 2]


def test_levels_come_in_order_and_problems_without_one_count_among_all():
    problems = [
        {"problem": "a", "level": 10},
        {"problem": "b", "level": 2},
        {"problem": "c"},
        {"problem": "d", "level": None},
    ]
    assert levels_of(problems) == {"all": ["a", "b", "c", "d"], "2": ["b"], "10": ["a"]}
    assert list(levels_of(problems)) == ["all", "2", "10"]


def test_where_nothing_is_solved_coverage_is_0_and_diversity_is_unknown():
    rows = rows_of({"p0": "aa", "p1": "bb"})
    for measured in (measure_pool(rows, PROBLEMS, 2, seed=0), measure_arm(rows, PROBLEMS, seed=0)):
        coverage = [row for row in measured if row["metric"] == "coverage"]
        assert all(row["value"] == row["low"] == 0 < row["high"] < 1 for row in coverage)
        diversity = [row for row in measured if row["metric"] == "diversity"]
        assert diversity
        assert all(np.isnan([row["value"], row["low"], row["high"]]).all() for row in diversity)


@pytest.mark.parametrize("measure", [lambda *a: measure_pool(*a, 2, seed=0), lambda *a: measure_arm(*a, seed=0)])
def test_a_level_without_drawn_questions_is_unknown_and_harms_no_other(measure):
    problems = [*PROBLEMS, {"problem": "p9", "level": 9}]
    measured = measure(rows_of({"p0": "AA"}), problems)
    assert {row["value"] for row in measured if row["level"] == "all" and row["metric"] == "coverage"} == {1.0}
    of_nine = [row for row in measured if row["level"] == "9"]
    assert all(row["questions"] == 0 and np.isnan(row["value"]) for row in of_nine)


def with_reasoning(*kinds: str | None) -> list[dict]:
    return [
        judged("p0" if number < 3 else "p1", number, verdict="correct" if kind else "incorrect", reasoning=kind)
        for number, kind in enumerate(kinds)
    ]


def test_the_false_positive_rate_is_pooled_over_right_answers_whose_reasoning_could_be_read():
    rows = with_reasoning("valid", "invalid", "unreadable", "valid", "valid", None)
    for measured in (measure_arm(rows, PROBLEMS, seed=0), measure_pool(rows, PROBLEMS, 6, seed=0)):
        assert look_up(measured, "false_positive_rate")["value"] == pytest.approx(1 / 4)
        assert look_up(measured, "unreadable_rate")["value"] == pytest.approx(1 / 5)


def test_unchecked_reasoning_gives_no_false_positive_rate():
    metrics = {row["metric"] for row in measure_arm(rows_of({"p0": "AA"}), PROBLEMS[:1], seed=0)}
    assert metrics == {"coverage", "diversity", "diversity_per_question", "solved_per_sample"}


def test_a_false_positive_rate_of_unreadable_chains_alone_is_unknown():
    measured = measure_arm(with_reasoning("unreadable", None), PROBLEMS[:1], seed=0)
    assert np.isnan(look_up(measured, "false_positive_rate")["value"])
    assert look_up(measured, "unreadable_rate")["value"] == 1


def test_measures_of_equal_samples_are_equal_down_to_the_interval():
    rows = rows_of({"p0": "ABa", "p1": "aab", "p2": "ABC", "p3": "Abc"})
    first, again = (json.dumps(measure_pool(rows, PROBLEMS, 3, seed=1)) for _ in range(2))
    assert first == again
