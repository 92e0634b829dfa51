"""The HTTP client of the engine `openai`."""

import sys

from yetbetter.data.network import clear_environment_errors, read_certificates
from yetbetter.errors import UserError
from yetbetter.generation.openai_options import is_own_machine


def make_client(base_url: str, key: str, timeout: float):
    """A client that neither retries nor follows redirects by itself, so that the ledger has every request.

    UserError if a proxy or certificate file that the environment names cannot be used.
    """
    try:
        import openai
    except ImportError:
        raise UserError(
            f"the engine openai: {sys.executable} has no package openai; install envs/requirements.txt into it, or run"
            " with --sdm conda"
        ) from None
    patience = openai.Timeout(None, connect=min(10.0, timeout))
    # A server on this machine is asked without a proxy. Without TLS, certificates are not needed, nor read.
    trust = {
        "trust_env": not is_own_machine(base_url),
        "verify": read_certificates() if base_url.lower().startswith("https:") else False,
    }
    with clear_environment_errors():
        http_client = openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=patience, **trust)
    return openai.AsyncOpenAI(
        base_url=base_url, api_key=key or "none", timeout=patience, max_retries=0, http_client=http_client
    )
