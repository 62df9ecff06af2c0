"""Asking a server for lists over HTTP: proxy, certificates, limits of size and time, and a token that no
other server gets to see.

The network is asked only where a person names a server. A server is not trusted: it may lie about lengths,
drip without end or stop half-way; each ends with one error, and what came before is kept.
"""

from __future__ import annotations

import hashlib
import json
import ssl
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lamsach.documents.archive import MIB
from lamsach.errors import InputError, LimitError, OutputError, UnreadableError
from lamsach.runtime.web_client import Answer, Headers, WebClient


def trust(ca_file: str | None) -> ssl.SSLContext:
    """The context for a client: the system's certificates, or those of a file in PEM.

    OSError or SSLError when that cannot be read.

    From Python 3.13 on, OpenSSL is told to insist on RFC 5280 to the letter (`VERIFY_X509_STRICT`). The
    certificates that organisations make for themselves often lack a key usage or identifier that it asks for;
    whoever names such a file wants it believed, with every version of Python alike.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    if ca_file:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


TIMEOUT_S = 60.0
PAGE_TIMEOUTS = 10
"""How many times the timeout a page may take in all."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the way to a server.

    `proxy` is a URL (None: the environment's), `ca_file` a file of certificates in PEM (None: the system's).
    `token` is sent as it stands in `Authorization`; `added_after` asks for what is newer (RFC 3339). `client`
    takes the place of proxy and certificates.
    """

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


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its bytes, its records, its headers, and what the next is asked by (None: it is the last)."""

    data: bytes
    records: list[Any]
    said: Headers
    following: Any


MAX_TOTAL_BYTES = 4096 * MIB


class Server:
    """A place at a server. `url` is for errors; `unknown` is the error when the server does not know it."""

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
        """Ask for an answer and its headers, with a body by POST. Raises UnreadableError, LimitError."""
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

    def pages(self, ask: Callable[[Any], Page], first: Any, most: int) -> Iterator[Page]:
        """Yield pages from the first on. Raises UnreadableError or LimitError for a server without end."""
        asked, digests, total = {first}, set[bytes](), 0
        for _ in range(most):
            page = ask(first)
            digest = hashlib.sha256(json.dumps(page.records).encode()).digest()
            again = page.following in asked or (page.records and digest in digests)
            if page.following is not None and again:
                raise self.failed("The server gives the same page again and again.")
            digests.add(digest)
            total += len(page.data)
            if total > MAX_TOTAL_BYTES:
                raise LimitError("The server sends more than a list holds.", self.url)
            yield page
            if page.following is None:
                return
            first = page.following
            asked.add(first)
        raise LimitError("The server gives pages without end.", self.url)

    def parsed(self, data: bytes, what: str, detail: str = "") -> Any:
        """Parse an answer; `what` is the error for one that is no JSON. Raises UnreadableError."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise self.failed(what, detail) from None

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


@dataclass(frozen=True, slots=True)
class Fetched:
    """Result of one run. `failed`: named by the server but not given; the next run asks again."""

    pages: int
    objects: int
    failed: int = 0


class MirrorState:
    """The state file `name` in a folder that mirrors what `origin` names.

    Raises OutputError when the folder cannot be written, or mirrors something else.
    """

    def __init__(self, folder: Path, name: str, origin: str) -> None:
        self._path = folder / name
        self._origin = origin
        self.values: dict[str, str | None] = self._load()

    def _load(self) -> dict[str, str | None]:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            saved = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise unwritable(folder, error) from None
        except ValueError:
            return {}
        if not isinstance(saved, dict) or saved.get("collection") != self._origin:
            raise OutputError("The folder holds another collection.", str(folder), "Choose an empty folder.")
        return {key: value for key, value in saved.items() if isinstance(value, str)}

    def save(self) -> None:
        """Write the values, so that the next run goes on from here."""
        values: Mapping[str, str | None] = {"collection": self._origin, **self.values}
        write_whole(self._path, json.dumps(values).encode())


def write_whole(path: Path, data: bytes) -> None:
    """The whole file or none: written beside its place and renamed. Raises OutputError."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise unwritable(path.parent, error) from None


def unwritable(folder: Path, error: OSError) -> OutputError:
    """The error for a folder that cannot be written."""
    return OutputError(
        "The folder cannot be written.", f"{folder} ({error.strerror})", "Choose another folder."
    )
