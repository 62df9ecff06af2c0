"""What firewalls and resolvers fetch: a list in their own format, by an address with a token. Nobody logs in here."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.http import http_date, parse_http_date_safe

from lamsach.indicators.writers import BY_NAME
from lamsach.portal.base.doors import link
from lamsach.portal.base.ratelimit import client_address, exceeded
from lamsach.portal.lists import outlets

WRONG, WINDOW_S = 60, 300


@link("GET")
def outlet_file(request: HttpRequest, token: str, part: int = 1) -> HttpResponse:
    """A part of the list (`.../2/` is the second). Unchanged since the client's `ETag` or date: 304. Packed for clients that take gzip."""
    found = outlets.find(token)
    if found is None:
        if exceeded("outlet", client_address(request), WRONG, WINDOW_S):
            return HttpResponse(status=429)
        raise Http404
    answer = outlets.answer(found, part)
    if answer is None:
        raise Http404
    packed = _takes_gzip(request.headers.get("Accept-Encoding", ""))
    tag = f'"{answer.tag}{"-gz" if packed else ""}"'
    headers = {
        "ETag": tag,
        "Last-Modified": http_date(answer.modified.timestamp()),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "X-Lamsach-Parts": str(answer.parts),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if _is_known(request, answer.tag, int(answer.modified.timestamp())):
        return HttpResponse(status=304, headers=headers)
    binary = BY_NAME[found.writer].binary
    kind = (
        "application/zip"
        if binary
        else "application/json"
        if answer.suffix == ".json"
        else "text/plain; charset=utf-8"
    )
    if packed:
        headers["Content-Encoding"] = "gzip"
    stream = (answer.packed if packed else answer.plain).open("rb")
    return FileResponse(stream, content_type=kind, headers=headers)  # type: ignore[return-value]


def _takes_gzip(header: str) -> bool:
    """RFC 9110 section 12.5.3: a weight of 0 refuses."""
    for text in header.lower().split(","):
        coding, *parameters = (part.replace(" ", "") for part in text.split(";"))
        if coding == "gzip":
            return not any(word.startswith("q=") and not word[2:].strip("0.") for word in parameters)
    return False


def _is_known(request: HttpRequest, tag: str, modified: int) -> bool:
    """RFC 9110 section 13.2.2: a tag decides alone; without one the date does."""
    known = request.headers.get("If-None-Match", "")
    if known:
        words = {word.strip().removeprefix("W/").strip('"') for word in known.split(",")}
        return bool({tag, f"{tag}-gz", "*"} & words)
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and since >= modified
