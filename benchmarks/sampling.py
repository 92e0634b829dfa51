"""Tokens per second of our generator and of transformers' own generate: same prompts, same samples, one core.

    python benchmarks/sampling.py --model resources/pocket/wc --problems problems.jsonl --samples 32 --batch-size 512

The two take turns, and CPU seconds are counted: a busy machine disturbs that least. The ratio is the median over the
turns. transformers' generate is fastest at small batches, ours at 1,000 sequences and more: compare each at its best.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

import torch

from yetbetter.generation import Generator, load_model
from yetbetter.identity import stream_seed
from yetbetter.records import read_rows

TEMPERATURE, TOP_K = 0.7, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder or hub id")
    parser.add_argument("--problems", type=Path, required=True, help="JSON Lines with `question`")
    parser.add_argument("--count", type=int, default=32, help="problems taken (default: 32)")
    parser.add_argument("--prompt", type=Path, help="text file that holds {question} (default: the question alone)")
    parser.add_argument("--samples", type=int, default=32, help="samples per problem (default: 32)")
    parser.add_argument("--batch-size", type=int, nargs="+", default=[512], help="sequences per batch (default: 512)")
    parser.add_argument("--max-new-tokens", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3, help="turns of each (default: 3)")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    template = arguments.prompt.read_text(encoding="utf-8") if arguments.prompt else "{question}"
    rows = read_rows(arguments.problems, require=["question"])[: arguments.count]
    prompts = [template.replace("{question}", row["question"]) for row in rows]
    ours, plain = Generator(*load_model(arguments.model)), load_model(arguments.model)
    print(
        f"{len(prompts)} problems x {arguments.samples} samples, tokens per CPU second, medians of {arguments.repeats}"
    )
    print(f"{'batch':>6} {'ours':>10} {'generate':>10} {'ratio':>7} {'our tokens':>11} {'its tokens':>11}")
    for batch_size in arguments.batch_size:
        together = max(1, batch_size // arguments.samples)
        turns = []
        for _ in range(arguments.repeats):
            measured = [time_of(draw_ours, ours, prompts, together, arguments)]
            measured.append(time_of(draw_plain, plain, prompts, together, arguments))
            turns.append(measured)
        rates = [[tokens / seconds for tokens, seconds in turn] for turn in turns]
        our_rate, its_rate = (statistics.median(rate[side] for rate in rates) for side in (0, 1))
        ratio = statistics.median(rate[0] / rate[1] for rate in rates)
        tokens = turns[0][0][0], turns[0][1][0]
        print(
            f"{together * arguments.samples:>6} {our_rate:>10,.0f} {its_rate:>10,.0f} {ratio:>6.1f}x"
            f" {tokens[0]:>11,} {tokens[1]:>11,}",
            flush=True,
        )


def time_of(draw, engine, prompts, together, arguments) -> tuple[int, float]:
    """Tokens drawn and CPU seconds taken for all prompts, `together` of them in a batch."""
    start, tokens = time.process_time(), 0
    for at in range(0, len(prompts), together):
        tokens += draw(engine, prompts[at : at + together], at, arguments)
    return tokens, time.process_time() - start


def draw_ours(engine, prompts, first, arguments) -> int:
    seeds = [[stream_seed(first + i, sample) for sample in range(arguments.samples)] for i in range(len(prompts))]
    drawn = engine.generate(prompts, seeds, TEMPERATURE, TOP_K, arguments.max_new_tokens)
    return sum(sample["tokens"] for of_prompt in drawn for sample in of_prompt)


@torch.inference_mode()
def draw_plain(engine, prompts, first, arguments) -> int:
    """The same with transformers: left padding, num_return_sequences, and the texts decoded."""
    model, tokenizer = engine
    tokenizer.padding_side = "left"
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    torch.manual_seed(first)
    output = model.generate(
        input_ids=inputs.input_ids,
        attention_mask=inputs.attention_mask,
        do_sample=True,
        temperature=TEMPERATURE,
        top_k=TOP_K,
        top_p=1.0,
        max_new_tokens=arguments.max_new_tokens,
        num_return_sequences=arguments.samples,
        pad_token_id=tokenizer.pad_token_id,
    )[:, inputs.input_ids.shape[1] :]
    tokenizer.batch_decode(output, skip_special_tokens=True)
    ended = output == tokenizer.eos_token_id
    return int(torch.where(ended.any(1), ended.int().argmax(1) + 1, output.shape[1]).sum())


if __name__ == "__main__":
    main()
