"""The engine `vllm`: samples by vLLM, which keeps its batch full by itself, each from the random stream of its seed.

Every sample is a request of its own, because vLLM's `n` would give the samples of a prompt the seeds s, s+1, ...; the
requests of a prompt follow each other and share its keys and values through the prefix cache. Equal seeds give equal
streams, but which samples share a batch depends on timing, and that can move the last digits of their logits.
"""

import gc
import importlib.util
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from yetbetter.errors import UserError
from yetbetter.generation.engines import Decoding
from yetbetter.generation.loading import check_tensors, read_facts
from yetbetter.generation.model_folder import check_model_folder
from yetbetter.generation.prompts import check_prompts, encode_prompt

HAND_OUT_EVERY = 1.0  # seconds: finished samples reach the disk so often
CPU_CACHE_GB = 1.0


def load(model: str, revision: str | None, max_context: int, options: dict) -> "VllmEngine":
    """The engine `vllm`, see `engines`."""
    return VllmEngine(model, revision, max_context, options)


class VllmEngine:
    """Samples completions from one model. vLLM itself starts after the first `check`: bad input is reported at once.

    model: folder or hub id; revision: of a hub id; max_context: limit of prompt and completion in tokens, 0 for the
    model's own; options: a value for each that `engines` lists. Raises UserError, in one line, if vLLM is not
    installed, or the model has no config or tokenizer, no EOS, or a shorter context than asked for.
    """

    def __init__(self, model: str, revision: str | None, max_context: int, options: dict):
        if importlib.util.find_spec("vllm") is None:
            raise UserError(
                f"the engine vllm: {sys.executable} has no vLLM; name an environment that has it in the config"
                " (environments: {vllm: .venv-vllm}, made by `make environment-vllm`) or run with --sdm conda"
            )
        self.model, self.revision, self.options = model, revision, options
        try:
            check_model_folder(model)
        except UserError as error:
            raise UserError(f"model {model}: vLLM did not start: {error}") from None
        self.facts = facts = read_facts(model, revision)
        self.tokenizer, self.ends, self.vocabulary = facts.tokenizer, facts.ends, facts.vocabulary
        if max_context and facts.context and max_context > facts.context:
            raise UserError(f"model {model}: max_context is {max_context}, the model's own context is {facts.context}")
        self.context = max_context or facts.context
        self.llm = None

    def check(self, prompts: Sequence[str], max_new_tokens: int) -> None:
        """Raise UserError for a prompt that `stream` would refuse; otherwise start vLLM."""
        check_prompts(self.tokenizer, prompts, self.ends, self.context, max_new_tokens, self.vocabulary)
        self.start()

    def encode(self, prompt: str, max_new_tokens: int = 0) -> list[int]:
        return encode_prompt(self.tokenizer, prompt, self.ends, self.context, max_new_tokens, self.vocabulary)

    def start(self) -> None:
        """Load the weights and make the KV cache, once. UserError, in one line, if that fails."""
        if self.llm is not None:
            return
        from safetensors import SafetensorError

        arguments = {
            "model": self.model,
            "revision": self.revision,
            "tokenizer_revision": self.revision,
            "max_model_len": self.context or None,
            "load_format": "safetensors",  # never pickles
            "enable_prefix_caching": True,
            "use_tqdm_on_load": False,
            **engine_arguments(self.options),
        }
        # Only defaults: the user may have set other values.
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
        # vLLM's scheduler in a process of its own would outlive a killed job, and keep the GPU's memory.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        try:
            from vllm.platforms import current_platform

            if current_platform.is_cpu():
                arguments = for_cpu(arguments)
            elif os.environ.get("CUDA_VISIBLE_DEVICES") == "":
                raise UserError(
                    f"model {self.model}: this vLLM needs a GPU, and CUDA_VISIBLE_DEVICES names none; a model's jobs"
                    " see as many as it asks for in the config (resources: {gpu: 1})"
                )
            check_tensors(self.facts)
            from vllm import LLM

            self.llm = LLM(**arguments)
        except (ImportError, OSError, ValueError, KeyError, RuntimeError, AssertionError, SafetensorError) as error:
            raise UserError(f"model {self.model}: vLLM did not start: {one_line(error)}") from error

    def stream(
        self,
        prompts: Sequence[str],
        seeds: Sequence[Sequence[int]],
        decoding: Decoding,
        is_due: Callable[[float], bool] = lambda longest: False,
    ) -> Iterator[list[tuple[int, int, dict]]]:
        """One sample of prompt i for each seed in seeds[i]: lists of (i, j, answer), about one a second, some empty.

        Arguments and answers: see `engines`. vLLM holds at most twice as many requests as it works on at a time, so
        that memory does not grow with the number of samples.
        """
        from vllm import SamplingParams
        from vllm.inputs import tokens_input
        from vllm.sampling_params import RequestOutputKind

        self.start()
        engine = self.llm.llm_engine
        most = 2 * engine.vllm_config.scheduler_config.max_num_seqs

        def requests():
            for i, prompt in enumerate(prompts):
                ids = self.encode(prompt, decoding.max_new_tokens)
                for j, seed in enumerate(seeds[i]):
                    yield i, j, ids, seed

        waiting, running, finished = requests(), {}, []
        handed_out, longest = time.monotonic(), 0.0
        try:
            while True:
                begun = time.monotonic()
                for i, j, ids, seed in itertools.islice(waiting, 0 if is_due(longest) else most - len(running)):
                    params = SamplingParams(
                        temperature=decoding.temperature,
                        top_k=decoding.top_k,
                        max_tokens=decoding.max_new_tokens,
                        seed=seed,
                        stop=list(decoding.stop),
                        stop_token_ids=self.ends,
                        detokenize=bool(decoding.stop),  # all texts are decoded at the end, as the other engines do
                        output_kind=RequestOutputKind.FINAL_ONLY,
                        skip_clone=True,
                    )
                    engine.add_request(f"{i}-{j}", tokens_input(ids), params)
                    running[f"{i}-{j}"] = (i, j, len(ids), seed), begun
                if not running:
                    break
                for output in engine.step():
                    if output.finished:
                        request, begun = running.pop(output.request_id)
                        longest = max(longest, time.monotonic() - begun)
                        finished.append((request, output.outputs[0]))
                if time.monotonic() - handed_out >= HAND_OUT_EVERY:
                    yield self.answers(finished, decoding.stop) if finished else []
                    finished, handed_out = [], time.monotonic()
        except GeneratorExit:
            engine.abort_request(list(running))
            raise
        if finished:
            yield self.answers(finished, decoding.stop)

    def answers(self, finished, stop) -> list[tuple[int, int, dict]]:
        from yetbetter.generation.transformers_engine import cut_at

        tokens = [list(output.token_ids) for _, output in finished]
        written = [ids[:-1] if ids and ids[-1] in self.ends else ids for ids in tokens]
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        answers = []
        for ((i, j, prompt_tokens, seed), output), ids, text in zip(finished, tokens, texts, strict=True):
            text, was_stopped = cut_at(text, stop)
            answer = {
                "text": text,
                "tokens": len(ids),
                "prompt_tokens": prompt_tokens,
                "finish_reason": "stop" if was_stopped or output.finish_reason == "stop" else "length",
                "seed": seed,
            }
            answers.append((i, j, answer))
        return answers

    def close(self) -> None:
        """End vLLM and free its memory, also on a GPU; a later `stream` starts it again."""
        if self.llm is not None:
            self.llm.llm_engine.engine_core.shutdown()
            self.llm = None
            gc.collect()


def engine_arguments(options: dict) -> dict:
    """vLLM's arguments from our options, less those that leave the choice to vLLM."""
    arguments = {name: value for name, value in options.items() if value not in (0, "")}
    if "kv_cache_gb" in arguments:
        arguments["kv_cache_memory_bytes"] = int(arguments.pop("kv_cache_gb") * 2**30)
    return arguments


def for_cpu(arguments: dict) -> dict:
    """What vLLM needs on a machine without a GPU; must come before its engine is imported."""
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")  # jobs side by side would all bind to the first cores
    arguments.setdefault("kv_cache_memory_bytes", int(CPU_CACHE_GB * 2**30))
    # A seeded request whose prompt is split crashes the CPU engine of vLLM 0.32.
    return arguments | {"enforce_eager": True, "enable_chunked_prefill": False}


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
