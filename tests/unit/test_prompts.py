"""Prompt templates: checked when read, filled without surprises."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_generation import FAMILIES, make_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from yetbetter.errors import UserError
from yetbetter.generation.prompts import as_chat, chat_of, fill, opening_token, read_template
from yetbetter.generation.transformers_engine import Generator
from yetbetter.grading import extract_answer
from yetbetter.records import read_json
from yetbetter.training.data import encode_examples


@pytest.fixture
def write(tmp_path):
    def write(content: bytes):
        path = tmp_path / "prompt.txt"
        path.write_bytes(content)
        return path

    return write


def test_a_template_is_the_text_of_its_file(write):
    text = "{a: 1}\n\u2028Frage:\xa0{question}\n\nAntwort für {}:"
    assert read_template(write(text.encode())) == text


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_how_an_editor_saved_a_template_does_not_reach_the_model(write, mark, ends):
    text = "Aufgabe\n\nFrage: {question}\nAntwort:"
    saved = mark + text.replace("\n", ends)
    assert read_template(write(saved.encode())) == text
    # two files that were joined, each with its mark
    assert read_template(write((mark + "Erst dies." + ends + saved).encode())) == "Erst dies.\n" + text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{question}\nAnswer:\x1a", r"prompt\.txt:2: holds the control character '\\x1a'"),
        (b"{question}:\0", r"prompt\.txt:1: holds the control character '\\x00'"),
        ("{question}:\u200b".encode(), r"prompt\.txt: ends in '\\u200b', which is not drawn"),
        (b"{\\rtf1 {question}:}", r"prompt\.txt: a rich text document"),
        (b"version https://git-lfs.github.com/spec/v1\noid x", r"prompt\.txt: the pointer of a git-lfs file"),
    ],
)
def test_what_an_editor_cannot_show_does_not_reach_the_model(write, content, said):
    with pytest.raises(UserError, match=said):
        read_template(write(content))


def test_a_template_in_utf_16_is_named_as_such(write):
    with pytest.raises(UserError, match=r"prompt\.txt: UTF-16 text \(save it as UTF-8\)"):
        read_template(write("{question}:".encode("utf-16")))


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
def test_a_question_is_in_its_prompt_as_it_is(question):
    assert fill("Q: {question}\n{x} \\1 %s A:", question) == f"Q: {question}\n{{x}} \\1 %s A:"


@pytest.mark.parametrize("question", ["{question}", "{0}", "\\g<0>", "%(a)s", "{", ""])
def test_a_question_that_looks_like_a_template_is_text(question):
    assert fill("Q: {question} A:", question) == f"Q: {question} A:"


# The prompts that come along ------------------------------------------------------------------------------------------

RESOURCES = Path(__file__).parents[2] / "resources"
GOLDEN = Path(__file__).parent / "golden" / "prompts"
TEMPLATES = sorted(path.name for path in (RESOURCES / "prompts").glob("*.txt"))
QUESTION = "What is $\\frac{1}{2}$ of {x}, if x = 4?\nGive a number."


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_filled_prompt_is_the_golden_file(name):
    filled = fill(read_template(RESOURCES / "prompts" / name), QUESTION)
    assert filled == (GOLDEN / name).read_bytes().decode()


def test_every_golden_file_belongs_to_a_prompt():
    assert sorted(path.name for path in GOLDEN.iterdir()) == TEMPLATES


@pytest.mark.parametrize(("name", "shots"), [("minerva_math_4shot", 4), ("gsm8k_8shot", 8)])
def test_the_few_shot_prompts_are_the_published_ones(name, shots):
    data = Path(os.environ.get("YETBETTER_DATA") or RESOURCES.parents[1] / "shared" / "data")
    path = data / "few_shot_prompts" / f"{name}{'_cot' if name.startswith('gsm8k') else ''}.json"
    if not path.exists():
        pytest.skip(f"no {path}: set YETBETTER_DATA to the folder of the shared data")
    published = read_json(path)
    template = read_template(RESOURCES / "prompts" / f"{name}.txt")
    assert len(published["shots"]) == shots
    # One empty line between examples, where DeepSeek-Math's copy of the GSM8K prompt has two.
    assert template.startswith(published["prompt_text"].replace("\n\n\n", "\n\n") + "\n\n")


@pytest.mark.parametrize(
    ("name", "convention", "opening", "stop"),
    [
        ("minerva_math_4shot", "minerva", "Problem:\n", "\nProblem:"),
        ("gsm8k_8shot", "the_answer_is", "Q: ", "Q:"),
    ],
)
def test_every_example_of_a_prompt_states_an_answer_in_its_convention(name, convention, opening, stop):
    template = read_template(RESOURCES / "prompts" / f"{name}.txt")
    *examples, asked = ("\n\n" + template).split(f"\n\n{opening}")[1:]
    assert "{question}" in asked
    for example in examples:
        solution = re.split(r"\n\nSolution:|\nA:", example)[1]
        answer = extract_answer(solution, convention)
        assert answer
        assert stop not in solution
        if "\\boxed" in solution:
            assert extract_answer(solution, "boxed") == answer.strip("$")


# Token ids ------------------------------------------------------------------------------------------------------------

GEMMA_CHAT = (
    "{{ bos_token }}{% for turn in messages %}<start_of_turn>{{ turn['role'] }}\n{{ turn['content'] }}<end_of_turn>\n"
    "{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
CHATML = (
    "{% for turn in messages %}<|im_start|>{{ turn['role'] }}\n{{ turn['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make_tokenizer(special: list[str], bos: str, eos: str, adds: bool, chat: str | None = None):
    """Bytes as tokens, before them the special ones; `adds`: BOS is set in front of every text, as Gemma's does."""
    words = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if adds:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, words.index(bos))]
        )
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=bos, eos_token=eos, additional_special_tokens=special
    )
    made.chat_template = chat
    return made


