"""The HTTP client for all requests to servers: proxy, certificates, time limits, connections.

By urllib3 (https://urllib3.readthedocs.io). Nothing is retried or unpacked, no cookie is stored, each request
has its own connection, and no redirection is followed unless the caller allows it, who checks its target. Any
failure is a WebError. Imports nothing of the product.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

Headers = Mapping[str, str]
Follow = Callable[[str, str, Headers], Headers | None]
"""Given address, redirection and sent headers: the headers to send there, or None not to follow."""
Connect = Callable[[str, tuple[str, int], float], socket.socket]
"""Connect to a scheme, host and port, within a time limit in seconds."""
_MAX_REDIRECTIONS = 10
_REDIRECTED = {301: True, 302: True, 303: True, 307: False, 308: False}
"""Redirections, and whether a request with a body continues as GET (RFC 9110 section 15.4)."""


class WebError(OSError):
    """The server cannot be reached, or the connection failed.

    The text is the reason, `kind` the name of the underlying error.
    """

    def __init__(self, reason: str, kind: str) -> None:
        super().__init__(reason)
        self.kind = kind


class Answer:
    """Status and headers (by name in any case), and the body, to be read in pieces.

    Closes its connection as a context.
    """

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self.status = response.status
        self.headers: Headers = response.headers
        self._response = response

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the body as it arrives, at most `size` bytes at a time. Raises WebError."""
        with _failures():
            while piece := self._response.read1(size):
                yield piece

    def beginning(self, size: int) -> bytes:
        """Read at most `size` bytes of the body. Raises WebError."""
        with _failures():
            return self._response.read(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._response.close()


class WebClient:
    """HTTP client. `trusted`: the certificates (None: the system's).

    `proxy`: a URL, empty for none (None: the environment's); `connect` opens connections in place of the
    system's lookup, also those to a proxy.
    """

    def __init__(
        self,
        timeout_s: float,
        trusted: ssl.SSLContext | None = None,
        proxy: str | None = None,
        connect: Connect | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._trusted = trusted
        self._proxy = proxy
        self._connect = connect

    def ask(
        self, method: str, url: str, headers: Headers, body: bytes | None = None, follow: Follow | None = None
    ) -> Answer:
        """Return the answer of any status. The scheme is http or https.

        Raises WebError, and the errors of `follow` and `connect`.
        """
        for _ in range(_MAX_REDIRECTIONS):
            answer = self._once(method, url, headers, body)
            target = urljoin(url, answer.headers.get("Location", ""))
            redirected = _REDIRECTED.get(answer.status) if body is not None else answer.status in _REDIRECTED
            if follow is None or not redirected or urlsplit(target).scheme not in ("http", "https"):
                return answer
            with answer:
                more = follow(url, target, headers)
            if more is None:
                return answer
            url, headers, method, body = target, more, "GET", None
        return answer

    def _once(self, method: str, url: str, headers: Headers, body: bytes | None) -> Answer:
        with _failures():
            return Answer(
                self._manager(url).request(
                    method,
                    url,
                    body=body,
                    headers={"User-Agent": "lamsach", "Connection": "close", **headers},
                    redirect=False,
                    retries=False,
                    timeout=self._timeout_s,
                    preload_content=False,
                    decode_content=False,
                    enforce_content_length=False,
                )
            )

    def _manager(self, url: str) -> urllib3.PoolManager:
        context = self._trusted or (ssl.create_default_context() if url.startswith("https:") else None)
        proxy = self._proxy_for(url)
        if proxy:
            whole = proxy if "://" in proxy else f"http://{proxy}"
            user = urllib3.util.parse_url(whole).auth
            named = urllib3.make_headers(proxy_basic_auth=user) if user else None
            manager: urllib3.PoolManager = urllib3.ProxyManager(
                whole, proxy_headers=named, ssl_context=context
            )
        else:
            manager = urllib3.PoolManager(ssl_context=context)
        if self._connect is not None:
            manager.pool_classes_by_scheme = _pools(self._connect)
        return manager

    def _proxy_for(self, url: str) -> str:
        if self._proxy is not None:
            return self._proxy
        parts = urlsplit(url)
        found = getproxies().get(parts.scheme, "")
        return "" if not found or proxy_bypass(parts.netloc.rpartition("@")[2]) else found


def _pools(connect: Connect) -> dict[str, Any]:
    """Build pools whose connections are opened by this function."""

    def pool(
        scheme: str, of: type[HTTPConnectionPool], kind: type[HTTPConnection]
    ) -> type[HTTPConnectionPool]:
        def new(self: Any) -> socket.socket:
            limit = self.timeout
            return connect(scheme, (self._dns_host, self.port), limit)

        connection = type("Connection", (kind,), {"_new_conn": new})
        return type("Pool", (of,), {"ConnectionCls": connection})

    return {
        "http": pool("http", HTTPConnectionPool, HTTPConnection),
        "https": pool("https", HTTPSConnectionPool, HTTPSConnection),
    }


@contextmanager
def _failures() -> Iterator[None]:
    try:
        yield
    except (HTTPError, OSError, ValueError) as error:
        cause: BaseException = error
        while isinstance(cause, HTTPError) and (inner := cause.__cause__ or cause.__context__) is not None:
            cause = inner
        name = type(cause).__name__
        raise WebError(str(cause) or name, name) from None
