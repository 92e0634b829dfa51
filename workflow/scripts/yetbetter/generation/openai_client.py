"""The HTTP client of the engine `openai`, and what the environment does to it: proxies and certificates."""

import os
import re
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from yetbetter.errors import UserError
from yetbetter.generation.openai_options import host_of, is_own_machine
from yetbetter.records import shorten


def make_client(base_url: str, key: str, timeout: float):
    """A client that neither retries nor follows a redirect by itself: each request that leaves is on the ledger.

    UserError if a proxy or a file of certificates that the environment names cannot be used.
    """
    import openai

    patience = openai.Timeout(None, connect=min(10.0, timeout))
    # No proxy reaches a server on this machine. Without TLS no certificates are needed, so a wrong file does no harm.
    secure = base_url.lower().startswith("https:")
    trust = {"trust_env": not is_own_machine(base_url), "verify": read_certificates() if secure else False}
    try:
        http_client = openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=patience, **trust)
    except ImportError:
        socks = [(name, address) for name, address in proxies() if address.startswith("socks")]
        if not socks:
            raise
        name, address = socks[0]
        raise UserError(
            f"the environment variable {name} is {address}: a SOCKS proxy needs the package socksio, which is not"
            f" installed (install it, or unset {name})"
        ) from None
    except Exception as error:
        # The HTTP library has an error of its own for an address that it cannot parse.
        if not isinstance(error, ValueError) and type(error).__name__ != "InvalidURL":
            raise
        named = " and ".join(f"{name} is {address!r}" for name, address in proxies())
        raise UserError(f"in the environment {named}, which cannot be used as a proxy ({scrubbed(error)})") from None
    return openai.AsyncOpenAI(
        base_url=base_url, api_key=key or "none", timeout=patience, max_retries=0, http_client=http_client
    )


def read_certificates() -> ssl.SSLContext | bool:
    """The certificates that SSL_CERT_FILE names, True for those that the HTTP library chooses; UserError for none."""
    path = os.environ.get("SSL_CERT_FILE")
    if not path:
        return True
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # of which SSLError is one
        why = error.strerror if error.errno and not isinstance(error, ssl.SSLError) else "it holds no certificates"
        allowed = "a PEM file of certificates, or not set"
        raise UserError(f"the environment variable SSL_CERT_FILE is {path!r}: {why} (allowed: {allowed})") from None


def certificates() -> str:
    """Which certificates are accepted, for a message on one that is not."""
    named = [f"{name} is {os.environ[name]!r}" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    return " and ".join(named) or "the environment variable SSL_CERT_FILE may name a file of others"


def way_to(base_url: str) -> str:
    """' (through a proxy …)' if the environment names one for this address, else empty."""
    host = host_of(base_url)
    if is_own_machine(base_url) or proxy_bypass(host):
        return ""
    scheme = urlsplit(base_url).scheme.lower()
    for name, address in proxies():
        if name.lower() in (f"{scheme}_proxy", "all_proxy"):
            return f" (asked through the proxy {address} of {name}; NO_PROXY={host} asks it directly)"
    return ""


def proxies() -> list[tuple[str, str]]:
    """(variable, address) of the proxies that the environment names; users and passwords are left out."""
    found = []
    for scheme, address in getproxies().items():
        lower = f"{scheme}_proxy"
        name = lower if os.environ.get(lower) else lower.upper()
        if scheme in ("http", "https", "all"):
            found.append((name, scrubbed(address)))
    return found


def scrubbed(words) -> str:
    """Words that may hold a proxy's address, without its user and password."""
    return shorten(re.sub(r"[^\s/@'\"]+@", "", str(words)), 120)