def gemma():
    return make_tokenizer(["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"], "<bos>", "<eos>", True, GEMMA_CHAT)


def gpt2():
    return make_tokenizer(["<|endoftext|>"], "<|endoftext|>", "<|endoftext|>", False)


def smollm():
    return make_tokenizer(["<|im_start|>", "<|im_end|>"], "<|im_start|>", "<|im_end|>", False, CHATML)


def pocket():
    return AutoTokenizer.from_pretrained(RESOURCES / "pocket" / "wc")


TOKENIZERS = {"gemma": gemma, "gpt2": gpt2, "smollm": smollm, "pocket": pocket}


@pytest.fixture(scope="module")
def generator():
    generator = Generator(make_model(FAMILIES["llama"]), gemma())
    generator.context = None
    return generator


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("kind", TOKENIZERS)
def test_sampling_and_training_see_the_same_prompt_ids_with_one_bos_where_there_is_one(generator, kind, name):
    tokenizer = generator.tokenizer = TOKENIZERS[kind]()
    prompt = fill(read_template(RESOURCES / "prompts" / name), QUESTION)
    sampled = generator.encode(prompt)
    row = {"problem": "p", "sample": 0, "model": "wc", "prompt": prompt, "completion": " The answer is 2."}
    columns, kept_out = encode_examples([row], tokenizer, 10_000, "data.jsonl")
    assert kept_out == []
    (ids,), (labels,) = columns["input_ids"], columns["labels"]
    assert ids[: len(sampled)] == sampled
    assert labels[: len(sampled)] == [-100] * len(sampled)
    assert ids[-1] == tokenizer.eos_token_id
    bos = {"gemma": 1, "gpt2": 0, "smollm": 0}
    if kind in bos:
        assert sampled.count(tokenizer.bos_token_id) == bos[kind]
    elif opening_token(tokenizer) is not None:
        assert (sampled[0], sampled.count(tokenizer.bos_token_id)) == (tokenizer.bos_token_id, 1)


def test_a_tokenizer_that_doubles_bos_is_refused_in_sampling_and_in_training(generator):
    tokenizer = generator.tokenizer = gemma()
    prompt = "<bos>Question: ?\nAnswer:"
    with pytest.raises(UserError, match="2 BOS tokens"):
        generator.encode(prompt)
    row = {"problem": "p", "sample": 0, "model": "wc", "prompt": prompt, "completion": " 2."}
    with pytest.raises(UserError, match="2 BOS tokens"):
        encode_examples([row], tokenizer, 100, "data.jsonl")


# Chats ----------------------------------------------------------------------------------------------------------------


def test_a_chat_whose_template_spells_bos_out_has_one_bos(generator):
    tokenizer = generator.tokenizer = gemma()
    text = as_chat(tokenizer, "Q: 1 + 1?\nA:")
    assert text == "<start_of_turn>user\nQ: 1 + 1?\nA:<end_of_turn>\n<start_of_turn>model\n"
    ids = generator.encode(text)
    assert ids == tokenizer.apply_chat_template(
        [{"role": "user", "content": "Q: 1 + 1?\nA:"}], add_generation_prompt=True, return_dict=False
    )
    assert (ids[0], ids.count(tokenizer.bos_token_id)) == (tokenizer.bos_token_id, 1)


def test_a_chat_whose_tokenizer_sets_no_bos_keeps_what_the_template_spells_out(generator):
    tokenizer = generator.tokenizer = make_tokenizer(["<bos>", "<eos>"], "<bos>", "<eos>", False, GEMMA_CHAT)
    ids = generator.encode(as_chat(tokenizer, "?"))
    assert (ids[0], ids.count(tokenizer.bos_token_id)) == (tokenizer.bos_token_id, 1)


def test_a_chat_whose_turns_open_with_bos_keeps_them_all(generator):
    tokenizer = generator.tokenizer = smollm()
    text = as_chat(tokenizer, "?")
    assert text == "<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n"
    assert generator.encode(text).count(tokenizer.bos_token_id) == 2


def test_a_model_without_a_chat_template_is_named(tmp_path):
    gpt2().save_pretrained(tmp_path)
    with pytest.raises(UserError, match="no chat template"):
        chat_of(str(tmp_path))


def test_the_chat_of_a_model_that_is_not_here_is_reported_in_one_line_that_says_what_to_do(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        UserError, match=r"model nobody/nothing: cannot be loaded: .*fetch_model\.py.*HF_TOKEN"
    ) as error:
        chat_of("nobody/nothing")
    assert "\n" not in str(error.value)


def test_the_chat_of_a_folder_without_a_tokenizer_is_reported_without_a_word_on_the_hub(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be loaded: ") as error:
        chat_of(str(tmp_path))
    assert "\n" not in str(error.value) and "HF_TOKEN" not in str(error.value)


def test_a_saved_tokenizers_chat_is_the_same(tmp_path):
    gemma().save_pretrained(tmp_path)
    assert chat_of(str(tmp_path))("{?}") == as_chat(gemma(), "{?}")
