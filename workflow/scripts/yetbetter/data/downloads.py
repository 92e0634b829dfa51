"""Files and models from the hub, at pinned revisions, into the hub's own cache; every failure is one line.

A token, if one is needed, comes from the environment (HF_TOKEN) or from `hf auth login`; none is printed.
"""

import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from yetbetter.data.network import clear_environment_errors, read_certificates, way_to
from yetbetter.errors import UserError
from yetbetter.job import offline_variable
from yetbetter.records import digest_of

# What a model needs to run: weights as safetensors (never pickles), configuration, tokenizer.
DOWNLOADED = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "tokenizer*", "*.model", "merges.txt"]
NOT_DOWNLOADED = ["original/*", "onnx/*", "*.gguf", "training_args*", "trainer_state*", "optimizer*", "*.h5"]


@dataclass(frozen=True)
class HubFile:
    """One file of a data set on the hub. sha256: as published; if None, the hub's own record of it is checked."""

    repository: str
    revision: str
    path: str
    sha256: str | None = None

    def fetch(self, folder: Path) -> Path:
        from huggingface_hub import HfApi, hf_hub_download

        with clear_errors(f"data set {self.repository}", self.revision):
            arguments = {"repo_type": "dataset", "revision": self.revision}
            path = Path(hf_hub_download(self.repository, self.path, **arguments))
            expected = self.sha256
            if expected is None:
                found = HfApi().get_paths_info(self.repository, [self.path], **arguments)
                expected = found[0].lfs.sha256 if found and found[0].lfs else None
        check_digest(path, expected, f"{self.repository}@{self.revision}: {self.path}")
        return path

    def describe(self) -> dict:
        return {"hub": self.repository, "revision": self.revision, "path": self.path}


@dataclass(frozen=True)
class WebFile:
    """One file behind an address that holds a commit, and thereby its content."""

    address: str
    licence: str
    sha256: str | None = None

    def fetch(self, folder: Path) -> Path:
        path = folder / self.address.rpartition("/")[2]
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            with urllib.request.urlopen(self.address, timeout=60) as answer, open(partial, "wb") as file:
                while piece := answer.read(2**20):
                    file.write(piece)
            check_digest(partial, self.sha256, self.address)
            os.replace(partial, path)
        except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise UserError(
                f"{self.address}: cannot be downloaded ({reason}){way_to(self.address)}; {ADVICE}"
            ) from None
        finally:
            partial.unlink(missing_ok=True)
        return path

    def describe(self) -> dict:
        return {"address": self.address, "licence": self.licence}


ADVICE = "downloads run where Snakemake runs, which must reach the network; or name local files in the config"


def check_digest(path: Path, expected: str | None, name: str) -> None:
    if expected and (found := digest_of(path)) != expected:
        raise UserError(f"{name}: SHA-256 is {found}, expected {expected}; delete {path} to download it again")


def fetch_model(model: str, revision: str) -> dict:
    """Bring a model into the hub's cache; a stopped download resumes.

    Returns its revision as a commit, and name -> bytes of its files. Raises UserError if there are no safetensors.
    """
    from huggingface_hub import snapshot_download

    with clear_errors(f"model {model}", revision):
        folder = Path(
            snapshot_download(model, revision=revision, allow_patterns=DOWNLOADED, ignore_patterns=NOT_DOWNLOADED)
        )
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()}
    if "config.json" not in sizes or not any(name.endswith(".safetensors") for name in sizes):
        raise UserError(f"model {model}: no config.json with *.safetensors at {revision}; pickles are not loaded")
    return {"model": model, "revision": revision, "commit": folder.name, "files": sizes, "bytes": sum(sizes.values())}


@contextmanager
def clear_errors(name: str, revision: str) -> Iterator[None]:
    """One line for what can go wrong with the hub; a token is named, never shown."""
    from huggingface_hub import errors

    read_certificates()  # raises for a wrong SSL_CERT_FILE
    unreached = unreachable()
    try:
        with clear_environment_errors():
            yield
    except errors.GatedRepoError:
        raise UserError(
            f"{name} is gated: accept its terms on the hub, then set HF_TOKEN to a token of that account"
            f" (it is {'set' if os.environ.get('HF_TOKEN') else 'not set'})"
        ) from None
    except errors.RevisionNotFoundError:
        raise UserError(f"{name}: no revision {revision!r} on the hub") from None
    except errors.RepositoryNotFoundError:
        raise UserError(f"{name}: not on the hub, or private, and HF_TOKEN's account may not see it") from None
    except errors.EntryNotFoundError as error:
        if isinstance(error, errors.LocalEntryNotFoundError):
            raise UserError(f"{name}: {unreached}, and the cache does not hold it; {ADVICE}") from None
        raise UserError(f"{name}: a file is not there at revision {revision!r}") from None
    except errors.HfHubHTTPError as error:
        status = getattr(error.response, "status_code", "unknown")
        raise UserError(f"{name}: the hub answered with status {status}; try again later") from None
    # The HTTP library's own errors: which one it is depends on the hub package's version, their base does not.
    except (errors.OfflineModeIsEnabled, errors.HTTPError, ConnectionError):
        raise UserError(f"{name}: {unreached}; {ADVICE}") from None


def unreachable() -> str:
    """Says that the hub cannot be reached, and names the offline variable or proxy that may be the reason."""
    from huggingface_hub import constants

    offline = offline_variable()
    why = f", as {offline} is set" if offline else way_to(constants.ENDPOINT)
    return f"the hub cannot be reached{why}"


def read_download(path: Path) -> list[dict]:
    """The rows of a parquet file."""
    import pyarrow
    from pyarrow import parquet

    try:
        return parquet.read_table(path).to_pylist()
    except pyarrow.ArrowInvalid as error:
        raise UserError(f"{path}: not a parquet file ({str(error)[:80]})") from None
