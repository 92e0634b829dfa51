"""Messages about the engine vllm if vLLM is not installed; tests/with_vllm test it with vLLM."""

import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest

from yetbetter.errors import UserError
from yetbetter.generation import engines
from yetbetter.generation.vllm_engine import VllmEngine


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_one_line_names_the_setting():
    with pytest.raises(
        UserError, match=r"has no vLLM; name an environment .* \(environments: \{vllm: \.venv-vllm\}"
    ) as caught:
        engines.load_engine("vllm", "resources/pocket/wc")
    assert "\n" not in str(caught.value)


def test_a_vllm_for_gpus_says_which_setting_gives_it_one(monkeypatch):
    platforms = ModuleType("vllm.platforms")
    platforms.current_platform = SimpleNamespace(is_cpu=lambda: False)
    monkeypatch.setitem(sys.modules, "vllm", ModuleType("vllm"))
    monkeypatch.setitem(sys.modules, "vllm.platforms", platforms)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    engine = VllmEngine.__new__(VllmEngine)
    options = engines.parse_options("vllm", [])
    engine.__dict__ |= {"model": "m", "revision": None, "context": 0, "options": options, "llm": None}
    with pytest.raises(UserError, match=r"needs a GPU, and CUDA_VISIBLE_DEVICES names none; .*resources: \{gpu: 1\}"):
        engine.start()


def test_options_that_change_what_is_drawn_are_part_of_a_pools_identity():
    options = engines.parse_options("vllm", ["dtype=float16", "max_num_seqs=8", "enforce_eager=true"])
    assert (options["max_num_seqs"], options["enforce_eager"], options["tensor_parallel_size"]) == (8, True, 1)
    assert engines.shaping_options("vllm", options) == {"dtype": "float16", "quantization": ""}
    with pytest.raises(UserError, match="the engine vllm has no option 'cards'"):
        engines.parse_options("vllm", ["cards=2"])
