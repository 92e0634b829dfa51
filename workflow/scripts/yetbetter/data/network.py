"""Proxies and certificates that the environment names; errors in them are one line each."""

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from yetbetter.errors import UserError
from yetbetter.records import shorten


@contextmanager
def clear_environment_errors() -> Iterator[None]:
    """A UserError of one line, without passwords, for a proxy of the environment that an HTTP library cannot use."""
    try:
        yield
    except ImportError as error:
        socks = [(name, address) for name, address in proxies() if address.startswith("socks")]
        if not socks or "socks" not in str(error).lower():
            raise
        name, address = socks[0]
        raise UserError(
            f"the environment variable {name} is {address}: a SOCKS proxy needs the package socksio, which is not"
            f" installed (install it, or unset {name})"
        ) from None
    except Exception as error:
        # An address that cannot be parsed is a ValueError, or the HTTP library's own InvalidURL.
        about_proxy = proxies() and ("proxy" in str(error).lower() or type(error).__name__ == "InvalidURL")
        if not about_proxy or not (isinstance(error, ValueError) or type(error).__name__ == "InvalidURL"):
            raise
        named = " and ".join(f"{name} is {address!r}" for name, address in proxies())
        allowed = "http://HOST:PORT, https://..., socks5://..."
        raise UserError(f"in the environment {named}, which is not a proxy's address (allowed: {allowed})") from None


def read_certificates() -> ssl.SSLContext | bool:
    """The certificates in SSL_CERT_FILE; True, the HTTP library's own, if it is not set. UserError if it holds none."""
    path = os.environ.get("SSL_CERT_FILE")
    if not path:
        return True
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:  # also SSLError, a subclass
        if error.filename:  # Python opens the file of SSLKEYLOGFILE too, and of the two names only this one
            raise UserError(f"the environment variable SSLKEYLOGFILE is {error.filename!r}: {error.strerror}") from None
        why = error.strerror if error.errno and not isinstance(error, ssl.SSLError) else "it holds no certificates"
        allowed = "a PEM file of certificates, or not set"
        raise UserError(f"the environment variable SSL_CERT_FILE is {path!r}: {why} (allowed: {allowed})") from None


def certificates() -> str:
    """Which certificates are accepted, for a message about one that is not."""
    named = [f"{name} is {os.environ[name]!r}" for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)]
    return " and ".join(named) or "the environment variable SSL_CERT_FILE may name a file of others"


def way_to(address: str) -> str:
    """' (asked through the proxy …)' if the environment names one for this address; otherwise empty."""
    parts = urlsplit(address)
    if proxy_bypass(parts.hostname or ""):
        return ""
    for name, proxy in proxies():
        if name.lower() in (f"{parts.scheme.lower()}_proxy", "all_proxy"):
            return f" (asked through the proxy {proxy} of {name}; NO_PROXY={parts.hostname} asks it directly)"
    return ""


def proxies() -> list[tuple[str, str]]:
    """(variable, address) of the proxies that the environment names; users and passwords are left out."""
    found = []
    for scheme, address in getproxies().items():
        lower = f"{scheme}_proxy"
        name = lower if os.environ.get(lower) else lower.upper()
        if scheme in ("http", "https", "all"):
            found.append((name, shorten(re.sub(r"[^\s/@]+@", "", address), 120)))
    return found
