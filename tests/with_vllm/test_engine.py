"""The engine draws what vLLM says, each sample from its own seed, in rows like those of the other engines."""

import numpy as np
import pytest
from support import LENGTH, MODELS, TEMPERATURE, TOP_K, pocket_prompts

from yetbetter.errors import UserError
from yetbetter.generation import engines, vllm_engine
from yetbetter.generation.engines import Decoding
from yetbetter.grading import grade
from yetbetter.identity import stream_seed
from yetbetter.pocket.world import make_problems
from yetbetter.stats import estimators
from yetbetter.training.data import encode_examples

KEYS = ["text", "tokens", "prompt_tokens", "finish_reason", "seed"]


@pytest.fixture(scope="module")
def engine():
    engine = engines.load_engine("vllm", MODELS["wc"], options={"dtype": "float32", "max_num_seqs": 64})
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def generator():
    return engines.load_engine("transformers", MODELS["wc"])


def draw(engine, prompts, seeds, temperature=TEMPERATURE, length=LENGTH, stop=()) -> list[list[dict]]:
    """The answers in the order of prompts and seeds, each given once."""
    answers = [[None] * len(row) for row in seeds]
    for finished in engine.stream(prompts, seeds, Decoding(temperature, TOP_K, length, stop)):
        for i, j, answer in finished:
            assert answers[i][j] is None
            answers[i][j] = answer
    assert all(None not in row for row in answers)
    return answers


def seeds_of(prompts: int, samples: int, first: int = 0) -> list[list[int]]:
    return [[stream_seed(i, j) for j in range(first, first + samples)] for i in range(prompts)]


def test_an_answer_has_the_text_without_eos_and_all_counts(engine):
    prompts = pocket_prompts(20)
    seeds = seeds_of(20, 3)
    for prompt, row, wanted in zip(prompts, draw(engine, prompts, seeds), seeds, strict=True):
        for answer, seed in zip(row, wanted, strict=True):
            assert list(answer) == KEYS
            assert answer["seed"] == seed
            assert answer["prompt_tokens"] == len(engine.tokenizer(prompt).input_ids)
            assert answer["finish_reason"] == "stop" and answer["text"].startswith(" ")
            # EOS is counted, and not part of the text.
            whole = engine.tokenizer(prompt + answer["text"]).input_ids
            assert answer["tokens"] == len(whole) - answer["prompt_tokens"] + 1
            assert engine.tokenizer.eos_token not in answer["text"]


def test_a_sample_depends_on_its_seed_and_not_on_what_is_drawn_beside_it(engine):
    prompts = pocket_prompts(40)
    together = draw(engine, prompts, seeds_of(40, 8))
    alone = draw(engine, prompts[10:20], seeds_of(40, 8)[10:20])
    texts = [[answer["text"] for row in rows for answer in row] for rows in (together[10:20], alone)]
    assert (
        np.mean([a == b for a, b in zip(*texts, strict=True)]) >= 0.95
    )  # another batch may move the last digits of a logit
    others = draw(engine, prompts, seeds_of(40, 8, first=8))
    differ = np.mean([{a["text"] for a in x} != {b["text"] for b in y} for x, y in zip(together, others, strict=True)])
    assert differ > 0.5
    assert np.mean([len({answer["text"] for answer in row}) for row in together]) > 2
    same = draw(engine, prompts[:5], [[7] * 6] * 5)
    assert all(len({answer["text"] for answer in row}) == 1 for row in same)


def test_greedy_answers_are_those_of_transformers(engine, generator):
    prompts = pocket_prompts(60)
    seeds = [[0]] * 60
    expected = generator.generate(prompts, seeds, Decoding(0.0, 0, LENGTH))
    found = draw(engine, prompts, seeds, temperature=0.0)
    assert sum(a == b for a, b in zip(found, expected, strict=True)) >= 57  # near-ties may fall the other way


def test_a_stop_string_is_cut_off_and_counted_and_a_length_limit_is_reported(engine, generator):
    prompts = pocket_prompts(30)
    seeds = [[0]] * 30
    for stop in ([" The answer"], ["=", "unseen"]):
        expected = generator.generate(prompts, seeds, Decoding(0.0, 0, LENGTH, stop))
        found = draw(engine, prompts, seeds, temperature=0.0, stop=stop)
        assert sum(a == b for a, b in zip(found, expected, strict=True)) >= 28
        assert not any(string in answer["text"] for row in found for answer in row for string in stop)
    short = draw(engine, prompts, seeds, length=3)
    assert {(row[0]["tokens"], row[0]["finish_reason"]) for row in short} == {(3, "length")}


