"""Downloads from a hub on loopback: checked digests, one line per error, models that then load offline."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pyarrow
import pytest
from hub_server import COMMIT, Hub, serve
from pyarrow import parquet

from yetbetter.data import ADAPTERS, hendrycks_math, public_adapters
from yetbetter.data.downloads import HubFile, WebFile, check_digest, read_download
from yetbetter.errors import UserError
from yetbetter.records import read_json

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
POCKET = {path.name: path.read_bytes() for path in (ROOT / "resources" / "pocket" / "wc").iterdir()}
TOKEN = "hf_not_a_real_token"


def table(rows: list[dict]) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), buffer)
    return buffer.getvalue()


@pytest.fixture
def hub():
    repositories = {
        "models/owner/pocket": POCKET | {"pytorch_model.bin": b"a pickle", "README.md": b"about"},
        "models/owner/pickled": {"config.json": b"{}", "pytorch_model.bin": b"a pickle"},
        "models/owner/gated": {"config.json": b"{}"},
        "datasets/owner/data": {"data/train.parquet": table([{"question": "?", "answer": "#### 1"}])},
        "datasets/openai/gsm8k": {f"main/{split}-00000-of-00001.parquet": table([{}]) for split in ("train", "test")},
    }
    with serve(Hub(repositories, gated=("models/owner/gated",))) as served:
        served.revisions.add("740312add88f781978c0658806c59bc2815b9866")
        yield served


def call(program: str, hub: Hub, home: Path, *arguments, **environment) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPTS / f"{program}.py"), *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        env=kept | {"HF_HOME": str(home / "hf"), "HF_ENDPOINT": hub.address} | environment,
    )


def fetch_model(hub: Hub, home: Path, model: str, revision: str = COMMIT, **environment):
    output = ("--output", home / "marker.json")
    return call("fetch_model", hub, home, "--model", model, "--revision", revision, *output, **environment)


@pytest.mark.slow
def test_a_model_is_downloaded_without_its_pickles_and_loads_without_a_network(hub, tmp_path):
    hub.cut["model.safetensors"] = 100_000  # breaks off, and resumes from there
    done = fetch_model(hub, tmp_path, "owner/pocket")
    assert done.returncode == 0, done.stderr
    marker = read_json(tmp_path / "marker.json")
    assert (marker["revision"], marker["commit"]) == (COMMIT, COMMIT)
    assert marker["files"]["model.safetensors"] == len(POCKET["model.safetensors"])
    assert not any("bin" in request or "README" in request for request in hub.asked)
    load = (
        f"import sys; sys.path.insert(0, {str(SCRIPTS)!r});"
        "from yetbetter.generation.transformers_engine import Generator, load_model;"
        f"Generator(*load_model('owner/pocket', {COMMIT!r})).check(['Question: ?'], 5)"
    )
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    loaded = subprocess.run([sys.executable, "-c", load], env=environment, capture_output=True, text=True, timeout=120)
    assert loaded.returncode == 0, loaded.stderr


def test_what_is_in_the_cache_is_not_downloaded_again(hub, tmp_path):
    assert fetch_model(hub, tmp_path, "owner/pocket").returncode == 0
    hub.asked.clear()
    assert fetch_model(hub, tmp_path, "owner/pocket").returncode == 0
    assert not any("resolve" in request for request in hub.asked)


@pytest.mark.parametrize(
    ("model", "revision", "parts"),
    [
        ("owner/pocket", "f" * 40, ["owner/pocket", "no revision 'ffff"]),
        ("owner/gated", COMMIT, ["owner/gated is gated", "HF_TOKEN"]),
        ("owner/nothing", COMMIT, ["owner/nothing", "not on the hub"]),
        ("owner/pickled", COMMIT, ["owner/pickled", "pickles are not loaded"]),
    ],
)
def test_what_the_hub_refuses_is_one_line_without_the_token(hub, tmp_path, model, revision, parts):
    done = fetch_model(hub, tmp_path, model, revision, HF_TOKEN=TOKEN, HF_HUB_DISABLE_PROGRESS_BARS="1")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("fetch_model.py: error: ")
    assert all(part in line for part in parts)
    assert TOKEN not in done.stdout + done.stderr
    assert not (tmp_path / "marker.json").exists()


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("fetch_model", ("--model", "owner/pocket", "--revision", COMMIT)),
        ("fetch_dataset", ("--adapter", "gsm8k")),
    ],
)
def test_without_a_network_one_line_says_where_downloads_run(hub, tmp_path, program, arguments):
    output = ("--output", tmp_path / "out" / "marker.json")
    done = call(program, hub, tmp_path, *arguments, *output, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "the hub cannot be reached, as HF_HUB_OFFLINE is set" in line
    assert "where Snakemake runs" in line
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"SSL_CERT_FILE": "/no/such/file"}, "SSL_CERT_FILE is '/no/such/file': No such file or directory"),
        ({"ALL_PROXY": "socks5://me:word@127.0.0.1:1"}, "ALL_PROXY is socks5://127.0.0.1:1: a SOCKS proxy needs"),
        ({"ALL_PROXY": "gopher://me:word@there"}, "ALL_PROXY is 'gopher://there', which is not a proxy's address"),
    ],
)
def test_a_proxy_or_certificates_that_cannot_be_used_are_one_line_without_a_password(hub, tmp_path, environment, said):
    cleared = dict.fromkeys(("NO_PROXY", "no_proxy"), "")
    done = fetch_model(hub, tmp_path, "owner/pocket", HF_HUB_DISABLE_PROGRESS_BARS="1", **cleared | environment)
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("fetch_model.py: error: ") and said in line
    assert "word" not in line


def test_a_file_that_is_not_the_published_one_is_refused(hub, tmp_path):
    output = tmp_path / "out" / "source.json"
    done = call("fetch_dataset", hub, tmp_path, "--adapter", "gsm8k", "--output", output)
    assert done.returncode == 1
    assert "openai/gsm8k@740312add88f781978c0658806c59bc2815b9866: main/train-00000-of-00001.parquet" in done.stderr
    assert "SHA-256 is " in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


FETCH = """
import sys; sys.path.insert(0, {scripts!r})
from pathlib import Path
from yetbetter.data.downloads import HubFile
print(HubFile("owner/data", {commit!r}, "data/train.parquet").fetch(Path(".")))
"""


def test_a_file_without_a_published_digest_is_checked_against_the_hubs_record(hub, tmp_path):
    code = FETCH.format(scripts=str(SCRIPTS), commit=COMMIT)
    environment = os.environ | {"HF_HOME": str(tmp_path), "HF_ENDPOINT": hub.address}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert read_download(Path(done.stdout.strip())) == [{"question": "?", "answer": "#### 1"}]
    assert any("paths-info" in request for request in hub.asked)


def test_a_file_behind_an_address_comes_whole_or_not_at_all(hub, tmp_path):
    address = f"{hub.address}/datasets/owner/data/resolve/main/data/train.parquet"
    content = hub.repositories["datasets/owner/data"]["data/train.parquet"]
    path = WebFile(address, "MIT", hashlib.sha256(content).hexdigest()).fetch(tmp_path)
    assert path.read_bytes() == content
    path.unlink()
    with pytest.raises(UserError, match="SHA-256 is "):
        WebFile(address, "MIT", "0" * 64).fetch(tmp_path)
    with pytest.raises(UserError, match="cannot be downloaded"):
        WebFile(f"{hub.address}/datasets/owner/none/resolve/main/x.tar.gz", "MIT").fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_digest_names_both_and_the_file(tmp_path):
    (tmp_path / "file").write_bytes(b"other")
    with pytest.raises(UserError, match=r"data: SHA-256 is d9298a10d1b0.*, expected 00.*delete .*file"):
        check_digest(tmp_path / "file", "00", "data")


# What MATH's sources unpack to ----------------------------------------------------------------------------------------


def snapshot(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def variant(**changes) -> bytes:
    row = {"problem": "7?", "level": "Level 1", "type": "Algebra", "solution": "\\boxed{7}", "is_static": False}
    return json.dumps(row | changes).encode()


def test_a_snapshot_of_functional_math_is_read_under_the_ids_of_its_files(tmp_path):
    members = {
        "Oct-2023/test/algebra/6.json": variant(),
        "Oct-2023/test/algebra/5.json": variant(problem="5?", solution="So \\boxed{\\frac{1}{2}}"),
        "Oct-2023/test/algebra/4.json": variant(is_static=True),
        "Oct-2023/README.md": b"about",
        "../../test/algebra/3.txt": b"elsewhere",
    }
    (tmp_path / "snapshot.tar.gz").write_bytes(snapshot(members))
    rows = hendrycks_math.read_snapshot(tmp_path / "snapshot.tar.gz")
    assert [(row["unique_id"], row["problem"], row["answer"]) for row in rows] == [
        ("test/algebra/5.json", "5?", "\\frac{1}{2}"),
        ("test/algebra/6.json", "7?", "7"),
    ]


@pytest.mark.parametrize("content", [b"no archive", snapshot({"a/test/algebra/1.json": b"{}"})])
def test_an_archive_that_is_not_a_snapshot_is_named(tmp_path, content):
    (tmp_path / "snapshot.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"snapshot\.tar\.gz: not a snapshot of Functional MATH"):
        hendrycks_math.read_snapshot(tmp_path / "snapshot.tar.gz")


def math_files(tmp_path: Path, train: int) -> dict[str, Path]:
    names = [*(f"train/algebra/{i}.json" for i in range(train)), *(f"test/algebra/{i}.json" for i in range(4500))]
    rows = [{"unique_id": name, "problem": name, "solution": "", "answer": "1", "level": 3} for name in names]
    math500 = [{"unique_id": f"test/geometry/{i}.json", "problem": f"{i}", "answer": "1"} for i in range(500)]
    (tmp_path / "rest.parquet").write_bytes(table(rows))
    (tmp_path / "math500.jsonl").write_text("".join(json.dumps(row) + "\n" for row in math500))
    (tmp_path / "snapshot.tar.gz").write_bytes(snapshot({"s/test/algebra/1.json": variant()}))
    files = {"prm800k_train": "rest.parquet", "prm800k_test": "math500.jsonl", "functional": "snapshot.tar.gz"}
    return {role: tmp_path / name for role, name in files.items()}


def test_prm800ks_split_becomes_that_of_math(tmp_path):
    unpacked = hendrycks_math.unpack(math_files(tmp_path, 7500))
    assert {name: len(rows) for name, rows in unpacked.items()} == {
        "train.jsonl": 7500,
        "test.jsonl": 5000,
        "math500.jsonl": 500,
        "Oct-2023.jsonl": 1,
    }


def test_a_copy_of_math_with_other_counts_is_refused(tmp_path):
    with pytest.raises(UserError, match="7,499 training and 5,000 test problems"):
        hendrycks_math.unpack(math_files(tmp_path, 7499))


def test_every_source_is_pinned_to_a_commit():
    for adapter in public_adapters():
        for source in ADAPTERS[adapter].module.SOURCES.values():
            parts = [source.revision] if isinstance(source, HubFile) else source.address.split("/")
            (pin,) = (part for part in parts if len(part) == 40)
            assert int(pin, 16)
