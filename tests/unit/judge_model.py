"""A judge for tests, and how to call programs and get their refusals: a real model, small enough to write by hand."""

import sys

import pytest
import torch
import transformers
from test_generation import GROUPED
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from yetbetter.errors import UserError

WORDS = [
    *("<pad>", "<bos>", "<eos>", "<unk>", "good", "bad", "both", "quiet"),
    *("Verdict: sound", "Verdict: flawed", "Verdict: sound\nVerdict: flawed"),
]
FOLLOWS = {"good": "Verdict: sound", "bad": "Verdict: flawed", "both": WORDS[-1]}


def save_judge(folder) -> str:
    """A real model whose answer depends only on the last word of its prompt: a table of next tokens."""
    config = transformers.LlamaConfig(**GROUPED | {"vocab_size": 16, "num_hidden_layers": 1}, tie_word_embeddings=False)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    weights = {name: torch.zeros_like(weight) for name, weight in model.state_dict().items()}
    weights["model.embed_tokens.weight"][:, :16] = torch.eye(16)
    for name in weights:
        if name.endswith("norm.weight"):
            weights[name] += 1
    for number, word in enumerate(WORDS):
        weights["lm_head.weight"][WORDS.index(FOLLOWS.get(word, "<eos>")), number] = 10
    model.load_state_dict(weights)
    model.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    names = {f"{name}_token": f"<{name}>" for name in ("pad", "bos", "eos", "unk")}
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return str(folder)


def call(program, *arguments) -> None:
    """A program's main function, with arguments as from a shell."""
    before, sys.argv = sys.argv, [program.__file__, *map(str, arguments)]
    try:
        program.main()
    finally:
        sys.argv = before


def refusal(function, *arguments) -> str:
    with pytest.raises(UserError) as failure:
        function(*arguments)
    assert len(str(failure.value).splitlines()) == 1
    return str(failure.value)
