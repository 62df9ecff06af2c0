"""Asking a server for lists over HTTP: proxy, certificates, limits of size and time, and a token that no other server gets to see.

The network is asked only where a person names a server. A server is not trusted: it may lie about lengths, drip without end or stop half-way; each ends
with one error, and what came before is kept.
"""

from __future__ import annotations

import ssl
import time
import urllib.parse
from dataclasses import dataclass

from lamsach.documents.archive import MIB
from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.indicators.servers.trusting import trust
from lamsach.web_client import Answer, Headers, WebClient

TIMEOUT_S = 60.0
PAGE_TIMEOUTS = 10
"""How many times the timeout a page may take in all."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach a server. `proxy` is a URL (None: the environment's), `ca_file` a file of certificates in PEM (None: the system's).
    `token` is sent as it stands in `Authorization`; `added_after` asks for what is newer (RFC 3339). `client` takes the place of proxy and certificates."""

    proxy: str | None = None
    ca_file: str | None = None
    token: str | None = None
    added_after: str | None = None
    timeout_s: float = TIMEOUT_S
    client: WebClient | None = None


def web_parts(url: str) -> urllib.parse.SplitResult | None:
    """The parts of an address on the web; None for what is none."""
    try:
        parts = urllib.parse.urlsplit(url)
        known = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    return parts if known and parts.scheme in ("http", "https") and parts.hostname else None


def _same_server(old: str, new: str, headers: Headers) -> Headers | None:
    """A redirection is followed only within the server: a token is not handed to another."""
    was, now = urllib.parse.urlsplit(old), urllib.parse.urlsplit(new)
    return headers if (was.scheme, was.netloc) == (now.scheme, now.netloc) else None


class Server:
    """A place at a server. `url` is what errors name; `unknown` is what they say when the server does not know it. Raises UnreadableError for a file of certificates that is none."""

    def __init__(self, url: str, settings: Settings, unknown: str) -> None:
        self.url = url
        self.settings = settings
        self._unknown = unknown
        self._client = settings.client or self._of_settings()

    def _of_settings(self) -> WebClient:
        try:
            trusted = trust(self.settings.ca_file)
        except (OSError, ssl.SSLError):
            raise UnreadableError(
                "The file of certificates cannot be read.", self.settings.ca_file or "", "Give a file in PEM."
            ) from None
        return WebClient(self.settings.timeout_s, trusted, self.settings.proxy)

    def ask(
        self, url: str, headers: dict[str, str], max_bytes: int, body: bytes | None = None
    ) -> tuple[bytes, Headers]:
        """The whole answer and its headers; with a body the question is a POST. Raises UnreadableError or LimitError."""
        sent = dict(headers)
        if self.settings.token:
            sent["Authorization"] = self.settings.token
        try:
            with self._client.ask("GET" if body is None else "POST", url, sent, body, _same_server) as answer:
                if not 200 <= answer.status < 300:
                    raise self._refused(answer.status)
                data = _all(answer, max_bytes, time.monotonic() + PAGE_TIMEOUTS * self.settings.timeout_s)
                said = answer.headers
        except OSError as error:
            raise self.failed("The server cannot be reached, or stopped half-way.", str(error)) from None
        if len(data) > max_bytes:
            raise LimitError("A page of the server is too large.", self.url)
        stated = said.get("Content-Length")
        if stated is not None and stated.isdecimal() and int(stated) != len(data):
            raise self.failed("The server stopped half-way: the page is shorter than it says.")
        return data, said

    def failed(self, what: str, detail: str = "") -> UnreadableError:
        """The error for a server that does not do what it should."""
        return UnreadableError(
            what,
            f"{self.url} ({detail})" if detail else self.url,
            "Try again later; what was fetched is kept.",
        )

    def _refused(self, status: int) -> InputError:
        if status in (401, 403):
            return UnreadableError(
                "The server wants another name or password.",
                f"{self.url} ({status})",
                "Give --token-file or --token-env.",
            )
        if status == 404:
            return UnreadableError(self._unknown, f"{self.url} ({status})", "Check the address.")
        return self.failed("The server refuses to answer.", str(status))


def _all(answer: Answer, max_bytes: int, until: float) -> bytes:
    """The body, up to some more than it may have. Raises TimeoutError when it drips beyond a time."""
    parts: list[bytes] = []
    size = 0
    for part in answer.pieces(MIB):
        parts.append(part)
        size += len(part)
        if size > max_bytes:
            break
        if time.monotonic() > until:
            raise TimeoutError("timeout")
    return b"".join(parts)
