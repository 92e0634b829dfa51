"""The tokenizer of programs loses no space and no line end, and the other one is as it was."""

import ast
import hashlib
import json

import pytest

from yetbetter.pocket import world
from yetbetter.pocket.code_tokenizer import build_code_tokenizer, code_vocabulary
from yetbetter.pocket.list_problems import LEVELS, make_list_problems
from yetbetter.pocket.subjects import PROGRAMS
from yetbetter.pocket.tokenizer import CONTEXT, vocabulary


@pytest.fixture(scope="module")
def tokenizer():
    return build_code_tokenizer()


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return [row for split in LEVELS for row in make_list_problems(split, 300)]


def test_every_text_survives_the_tokenizer_and_still_compiles(tokenizer, rows):
    for row in rows:
        for text in (PROGRAMS.text_of(row), row["question"], row["answer"]):
            ids = tokenizer(text)["input_ids"]
            assert tokenizer.unk_token_id not in ids
            assert tokenizer.decode(ids, skip_special_tokens=True) == text
        ids = tokenizer(row["solution"], add_special_tokens=False)["input_ids"]
        assert ast.dump(ast.parse(tokenizer.decode(ids))) == ast.dump(ast.parse(row["solution"]))


def test_completion_s_tokens_do_not_depend_on_the_prompt_before_it_and_fit_the_context(tokenizer, rows):
    for row in rows:
        prompt = tokenizer(PROGRAMS.prompt_of(row["question"]))["input_ids"]
        completion = tokenizer(row["solution"], add_special_tokens=False)["input_ids"]
        assert tokenizer(PROGRAMS.text_of(row))["input_ids"] == prompt + completion
        assert prompt.count(tokenizer.bos_token_id) == 1 and prompt[0] == tokenizer.bos_token_id
        assert len(completion) + 1 <= PROGRAMS.completion_tokens
        assert len(prompt) + PROGRAMS.completion_tokens <= CONTEXT


def test_pieces_have_one_id_each(tokenizer):
    pieces = code_vocabulary()
    assert len(set(pieces)) == len(pieces) == len(tokenizer)
    assert tokenizer.convert_tokens_to_ids(pieces) == list(range(len(pieces)))


def test_the_worlds_of_arithmetic_and_their_vocabulary_are_as_they_were_before_programs():
    rows = [row for d in ("easy", "hard") for split in world.SPLITS for row in world.make_problems(d, split, 20)]
    digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
    assert digest == "6a13fe61cbbc344d042d9ce576a80e95ee2216e3eb20ea47de6b47dffbce5958"
    assert len(vocabulary()) == 163
