"""Web addresses: their parts, and whether a connection to one is private."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def web_parts(url: str) -> SplitResult | None:
    """Return the parts of a web address; None for any other."""
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    return parts if known and parts.scheme in ("http", "https") and parts.hostname else None


def is_private(url: str) -> bool:
    """Return whether a connection to a web address is encrypted, or stays on this machine."""
    parts = web_parts(url)
    return parts is not None and (parts.scheme == "https" or parts.hostname in _LOCAL)
