"""What is learned: the completion alone, and its end."""

import shutil
from pathlib import Path

import pytest
import torch
from finetune_support import LENGTH, example, make_model, run_here, write
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from yetbetter.generation.engines import Decoding
from yetbetter.generation.prompts import fill, read_template
from yetbetter.training.data import IGNORED, encode_examples

ROOT = Path(__file__).parents[2]
PROMPT = read_template(ROOT / "resources/prompts/pocket.txt")


def gradient_of(model: str, rows: list[dict], prompts_too: bool = False) -> torch.Tensor:
    """Gradient of the mean loss for the output layer's weights [vocabulary, hidden], by its formula.

    Row j sums (probability of j, less one where j is the target) x hidden state over all places with a target.
    """
    live = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    columns, _ = encode_examples(rows, AutoTokenizer.from_pretrained(model), LENGTH, "data.jsonl")
    total, targets = torch.zeros_like(live.lm_head.weight), 0
    with torch.no_grad():
        for ids, labels in zip(columns["input_ids"], columns["labels"], strict=True):
            hidden = live.model(torch.tensor([ids])).last_hidden_state[0, :-1]
            wanted = torch.tensor(ids if prompts_too else labels)[1:]
            places = wanted != IGNORED
            errors = live.lm_head(hidden[places]).softmax(-1)
            errors[range(len(errors)), wanted[places]] -= 1
            total += errors.T @ hidden[places]
            targets += int(places.sum())
    return total / targets


def test_a_prompt_s_tokens_are_not_targets(tmp_path, monkeypatch):
    from yetbetter.training import steps

    model = make_model(tmp_path / "model")
    rows = [example(number) for number in range(1, 9)]
    seen = []

    def look(self, args, state, control, model=None, **kwargs):
        seen.append({name: parameter.grad.clone() for name, parameter in model.named_parameters()})

    monkeypatch.setattr(steps.Keeper, "on_pre_optimizer_step", look, raising=False)
    options = {"steps": 1, "checkpoints": 1, "max_gradient_norm": 0, "micro_batch_size": 2}
    run_here(monkeypatch, model, write(tmp_path / "data.jsonl", rows), tmp_path / "out", **options)
    (gradients,) = seen
    found = gradients["lm_head.weight"]
    expected, with_prompts = gradient_of(model, rows), gradient_of(model, rows, prompts_too=True)
    assert (found - expected).norm() < 1e-4 * expected.norm()
    assert (found - with_prompts).norm() > 0.1 * expected.norm()
    # A token that only prompts hold is never pulled up: its row is what its probability pushes it down by.
    tokenizer = AutoTokenizer.from_pretrained(model)
    only_asked = set(tokenizer(rows[0]["prompt"]).input_ids) - set(tokenizer(rows[0]["completion"]).input_ids)
    only_asked = [i for i in only_asked if tokenizer.decode([i]) in ("Ann", "has", "buys", "apples", "how", "many")]
    assert len(only_asked) == 6
    hidden = torch.stack([with_prompts[i] - found[i] for i in only_asked])
    assert (hidden.norm(dim=1) > 10 * (found - expected).norm()).all(), "as targets they would have another gradient"
    # What a prompt's tokens say is read all the same.
    assert gradients["model.embed_tokens.weight"][only_asked].abs().sum() > 0


@pytest.mark.slow
def test_a_finetuned_pocket_model_stops_by_eos(tmp_path, monkeypatch):
    from yetbetter.generation.transformers_engine import Generator, load_model
    from yetbetter.pocket.world import make_problems

    # A student that has forgotten how to stop: the row of EOS, in the embedding and so in the output, is zeroed.
    student = Path(shutil.copytree(ROOT / "resources/pocket/student", tmp_path / "student"))
    weights = load_file(student / "model.safetensors")
    eos = AutoTokenizer.from_pretrained(student).eos_token_id
    weights["model.embed_tokens.weight"][eos] = 0
    save_file(weights, student / "model.safetensors", metadata={"format": "pt"})
    rows = [
        {"problem": row["problem"], "sample": 0, "completion": row["solution"], "model": "human"}
        | {"prompt": fill(PROMPT, row["question"])}
        for row in make_problems("easy", "train", 64)
    ]
    options = {"steps": 60, "checkpoints": 1, "batch_size": 16, "learning_rate": 2e-3, "max_length": 256}
    data = write(tmp_path / "data.jsonl", rows)
    output = run_here(monkeypatch, str(student), data, tmp_path / "out", **options)
    prompts = [fill(PROMPT, row["question"]) for row in make_problems("easy", "test", 100)]
    shares = []
    for folder in (student, output / "checkpoint-1"):
        generator = Generator(*load_model(str(folder)))
        answers = generator.generate(prompts, [[2 * i, 2 * i + 1] for i in range(100)], Decoding(0.7, 0, 96))
        reasons = [answer["finish_reason"] for of_prompt in answers for answer in of_prompt]
        shares.append(reasons.count("stop") / len(reasons))
    assert shares[0] < 0.5
    assert shares[1] >= 0.99
