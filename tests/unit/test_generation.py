"""The generator draws what the model says: against transformers' own generate, and against the probabilities."""

import collections
import copy
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from yetbetter.errors import UserError
from yetbetter.generation import transformers_engine
from yetbetter.generation.engines import Decoding
from yetbetter.generation.transformers_engine import Generator, load_model

torch.set_num_threads(1)

VOCABULARY, BOS, EOS = 48, 1, 2
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 128,
    "initializer_range": 0.4,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
    "pad_token_id": 0,
}
GROUPED = SHAPE | {"head_dim": 8}
SLIDING = GROUPED | {"sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"]}
FAMILIES = {
    "llama": transformers.LlamaConfig(**GROUPED, tie_word_embeddings=True),
    "one key head": transformers.LlamaConfig(**GROUPED | {"num_key_value_heads": 1}),
    "qwen2": transformers.Qwen2Config(**SHAPE),
    "mistral, sliding window": transformers.MistralConfig(**GROUPED, sliding_window=6),
    "gemma2, window and soft cap": transformers.Gemma2Config(**SLIDING, attn_logit_softcapping=2.0),
    "gemma3, window": transformers.Gemma3TextConfig(**SLIDING),
    "gpt_neox": transformers.GPTNeoXConfig(**{k: v for k, v in SHAPE.items() if k != "num_key_value_heads"}),
    "gpt2": transformers.GPT2Config(
        vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=128, initializer_range=0.4, eos_token_id=EOS
    ),
}


def make_tokenizer(template: str = "<bos> $A", eos: str | None = "<eos>") -> PreTrainedTokenizerFast:
    words = ["<pad>", "<bos>", "<eos>", "<unk>", *(f"w{number}" for number in range(VOCABULARY - 4))]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[("<bos>", BOS), ("<eos>", EOS)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<bos>", eos_token=eos, pad_token="<pad>", unk_token="<unk>"
    )


def make_model(config, seed: int = 0):
    torch.manual_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(copy.deepcopy(config), attn_implementation="eager").eval()


def save_model(folder, seed: int = 0) -> str:
    """A tiny random model that `load_model` can load."""
    make_model(FAMILIES["llama"], seed).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return str(folder)


def make_prompts(count: int, shortest: int = 1, longest: int = 20) -> list[str]:
    stream = np.random.default_rng(count)
    lengths = stream.integers(shortest, longest, count)
    return [" ".join(f"w{word}" for word in stream.integers(0, VOCABULARY - 4, length)) for length in lengths]


@pytest.fixture(scope="module")
def generator():
    return Generator(make_model(FAMILIES["llama"]), make_tokenizer())


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_output_equals_that_of_transformers_for_prompts_of_any_length(family):
    model, plain, tokenizer = make_model(FAMILIES[family]), make_model(FAMILIES[family]), make_tokenizer()
    prompts = make_prompts(12)
    drawn = Generator(model, tokenizer).generate(prompts, [[1, 2]] * 12, Decoding(0, 0, 16))
    for prompt, samples in zip(prompts, drawn, strict=True):
        ids = torch.tensor([tokenizer(prompt).input_ids])
        output = plain.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=16)
        expected = output[0, ids.shape[1] :]
        assert samples[0]["text"] == samples[1]["text"] == tokenizer.decode(expected, skip_special_tokens=True)
        assert samples[0]["tokens"] == len(expected)
        assert samples[0]["prompt_tokens"] == ids.shape[1]
        assert samples[0]["finish_reason"] == ("stop" if expected[-1] == EOS else "length")


def test_samples_follow_the_top_k_probabilities_at_the_temperature(generator):
    prompt, top_k, temperature, count = "w1 w2 w3", 3, 1.5, 4000
    samples = generator.generate([prompt], [range(count)], Decoding(temperature, top_k, 2))[0]
    found = collections.Counter(sample["text"] for sample in samples)
    plain, tokenizer = make_model(FAMILIES["llama"]), generator.tokenizer

    def distribution(ids):
        with torch.inference_mode():
            values, words = plain(torch.tensor([ids])).logits[0, -1].topk(top_k)
        return zip(words.tolist(), torch.softmax(values / temperature, -1).tolist(), strict=True)

    expected = {}
    start = tokenizer(prompt).input_ids
    for first, p in distribution(start):
        for second, q in distribution([*start, first]) if first != EOS else [(EOS, 1.0)]:
            text = tokenizer.decode([first, second], skip_special_tokens=True)
            expected[text] = expected.get(text, 0) + p * q * count
    assert set(found) <= set(expected)
    chi_square = sum((found[text] - mean) ** 2 / mean for text, mean in expected.items())
    assert chi_square < 30  # 8 degrees of freedom: exceeded with probability 0.0002


