"""What pages of hunts and of traces share: files that arrive in pieces, and a result that the command line's writer made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.translation import gettext as _

from lamsach.errors import LamsachError
from lamsach.portal.base.asked import number
from lamsach.portal.findings.transfers import OutOfPlace, piece

_STYLE = re.compile(rb"sha256-[A-Za-z0-9+/=]{44}")


def announced(request: HttpRequest, announce: Callable[[str, int], Any]) -> JsonResponse:
    """Announce a file (`name`, `size`): its number, and how much of it is there already."""
    size = _number(request.POST, "size")
    try:
        file = announce(request.POST.get("name", ""), size)
    except LamsachError as problem:
        return JsonResponse({"problem": _(problem.what)}, status=409)
    return JsonResponse({"file": file.pk, "received": file.received})


def added(request: HttpRequest, add: Callable[[int, bytes], int]) -> JsonResponse:
    """Add a piece of a file, the body's bytes, at `?offset=`: how much is there now."""
    offset = _number(request.GET, "offset")
    try:
        received = add(offset, piece(request))
    except OutOfPlace as elsewhere:
        return JsonResponse({"received": elsewhere.received}, status=409)
    except LamsachError as problem:
        return JsonResponse({"problem": _(problem.what)}, status=409)
    return JsonResponse({"received": received})


def result_page(path: str) -> HttpResponse:
    """A page in the storage, under a policy that lets nothing run or load but its own style."""
    with default_storage.open(path, "rb") as file:
        content: bytes = file.read()
    response = HttpResponse(content, content_type="text/html; charset=utf-8")
    digest: Any = _STYLE.search(content[:20_000])
    style = f"'{digest[0].decode()}'" if digest else "'none'"
    response["Content-Security-Policy"] = f"default-src 'none'; style-src {style}; img-src data:; sandbox"
    return response


def _number(values: QueryDict, name: str) -> int:
    found = number(values, name)
    if found is None:
        raise Http404
    return found
