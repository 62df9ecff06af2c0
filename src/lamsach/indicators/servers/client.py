"""HTTP client for lists: proxy, certificates, limits of size and time, token bound to one server.

The network is used only where a person names a server. A server is not trusted: it may lie about lengths,
drip without end or stop half-way; each ends with one error, and earlier pages are retained.
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
    """Return the context for a client: the system's certificates, or those of a PEM file.

    Raises OSError or SSLError when the file cannot be read.

    Python 3.13 makes OpenSSL enforce RFC 5280 to the letter (`VERIFY_X509_STRICT`). Certificates that
    organisations issue for themselves often lack a required key usage or identifier; a named file is trusted
    with every version of Python alike.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    if ca_file:
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


TIMEOUT_S = 60.0
PAGE_TIMEOUTS = 10
"""Time limit of a page, in timeouts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Connection settings for a server.

    `proxy` is a URL (None: the environment's), `ca_file` a PEM file of certificates (None: the system's).
    `token` is sent verbatim in `Authorization`; `added_after` requests newer objects (RFC 3339). `client`
    replaces proxy and certificates.
    """

    proxy: str | None = None
    ca_file: str | None = None
    token: str | None = None
    added_after: str | None = None
    timeout_s: float = TIMEOUT_S
    client: WebClient | None = None


def _same_server(old: str, new: str, headers: Headers) -> Headers | None:
    """Follow a redirection only within the server, so that the token is not sent to another."""
    was, now = urllib.parse.urlsplit(old), urllib.parse.urlsplit(new)
    return headers if (was.scheme, was.netloc) == (now.scheme, now.netloc) else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: bytes, records, headers, and the key of the next page (None: last)."""

    data: bytes
    records: list[Any]
    headers: Headers
    following: Any


MAX_TOTAL_BYTES = 4096 * MIB


class Server:
    """A place at a server. `url` is for errors; `unknown` is the error for an unknown address."""

    def __init__(self, url: str, settings: Settings, unknown: str) -> None:
        self.url = url
        self.settings = settings
        self._unknown = unknown
        self._total_bytes = 0
        if settings.client is not None:
            self._client = settings.client
            return
        try:
            trusted = trust(settings.ca_file)
        except (OSError, ssl.SSLError):
            raise UnreadableError(
                "The file of certificates cannot be read.", settings.ca_file or "", "Give a file in PEM."
            ) from None
        self._client = WebClient(settings.timeout_s, trusted, settings.proxy)

    def request(
        self, url: str, headers: dict[str, str], max_bytes: int, body: bytes | None = None
    ) -> tuple[bytes, Headers]:
        """Request an answer and its headers, with a body by POST. Raises UnreadableError, LimitError."""
        sent = dict(headers)
        if self.settings.token:
            sent["Authorization"] = self.settings.token
        try:
            with self._client.ask("GET" if body is None else "POST", url, sent, body, _same_server) as answer:
                if not 200 <= answer.status < 300:
                    raise self._refused(answer.status)
                data = _read_body(
                    answer, max_bytes, time.monotonic() + PAGE_TIMEOUTS * self.settings.timeout_s
                )
                answer_headers = answer.headers
        except OSError as error:
            raise self.failure("The server cannot be reached, or stopped half-way.", str(error)) from None
        if len(data) > max_bytes:
            raise LimitError("A page of the server is too large.", self.url)
        self._total_bytes += len(data)
        if self._total_bytes > MAX_TOTAL_BYTES:
            raise LimitError("The server sends more than a list holds.", self.url)
        stated = answer_headers.get("Content-Length")
        if stated is not None and stated.isdecimal() and int(stated) != len(data):
            raise self.failure("The server stopped half-way: the page is shorter than it says.")
        return data, answer_headers

    def pages(self, ask: Callable[[Any], Page], first: Any, max_pages: int) -> Iterator[Page]:
        """Yield pages from the first on. Raises UnreadableError or LimitError for a server without end."""
        requested, digests = {first}, set[bytes]()
        for _ in range(max_pages):
            page = ask(first)
            digest = hashlib.sha256(json.dumps(page.records).encode()).digest()
            repeated = page.following in requested or (page.records and digest in digests)
            if page.following is not None and repeated:
                raise self.failure("The server gives the same page again and again.")
            digests.add(digest)
            yield page
            if page.following is None:
                return
            first = page.following
            requested.add(first)
        raise LimitError("The server gives pages without end.", self.url)

    def parse(self, data: bytes, what: str, detail: str = "") -> Any:
        """Parse an answer; `what` is the error for invalid JSON. Raises UnreadableError."""
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise self.failure(what, detail) from None

    def failure(self, what: str, detail: str = "") -> UnreadableError:
        """Return the error for a server that misbehaves."""
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
        return self.failure("The server refuses to answer.", str(status))


def _read_body(answer: Answer, max_bytes: int, until: float) -> bytes:
    """Read the body, slightly beyond its limit. Raises TimeoutError when it takes too long."""
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
    """Result of one run. `failed`: listed by the server but not served; the next run retries."""

    pages: int
    objects: int
    failed: int = 0


class MirrorState:
    """The state file `name` in a folder that mirrors `origin`.

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
            raise unwritable_error(folder, error) from None
        except ValueError:
            return {}
        if not isinstance(saved, dict) or saved.get("collection") != self._origin:
            raise OutputError("The folder holds another collection.", str(folder), "Choose an empty folder.")
        return {key: value for key, value in saved.items() if isinstance(value, str)}

    def save(self) -> None:
        """Write the values, so that the next run continues from here."""
        values: Mapping[str, str | None] = {"collection": self._origin, **self.values}
        write_whole(self._path, json.dumps(values).encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write the whole file or none: to a temporary file, then renamed. Raises OutputError."""
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise unwritable_error(path.parent, error) from None


def unwritable_error(folder: Path, error: OSError) -> OutputError:
    """Return the error for a folder that cannot be written."""
    return OutputError(
        "The folder cannot be written.", f"{folder} ({error.strerror})", "Choose another folder."
    )