def test_without_top_k_every_token_can_be_drawn(generator):
    samples = generator.generate(["w1"], [range(3000)], Decoding(5.0, 0, 1))[0]
    assert len({sample["text"] for sample in samples}) > VOCABULARY // 2


def test_a_row_does_not_depend_on_what_else_is_in_the_batch_or_on_when_others_finish(generator):
    prompts = make_prompts(9)
    seeds = [[1000 * i + j for j in range(7)] for i in range(len(prompts))]
    together = generator.generate(prompts, seeds, Decoding(1.0, 10, 40))
    assert {sample["finish_reason"] for row in together for sample in row} == {"stop", "length"}
    assert len({sample["tokens"] for row in together for sample in row}) > 15
    for prompt, row_seeds, row in zip(prompts, seeds, together, strict=True):
        assert generator.generate([prompt], [row_seeds[2:4]], Decoding(1.0, 10, 40)) == [row[2:4]]


def test_an_equal_call_gives_an_equal_result_whatever_was_drawn_before(generator):
    prompts, seeds = make_prompts(4), [[1, 2, 3]] * 4
    before = generator.generate(prompts, seeds, Decoding(1.0, 5, 20))
    generator.generate(make_prompts(7), [[9]] * 7, Decoding(0.3, 2, 30))
    assert generator.generate(prompts, seeds, Decoding(1.0, 5, 20)) == before


def test_a_longer_limit_only_continues_a_sample(generator):
    short, long = (generator.generate(["w5 w6"], [range(20)], Decoding(1.0, 10, limit))[0] for limit in (5, 25))
    for cut, whole in zip(short, long, strict=True):
        assert whole["text"].startswith(cut["text"])
        assert cut["tokens"] == min(5, whole["tokens"])
        assert cut["finish_reason"] == (
            "stop" if whole["tokens"] <= 5 and whole["finish_reason"] == "stop" else "length"
        )


def test_prompts_may_repeat_and_may_want_no_sample_and_results_keep_their_order(generator):
    drawn = generator.generate(["w1 w2", "w9", "w1 w2", "w4"], [[3], [], [3, 4], [5]], Decoding(1.0, 5, 10))
    assert [len(row) for row in drawn] == [1, 0, 2, 1]
    assert [[sample["seed"] for sample in row] for row in drawn] == [[3], [], [3, 4], [5]]
    assert drawn[0][0] == drawn[2][0]
    assert generator.generate(["w1"], [[]], Decoding(1.0, 5, 10)) == [[]]


def test_each_distinct_prompt_is_read_once_and_finished_rows_leave_the_batch(generator):
    rows = []
    embeddings = generator.model.get_input_embeddings()
    hook = embeddings.register_forward_hook(lambda module, inputs, output: rows.append(tuple(inputs[0].shape)))
    drawn = generator.generate(["w1 w2 w3", "w4 w5 w6", "w1 w2 w3"], [range(30)] * 3, Decoding(1.0, 10, 60))
    hook.remove()
    assert rows[0] == (2, 4)
    assert {length for _, length in rows[1:]} == {1}
    needed = sum(sample["tokens"] - 1 for row in drawn for sample in row)
    assert needed <= sum(count for count, _ in rows[1:]) < 1.35 * needed


def test_prompts_are_read_in_parts_that_bound_the_memory(generator, monkeypatch):
    prompts = make_prompts(9)
    whole = generator.generate(prompts, [[1]] * 9, Decoding(0, 0, 12))
    monkeypatch.setattr(transformers_engine, "PREFILL_TOKENS", 30)
    assert generator.generate(prompts, [[1]] * 9, Decoding(0, 0, 12)) == whole


def test_a_completion_ends_before_the_first_stop_string(generator):
    whole = generator.generate(["w7 w8"], [range(12)], Decoding(1.0, 10, 20))[0]
    words = whole[0]["text"].split()
    stop = " ".join(words[5:7])
    samples = generator.generate(["w7 w8"], [range(12)], Decoding(1.0, 10, 20, (stop, "never")))[0]
    cut = whole[0]["text"].split(stop)[0]
    assert samples[0] == whole[0] | {"text": cut, "finish_reason": "stop", "tokens": len(cut.split()) + 2}
    others = [(old, new) for old, new in zip(whole, samples, strict=True) if stop not in old["text"]]
    assert others and all(old == new for old, new in others)


