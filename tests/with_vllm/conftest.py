"""Tests of the real vLLM: they run in its own environment (make test-vllm), and are skipped in any other."""

import importlib.util
import os

import pytest

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported; two threads that wait for each other cost more

collect_ignore_glob = [] if importlib.util.find_spec("vllm") else ["test_*.py"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("vllm")
