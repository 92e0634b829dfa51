"""A real OpenAI-compatible server with a pocket model, and the sampling program that asks it through a proxy."""

import os
import secrets
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from sampling_job import ROOT, Job, free_port

from yetbetter.records import write_rows

SERVER_PYTHON = Path(os.environ.get("YETBETTER_VLLM_PYTHON") or ROOT / ".venv-vllm" / "bin" / "python")
SETTINGS = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Port of a vLLM server with the weak pocket model, called `wc`; about half a minute until it answers."""
    if not SERVER_PYTHON.is_file():
        pytest.skip(f"no vLLM environment: {SERVER_PYTHON} (YETBETTER_VLLM_PYTHON names another)")
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    (folder / "chat.jinja").write_text("{% for message in messages %}{{ message['content'] }}{% endfor %}")
    command = [str(SERVER_PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--model", str(ROOT / "resources/pocket/wc"), "--served-model-name", "wc"]
    command += ["--chat-template", str(folder / "chat.jinja"), "--enforce-eager", "--no-enable-chunked-prefill"]
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=os.environ | SETTINGS, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, folder / "log")
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        try:
            with opener.open(url, timeout=5):
                return
        except OSError:
            assert process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.5)
    raise AssertionError(f"the server did not start: {log.read_text()[-3000:]}")


@pytest.fixture
def job(tmp_path) -> Job:
    job = Job(tmp_path, f"sk-{secrets.token_hex(16)}")
    questions = (f"Ada has {3 + i} coins. Ben gives Ada {i + 12} more. How many coins does Ada have?" for i in range(8))
    write_rows(tmp_path / "P.jsonl", [{"problem": f"p{i}", "question": text} for i, text in enumerate(questions)])
    (tmp_path / "T.txt").write_text("Question: {question}\nAnswer:", encoding="utf-8")
    return job