def test_a_stop_string_that_ends_in_a_space_is_seen_too(generator):
    whole = generator.generate(["w7 w8"], [[0]], Decoding(1.0, 10, 20))[0][0]
    stop = whole["text"].split()[5] + " "
    sample = generator.generate(["w7 w8"], [[0]], Decoding(1.0, 10, 20, (stop,)))[0][0]
    assert sample["text"] == whole["text"].split(stop)[0]
    assert sample["finish_reason"] == "stop"


def test_a_completion_may_be_empty():
    generator = Generator(make_model(FAMILIES["llama"]), make_tokenizer())
    first = generator.generate(["w7"], [[0]], Decoding(0, 0, 1))[0][0]["text"]
    generator.ends = [generator.tokenizer.convert_tokens_to_ids(first)]
    sample = generator.generate(["w7"], [[0]], Decoding(0, 0, 9))[0][0]
    assert sample == {"text": "", "tokens": 1, "prompt_tokens": 2, "finish_reason": "stop", "seed": 0}


def test_a_random_stream_depends_on_its_seed_alone():
    both = transformers_engine.uniform_streams([3, 2**63 - 1], 8)
    assert both.shape == (2, 8) and (both >= 0).all() and (both < 1).all()
    assert (transformers_engine.uniform_streams([2**63 - 1], 4)[0] == both[1, :4]).all()
    assert (both[0] != both[1]).all()


def test_a_uniform_number_just_below_one_draws_the_last_token():
    logits = torch.tensor([[0.0, 1.0, 2.0]])
    drawn = [
        transformers_engine.choose_tokens(logits, torch.tensor([u], dtype=torch.float64), 1.0, 2).item()
        for u in (0.0, 1 - 2**-53)
    ]
    assert drawn == [2, 1]


@pytest.mark.parametrize(
    ("template", "prompt", "message"),
    [
        ("$A", "w1", "0 BOS tokens"),
        ("<bos> $A", "<bos> w1", "2 BOS tokens"),
        ("<bos> $A <eos>", "w1", "end with EOS"),
        ("<bos> $A", "w1 " * 130, "context of 128"),
    ],
)
def test_a_prompt_with_a_wrong_bos_or_eos_or_length_is_refused(template, prompt, message):
    generator = Generator(make_model(FAMILIES["llama"]), make_tokenizer(template))
    with pytest.raises(UserError, match=message):
        generator.generate([prompt], [[1]], Decoding(0, 0, 4))
    with pytest.raises(UserError, match=message):
        generator.check([prompt], 4)


def test_the_context_can_be_limited_below_the_model_s_own():
    generator = Generator(make_model(FAMILIES["llama"]), make_tokenizer(), max_context=10)
    generator.check(["w1 w2 w3"], 6)
    with pytest.raises(UserError, match="context of 10"):
        generator.check(["w1 w2 w3"], 7)


def test_a_saved_model_is_loaded_in_single_precision(tmp_path):
    make_model(FAMILIES["llama"]).bfloat16().save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    model, tokenizer = load_model(str(tmp_path))
    assert model.dtype == torch.float32 or torch.cuda.is_available()
    assert tokenizer("w1").input_ids == [BOS, 5]


def test_a_path_without_model_or_tokenizer_or_eos_is_refused_in_one_line(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        load_model(str(tmp_path / "nothing"))
    (tmp_path / "empty").mkdir()
    model = make_model(FAMILIES["llama"])
    model.save_pretrained(tmp_path / "model only")
    model.save_pretrained(tmp_path / "no eos")
    make_tokenizer(eos=None).save_pretrained(tmp_path / "no eos")
    for name in ("empty", "model only", "no eos"):
        with pytest.raises(UserError, match=name) as error:
            load_model(str(tmp_path / name))
        assert "\n" not in str(error.value)


def test_weights_that_were_cut_short_are_refused_in_one_line(tmp_path):
    shutil.copytree(Path(__file__).parents[2] / "resources" / "pocket" / "wc", tmp_path / "cut")
    os.truncate(tmp_path / "cut" / "model.safetensors", 200_000)
    with pytest.raises(UserError, match=f"model {tmp_path}/cut: cannot be loaded: .*not fully covered") as error:
        load_model(str(tmp_path / "cut"))
    assert "\n" not in str(error.value)


def test_a_model_with_other_layers_than_attention_is_refused():
    config = transformers.Qwen2Config(**SHAPE)
    config.layer_types = ["full_attention", "linear_attention"]
    with pytest.raises(UserError, match="linear_attention"):
        transformers_engine.check_supported("here", config, make_tokenizer())