def test_a_prompt_has_one_bos_in_sampling_as_in_training(engine):
    bos = engine.tokenizer.bos_token_id
    prompts = pocket_prompts(10)
    row = {"problem": "a", "sample": 0, "model": "wc", "completion": " We have 1 + 1 = 2. The answer is 2."}
    columns, kept_out = encode_examples([row | {"prompt": prompt} for prompt in prompts], engine.tokenizer, 256, "x")
    assert kept_out == []
    for prompt, trained in zip(prompts, columns["input_ids"], strict=True):
        ids = engine.encode(prompt)
        assert ids[0] == bos and ids.count(bos) == trained.count(bos) == 1
        assert trained[: len(ids)] == ids


def test_what_is_drawn_is_handed_out_while_the_rest_is_drawn_and_a_stream_can_be_left(engine, monkeypatch):
    monkeypatch.setattr(vllm_engine, "HAND_OUT_EVERY", 0.01)
    prompts = pocket_prompts(30)
    stream = engine.stream(prompts, seeds_of(30, 20), Decoding(TEMPERATURE, TOP_K, LENGTH))
    first = next(rows for rows in stream if rows)
    core = engine.llm.llm_engine
    assert 0 < len(first) < 300
    assert core.get_num_unfinished_requests() <= 2 * 64
    stream.close()
    assert not core.has_unfinished_requests()
    assert len(draw(engine, prompts[:2], [[1], [2]])) == 2
    assert list(engine.stream([], [], Decoding(TEMPERATURE, TOP_K, LENGTH))) == []


def test_coverage_is_that_of_transformers_samples(engine, generator):
    problems = make_problems("easy", "train", 300)
    prompts, seeds = pocket_prompts(300), seeds_of(300, 10)
    pools = [
        draw(engine, prompts, seeds),
        generator.generate(prompts, seeds, Decoding(TEMPERATURE, TOP_K, LENGTH)),
    ]
    curves = []
    for pool in pools:
        graded = [
            [grade(answer["text"], row["answer"], "the_answer_is")[1] for answer in answers]
            for answers, row in zip(pool, problems, strict=True)
        ]
        curves.append(estimators.coverage_curve(10, [verdicts.count("correct") for verdicts in graded]))
    (mean, low, high), (other_mean, other_low, other_high) = map(estimators.Bootstrap(300).mean, curves)
    for k in (1, 3, 10):
        at = k - 1
        assert low[at] <= other_mean[at] <= high[at] and other_low[at] <= mean[at] <= other_high[at], f"coverage@{k}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "/nowhere"}, "model /nowhere: no such folder"),
        ({"model": "nobody/nothing"}, "model nobody/nothing: cannot be loaded: .*(connect|offline|cached)"),
        ({"max_context": 300}, "max_context is 300, the model's own context is 256"),
    ],
)
def test_a_model_that_cannot_be_had_is_reported_in_one_line_before_vllm_starts(change, message, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=message) as caught:
        engines.load_engine("vllm", **{"model": MODELS["wc"]} | change)
    assert "\n" not in str(caught.value)


def test_a_prompt_that_would_be_read_wrongly_is_reported_in_one_line_before_vllm_starts(tmp_path):
    fresh = engines.load_engine("vllm", MODELS["wc"], max_context=100)
    prompt = pocket_prompts(1)[0]
    with pytest.raises(UserError, match="25 tokens and max_new_tokens 96 do not fit the model's context of 100"):
        fresh.check([prompt], 96)
    with pytest.raises(UserError, match="2 BOS tokens in its ids"):
        fresh.check([fresh.tokenizer.bos_token + prompt], 10)
    with pytest.raises(UserError, match="end with EOS"):
        fresh.check([prompt + fresh.tokenizer.eos_token], 10)
    assert fresh.llm is None


def test_too_little_memory_for_the_cache_is_reported_in_one_line():
    """Last: vLLM does not clean up after itself where it cannot start."""
    fresh = engines.load_engine("vllm", MODELS["wc"], options={"kv_cache_gb": 1e-5})
    with pytest.raises(UserError, match="vLLM did not start: No available memory for the cache blocks"):
        fresh.check(pocket_prompts(1), 96)


def test_out_of_time_no_further_sample_is_begun_and_those_begun_are_given(engine):
    prompts, seeds = pocket_prompts(40), seeds_of(40, 20)
    longest = []

    def is_due(seconds: float) -> bool:
        longest.append(seconds)
        return seconds > 0

    given = [
        (i, j)
        for rows in engine.stream(prompts, seeds, Decoding(TEMPERATURE, TOP_K, LENGTH), is_due)
        for i, j, _ in rows
    ]
    most = 2 * engine.llm.llm_engine.vllm_config.scheduler_config.max_num_seqs
    assert len(set(given)) == len(given) == most < 40 * 20
    assert sorted(longest) == longest and longest[-1] > 0
    assert draw(engine, prompts[:2], seeds_of(2, 2)), "the engine still works"
