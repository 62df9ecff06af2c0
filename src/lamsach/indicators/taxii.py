"""TAXII 2.1 client (https://docs.oasis-open.org/cti/taxii/v2.1/taxii-v2.1.html): the objects of a collection, page by page.

The network is asked only where a person names a server. A server is not trusted: it may loop, lie about lengths, answer without end or stop
half-way; each ends with one error, and what came before is kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

from lamsach.errors import InputError, LimitError, UnreadableError, UsageError
from lamsach.indicators.opening import MIB, ListSource
from lamsach.indicators.trusting import trust

MEDIA_TYPE = "application/taxii+json;version=2.1"
MAX_PAGE_BYTES = 64 * MIB
MAX_PAGES = 10_000
MAX_TOTAL_BYTES = 4096 * MIB
TIMEOUT_S = 60.0
PAGE_TIMEOUTS = 10
"""How many times the timeout a page may take in all."""
PAGE_OBJECTS = 1000
"""How many objects a page is asked to hold; the server may give fewer."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach a server. `proxy` is a URL (None: the environment's), `ca_file` a file of certificates in PEM (None: the system's).
    `token` is sent as it stands in `Authorization`; `added_after` asks for what is newer (RFC 3339). `handlers` (of `urllib.request`) take the place of
    proxy and certificates: whoever calls says how connections are made."""

    proxy: str | None = None
    ca_file: str | None = None
    token: str | None = None
    added_after: str | None = None
    timeout_s: float = TIMEOUT_S
    handlers: tuple[urllib.request.BaseHandler, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page as the server gave it: its bytes, the token of the next page (None: the last), the date of its newest object, how many
    objects it holds and a digest of them."""

    data: bytes
    following: str | None
    added_last: str | None
    objects: int
    digest: bytes


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a redirection only within the server: a token is not handed to another."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Collection:
    """A collection at a server. Raises UsageError for a URL that is none, UnreadableError for a certificate file that is none."""

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        bare = url.removeprefix("taxii+")
        parts = urllib.parse.urlsplit(bare)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                "This is not the address of a TAXII collection.",
                url,
                "Give taxii+https://host/api/collections/ID/.",
            )
        path = parts.path.rstrip("/")
        self.url = (
            urllib.parse.urlunsplit(
                (parts.scheme, parts.netloc, path if path.endswith("/objects") else path + "/objects", "", "")
            )
            + "/"
        )
        self._query = [(name, value) for name, value in urllib.parse.parse_qsl(parts.query)]
        self._opener = self._opened()

    def _opened(self) -> urllib.request.OpenerDirector:
        if self.settings.handlers:
            return urllib.request.build_opener(*self.settings.handlers, _SameOrigin())
        try:
            context = trust(self.settings.ca_file)
        except (OSError, ssl.SSLError):
            raise UnreadableError(
                "The file of certificates cannot be read.", self.settings.ca_file or "", "Give a file in PEM."
            ) from None
        proxies = (
            None
            if self.settings.proxy is None
            else {"http": self.settings.proxy, "https": self.settings.proxy}
        )
        return urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=context), _SameOrigin()
        )

    def pages(self, following: str | None = None, added_after: str | None = None) -> Iterator[Page]:
        """The pages from a token on, in order. Raises UnreadableError or LimitError for a server that fails or misbehaves."""
        seen: set[str] = set() if following is None else {following}
        digests: set[bytes] = set()
        total = 0
        for _ in range(MAX_PAGES):
            page = self._page(following, added_after)
            if page.following is not None and (
                page.following in seen or (page.objects and page.digest in digests)
            ):
                raise self._failed("The server gives the same page again and again.")
            digests.add(page.digest)
            total += len(page.data)
            if total > MAX_TOTAL_BYTES:
                raise LimitError("The server sends more than a list holds.", self.url)
            yield page
            if page.following is None:
                return
            seen.add(page.following)
            following = page.following
        raise LimitError("The server gives pages without end.", self.url)

    def _failed(self, what: str, detail: str = "") -> UnreadableError:
        return UnreadableError(
            what,
            f"{self.url} ({detail})" if detail else self.url,
            "Try again later; what was fetched is kept.",
        )

    def _page(self, following: str | None, added_after: str | None) -> Page:
        query = [*self._query, ("limit", str(PAGE_OBJECTS))]
        if added_after:
            query.append(("added_after", added_after))
        if following:
            query.append(("next", following))
        headers = {"Accept": MEDIA_TYPE, "User-Agent": "lamsach"}
        if self.settings.token:
            headers["Authorization"] = self.settings.token
        request = urllib.request.Request(f"{self.url}?{urllib.parse.urlencode(query)}", headers=headers)  # noqa: S310 - the scheme was checked
        try:
            with self._opener.open(request, timeout=self.settings.timeout_s) as answer:
                data = _all(answer, time.monotonic() + PAGE_TIMEOUTS * self.settings.timeout_s)
                stated = answer.headers.get("Content-Length")
                added_last = answer.headers.get("X-TAXII-Date-Added-Last")
        except urllib.error.HTTPError as error:
            raise self._refused(error.code) from None
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", None) or type(error).__name__
            raise self._failed("The server cannot be reached, or stopped half-way.", str(reason)) from None
        if len(data) > MAX_PAGE_BYTES:
            raise LimitError("A page of the server is too large.", self.url)
        if stated is not None and stated.isdecimal() and int(stated) != len(data):
            raise self._failed("The server stopped half-way: the page is shorter than it says.")
        return self._read(data, added_last)

    def _refused(self, status: int) -> InputError:
        if status in (401, 403):
            return UnreadableError(
                "The server wants another name or password.", f"{self.url} ({status})", "Give --token."
            )
        if status == 404:
            return UnreadableError(
                "The server does not know this collection.", f"{self.url} ({status})", "Check the address."
            )
        return self._failed("The server refuses to answer.", str(status))

    def _read(self, data: bytes, added_last: str | None) -> Page:
        try:
            tree: Any = json.loads(data)
        except (ValueError, RecursionError):
            raise self._failed("The answer of the server is no TAXII page.") from None
        if not isinstance(tree, dict):
            raise self._failed("The answer of the server is no TAXII page.")
        objects = tree.get("objects", [])
        following = tree.get("next")
        more = tree.get("more") is True
        if more and not isinstance(following, str):
            raise self._failed("The server says that there is more, but not where.")
        return Page(
            data,
            following if more and isinstance(following, str) and len(following) < 4096 else None,
            added_last,
            len(objects) if isinstance(objects, list) else 0,
            hashlib.sha256(json.dumps(objects).encode()).digest(),
        )


def envelopes(path: str, settings: Settings | None = None) -> Iterator[ListSource]:
    """Each page of the collection that `taxii+https://...` names, as a list of its own."""
    settings = settings or Settings(token=os.environ.get("LAMSACH_TAXII_TOKEN"))
    collection = Collection(path, settings)
    for number, page in enumerate(collection.pages(added_after=settings.added_after), 1):
        if page.objects:
            yield ListSource(f"{path}#{number}", _opener(page.data))


def _all(answer: Any, until: float) -> bytes:
    """The body, up to one byte more than a page may have. Raises TimeoutError when it drips beyond a time."""
    parts: list[bytes] = []
    size = 0
    while size <= MAX_PAGE_BYTES and (part := answer.read1(MIB)):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until:
            raise TimeoutError("timeout")
    return b"".join(parts)


def _opener(data: bytes) -> Any:
    return lambda: io.BytesIO(data)
