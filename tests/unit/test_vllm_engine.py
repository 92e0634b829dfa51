"""What is said about the engine vllm where vLLM is not installed; with it, tests/with_vllm say the rest."""

import importlib.util

import pytest

from yetbetter import engines
from yetbetter.errors import UserError


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_one_line_names_the_setting():
    with pytest.raises(
        UserError, match=r"has no vLLM; name an environment .* \(environments: \{vllm: \.venv-vllm\}"
    ) as caught:
        engines.load_engine("vllm", "resources/pocket/wc")
    assert "\n" not in str(caught.value)


def test_options_that_change_what_is_drawn_are_part_of_a_pools_identity():
    options = engines.parse_options("vllm", ["dtype=float16", "max_num_seqs=8", "enforce_eager=true"])
    assert (options["max_num_seqs"], options["enforce_eager"], options["tensor_parallel_size"]) == (8, True, 1)
    assert engines.shaping_options("vllm", options) == {"dtype": "float16", "quantization": ""}
    with pytest.raises(UserError, match="the engine vllm has no option 'cards'"):
        engines.parse_options("vllm", ["cards=2"])
