"""URLs in events and lines, compared with listed ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import SplitResult, unquote, urlsplit

from lamsach.hunt.tokens import unescaped
from lamsach.model import Event, MatchKind

KIND_ORDER = {kind: place for place, kind in enumerate(MatchKind)}
"""The nearer kind of match comes first."""


@lru_cache(maxsize=1 << 14)
def target_of(url: str) -> SplitResult:
    """A listed URL in parts, its path and query with percent-encoding undone, as those that it is compared with."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    return parts._replace(path=unquote(parts.path), query=unquote(parts.query))


def shown_by(event: Event) -> SplitResult | None:
    """The event's URL in parts; None when it shows no path (CONNECT, SNI, a DNS question)."""
    url = event.url
    if not url:
        return None
    if url.startswith("/"):
        url = f"//{event.domain or ''}{url}"
    elif "://" not in url:
        url = f"//{url}"
    try:
        parts = urlsplit(url)
        parts.port, parts.hostname  # noqa: B018 - both may raise
    except ValueError:
        return None
    seen = parts._replace(path=unquote(parts.path), query=unquote(parts.query))
    return seen if seen.path or seen.query else None


# also typographic quotes and full-width punctuation; a full stop or bracket at the end is the sentence's
_END_OF_URL = re.compile(
    r"[.:!?)\]}]*(?:[\s\"'<>,;|\\«»\u2018-\u201f\u2026\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]|\Z)"
)
_URLS_TRIED = 50


def kind_in(text: str, listed: str, host: str) -> MatchKind | None:
    """Return how a listed URL relates to a line that shows its host: the best of all places, also with escapes undone."""
    shown = [url for one in dict.fromkeys((text, unescaped(text))) for url in _urls_around(one, host)]
    if not shown:
        return url_kind(listed, None)
    kinds = (url_kind(listed, url) for url in shown)
    return min((kind for kind in kinds if kind), key=KIND_ORDER.__getitem__, default=None)


def _urls_around(text: str, host: str) -> Iterator[SplitResult | None]:
    """The URLs in which a text shows the host (None: without a path), at most _URLS_TRIED."""
    places = re.finditer(rf"(?<![\w.-]){re.escape(host)}", text, re.IGNORECASE)
    for place in islice(places, _URLS_TRIED):
        end = _END_OF_URL.search(text, place.end())
        try:
            parts = urlsplit("//" + text[place.start() : end.start() if end else len(text)])
            parts.port  # noqa: B018 - may raise
        except ValueError:
            yield None
        else:
            yield parts if parts.path.strip("/") or parts.query else None


def url_kind(listed: str, seen: SplitResult | None) -> MatchKind | None:
    """Return how a listed URL relates to the URL seen on its host (None: only the host was seen)."""
    target = target_of(listed)
    whole_host = target.path in ("", "/") and not target.query
    if seen is None:
        return MatchKind.EXACT if whole_host and target.port in (None, 80, 443) else MatchKind.PARTIAL
    if target.port and seen.port and target.port != seen.port:
        return None
    if whole_host:
        return MatchKind.EXACT
    wanted = target.path + (f"?{target.query}" if target.query else "")
    path = (seen.path or "/") + (f"?{seen.query}" if seen.query else "")
    if path == wanted:
        return MatchKind.EXACT
    if path.startswith(wanted) and (wanted[-1] in "/?" or path[len(wanted)] in "/?#"):
        return MatchKind.EXACT
    return None
