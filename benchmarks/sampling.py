"""Tokens per second of the samplers, on the same prompts, with the same samples, on one core.

    python benchmarks/sampling.py --model resources/pocket/wc --problems P.jsonl --samples 32 --batch-size 512
    .venv-vllm/bin/python benchmarks/sampling.py ... --samplers vllm LLM.generate generate

ours: the engine transformers. generate: transformers' own. vllm: the engine vllm with a draft, as sample_solutions.py
draws. LLM.generate: a bare call of vLLM with the same requests. They take turns, and CPU seconds are counted: the
machine's load affects them least. The ratio, of each to the first, is the median over the turns. Everything is loaded
beforehand. transformers' generate is fastest at small batches, ours at 1,000 sequences and more: compare each at its
best; vLLM chooses its batches itself.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.drafts import open_draft
from yetbetter.generation.engines import Decoding, close_engine, load_engine
from yetbetter.generation.prompts import read_template
from yetbetter.generation.sampling import ask_stream, sample_stream
from yetbetter.identity import stream_seed
from yetbetter.program import Parser, run, whole
from yetbetter.records import read_rows

TEMPERATURE, TOP_K = 0.7, 3


def main() -> None:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder or hub id")
    parser.add_argument("--problems", type=Path, required=True, help="JSON Lines with `question`")
    parser.add_argument("--count", type=whole(1), default=32, help="problems taken (default: 32)")
    parser.add_argument("--prompt", type=Path, help="text file that holds {question} (default: the question alone)")
    parser.add_argument("--samples", type=whole(1), default=32, help="samples per problem (default: 32)")
    parser.add_argument(
        "--batch-size", type=whole(1), nargs="+", default=[512], help="sequences per batch (default: 512)"
    )
    parser.add_argument("--max-new-tokens", type=whole(1), default=96)
    parser.add_argument("--repeats", type=whole(1), default=3, help="turns of each (default: 3)")
    parser.add_argument("--samplers", nargs="+", default=["ours", "generate"], choices=SAMPLERS)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"], help="of all of them")
    arguments = parser.parse_args()

    template = read_template(arguments.prompt) if arguments.prompt else "{question}"
    rows = read_rows(arguments.problems, require=["question"])[: arguments.count]
    # Slow to import, so only after the arguments are checked.
    import torch

    torch.set_num_threads(1)
    prompts = [template.replace("{question}", row["question"]) for row in rows]
    loaded = load(arguments, prompts)
    size = f"{len(prompts)} problems x {arguments.samples} samples"
    print(f"{size}, {arguments.dtype}, medians of {arguments.repeats} turns, tokens per second")
    print(f"{'sampler':>12} {'batch':>6} {'tokens':>9} {'a CPU second':>13} {'a second':>9} {'ratio':>7}")
    for batch_size in arguments.batch_size:
        together = max(1, batch_size // arguments.samples)
        turns = []
        for _ in range(arguments.repeats):
            turns.append([time_of(SAMPLERS[name], loaded[name], prompts, together, arguments) for name in loaded])
        first = [turn[0][0] / turn[0][1] for turn in turns]
        for number, name in enumerate(loaded):
            cpu = [turn[number][0] / turn[number][1] for turn in turns]
            wall = [turn[number][0] / turn[number][2] for turn in turns]
            ratio = statistics.median(rate / base for rate, base in zip(cpu, first, strict=True))
            batch = "" if name in WITH_VLLM else together * arguments.samples
            print(
                f"{name:>12} {batch:>6} {turns[0][number][0]:>9,} {statistics.median(cpu):>13,.0f}"
                f" {statistics.median(wall):>9,.0f} {ratio:>6.2f}x",
                flush=True,
            )
    for engine in loaded.values():
        close_engine(engine)


def load(arguments, prompts) -> dict:
    """What each sampler draws with; the two of vLLM share one."""
    engines = {}
    for name in arguments.samplers:
        if name in WITH_VLLM:
            others = [engines[other] for other in WITH_VLLM if other in engines]
            options = {"dtype": arguments.dtype}
            engines[name] = others[0] if others else load_engine("vllm", arguments.model, options=options)
            engines[name].check(prompts, arguments.max_new_tokens)
            draw_bare(engines[name], prompts[:1], 0, arguments)  # the first call packs the weights
        else:
            import torch

            from yetbetter.generation.transformers_engine import Generator, load_model

            model, tokenizer = load_model(arguments.model)
            model = model.to(getattr(torch, arguments.dtype))
            engines[name] = Generator(model, tokenizer) if name == "ours" else (model, tokenizer)
    return engines


def time_of(draw, engine, prompts, together, arguments) -> tuple[int, float, float]:
    """Tokens, CPU seconds and seconds for all prompts, `together` of them per batch if the sampler has batches."""
    if draw in (draw_vllm, draw_bare):
        together = len(prompts)
        engine.llm.reset_prefix_cache()
    start, cpu_start, tokens = time.monotonic(), time.process_time(), 0
    for at in range(0, len(prompts), together):
        tokens += draw(engine, prompts[at : at + together], at, arguments)
    return tokens, time.process_time() - cpu_start, time.monotonic() - start


def seeds_of(prompts, first, arguments) -> list[list[int]]:
    return [[stream_seed(first + i, sample) for sample in range(arguments.samples)] for i in range(len(prompts))]


def draw_ours(engine, prompts, first, arguments) -> int:
    seeds = seeds_of(prompts, first, arguments)
    drawn = engine.generate(prompts, seeds, Decoding(TEMPERATURE, TOP_K, arguments.max_new_tokens))
    return sum(sample["tokens"] for of_prompt in drawn for sample in of_prompt)


def draw_plain(engine, prompts, first, arguments) -> int:
    """The same with transformers: left padding, num_return_sequences, and the texts decoded."""
    import torch

    model, tokenizer = engine
    tokenizer.padding_side = "left"
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    torch.manual_seed(first)
    with torch.inference_mode():
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


def draw_vllm(engine, prompts, first, arguments) -> int:
    """As sample_solutions.py does: rows reach a draft on the disk as they are finished."""
    rows = [{"problem": str(i), "sample": j} for i in range(len(prompts)) for j in range(arguments.samples)]
    questions = {str(i): prompt for i, prompt in enumerate(prompts)}
    decoding = Decoding(TEMPERATURE, TOP_K, arguments.max_new_tokens)

    def seed_of(row):
        return stream_seed(first + int(row["problem"]), row["sample"])

    def draw(asked):
        return ask_stream(engine, asked, questions, seed_of, decoding)

    with tempfile.TemporaryDirectory() as folder, open_draft(Path(folder) / "rows.jsonl", {}) as draft:
        return sum(row["tokens"] for row in sample_stream(draft, "rows.jsonl", [rows], draw, "samples"))


def draw_bare(engine, prompts, first, arguments) -> int:
    """The same requests in one call of vLLM."""
    from vllm import SamplingParams, TokensPrompt

    requests, parameters = [], []
    for prompt, seeds in zip(prompts, seeds_of(prompts, first, arguments), strict=True):
        ids = engine.encode(prompt)
        for seed in seeds:
            requests.append(TokensPrompt(prompt_token_ids=ids))
            parameters.append(
                SamplingParams(temperature=TEMPERATURE, top_k=TOP_K, max_tokens=arguments.max_new_tokens, seed=seed)
            )
    drawn = engine.llm.generate(requests, parameters, use_tqdm=False)
    return sum(len(output.token_ids) for request in drawn for output in request.outputs)


SAMPLERS = {"ours": draw_ours, "generate": draw_plain, "vllm": draw_vllm, "LLM.generate": draw_bare}
WITH_VLLM = ("vllm", "LLM.generate")

if __name__ == "__main__":
    run(main)
