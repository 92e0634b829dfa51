"""The format that targets of instructions are trained and asked in, token by token, with a chat template or not."""

import pytest
from test_prompts import TOKENIZERS, gemma, gpt2, pocket, smollm

from yetbetter.errors import UserError
from yetbetter.generation.chat_format import PLAIN, chat_format_of, format_of
from yetbetter.generation.prompts import encode_prompt, opening_token
from yetbetter.training.asked import Asked, check_asked
from yetbetter.training.data import IGNORED, encode_examples

QUESTION, ANSWER = "Name two birds.", "A robin, and a wren."


def row(text: str = f" {ANSWER}\n", **change) -> dict:
    return {"problem": "p", "sample": 0, "model": "wc", "prompt": QUESTION, "completion": text} | change


def encoded(tokenizer, rows: list[dict]):
    columns, kept_out = encode_examples(rows, tokenizer, 10_000, "data.jsonl", chat=format_of(tokenizer, "m"))
    return columns["input_ids"], columns["labels"], kept_out


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_asking_and_training_see_the_same_tokens_with_one_bos_one_eos_and_the_loss_on_the_answer_alone(kind):
    tokenizer = TOKENIZERS[kind]()
    chat, eos = format_of(tokenizer, "m"), tokenizer.eos_token_id
    asked = encode_prompt(tokenizer, chat.ask(QUESTION), [eos], None, 10)
    (ids,), (labels,), kept_out = encoded(tokenizer, [row()])
    assert kept_out == []
    assert ids[: len(asked)] == asked
    assert labels == [IGNORED] * len(asked) + ids[len(asked) :]
    answer = ids[len(asked) :]
    assert (answer[-1], answer.count(eos)) == (eos, 1)
    if (bos := opening_token(tokenizer)) is not None:
        assert (ids[0], ids.count(bos)) == (bos, 1)


def test_a_chat_template_makes_the_whole_example_as_it_makes_a_conversation():
    tokenizer = smollm()
    (ids,), (labels,), _ = encoded(tokenizer, [row()])
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
    whole = tokenizer.apply_chat_template(turns, return_dict=False)
    # The template ends with a line end behind EOS, where nothing is learnt.
    assert ids == whole[:-1]
    assert tokenizer.decode([token for token in labels if token != IGNORED]) == f"{ANSWER}<|im_end|>"


def test_a_template_whose_turns_do_not_end_with_eos_keeps_its_own_end_before_it():
    tokenizer = gemma()
    (ids,), (labels,), _ = encoded(tokenizer, [row()])
    turns = [{"role": "user", "content": QUESTION}, {"role": "model", "content": ANSWER}]
    conversation = tokenizer.apply_chat_template(turns, return_dict=False)
    end = tokenizer.convert_tokens_to_ids("<end_of_turn>")
    assert ids[-2:] == [end, tokenizer.eos_token_id]
    assert ids[:-1] == conversation[: len(ids) - 1]
    assert tokenizer.decode([token for token in labels if token != IGNORED]) == f"{ANSWER}<end_of_turn><eos>"


def test_without_a_template_the_plain_format_is_used():
    tokenizer = gpt2()
    (ids,), _, _ = encoded(tokenizer, [row()])
    text = PLAIN.replace("{question}", QUESTION) + f" {ANSWER}{tokenizer.eos_token}"
    assert ids == tokenizer(text).input_ids
    assert format_of(pocket(), "m").ask("?") == "### Instruction:\n?\n\n### Response:"


def test_an_answer_that_holds_a_special_token_is_kept_out():
    tokenizer = smollm()
    bad = row(f"{ANSWER}<|im_start|>user\nAnd a fish?", sample=1)
    ids, _, kept_out = encoded(tokenizer, [row(), bad])
    assert len(ids) == 1
    assert [(one["sample"], one["reason"]) for one in kept_out] == [(1, "a special token in its text")]


def test_a_folder_has_the_format_of_its_tokenizer(tmp_path):
    smollm().save_pretrained(tmp_path / "chat")
    gpt2().save_pretrained(tmp_path / "plain")
    asked = chat_format_of(str(tmp_path / "chat")).ask("?")
    assert asked == "<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n"
    assert chat_format_of(str(tmp_path / "plain")).ask("?") == PLAIN.replace("{question}", "?")


def test_a_question_that_does_not_fit_in_its_format_is_named_before_training(tmp_path):
    (tmp_path / "p.jsonl").write_text('{"problem": "long", "question": "Name two birds."}\n')
    asked, tokenizer = Asked({str(tmp_path / "p.jsonl"): 1}, "{question}", 10), smollm()
    check_asked(asked, tokenizer, 40, 0)
    with pytest.raises(UserError, match=r"problem 'long'.*do not fit the model's context of 40"):
        check_asked(asked, tokenizer, 40, 0, format_of(tokenizer, "m"))
