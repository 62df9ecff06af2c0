"""What every answer of the TAXII server shares: the media type, the token, errors as the standard wants them (sections 1.6, 3.1, 3.6)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from lamsach.portal.api.access import find
from lamsach.portal.api.models import Token
from lamsach.portal.base.ratelimit import client_address, exceeded

MEDIA_TYPE = "application/taxii+json;version=2.1"
_RANGES = ("*/*", "application/*", "application/taxii+json")
WRONG_TOKENS, WINDOW_S = 30, 300
View = Callable[..., HttpResponse]


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """An error resource (section 3.6.1) with its status."""

    def __init__(self, status: int, title: str, **headers: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def answer(
    record: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A resource of TAXII."""
    text = json.dumps(record, ensure_ascii=False)
    return HttpResponse(text, status=status, content_type=MEDIA_TYPE, headers=dict(headers or {}))


def served(function: View) -> View:
    """A view of TAXII, which people need not log in for: a token of a unit opens it."""

    def view(request: HttpRequest, **names: Any) -> HttpResponse:
        try:
            _check_method(request)
            if not _accepts(request.headers.get("Accept", "*/*")):
                raise Refusal(406, "The media type is application/taxii+json;version=2.1.")
            request.token = _token(request)  # type: ignore[attr-defined]
            return function(request, **names)
        except Refusal as refusal:
            said = {"title": refusal.title, "http_status": str(refusal.status)}
            return answer(said, refusal.status, refusal.headers)

    view.__doc__ = function.__doc__
    return login_not_required(csrf_exempt(view))


def _check_method(request: HttpRequest) -> None:
    if request.method in ("GET", "HEAD"):
        return
    if request.method in ("POST", "DELETE") and "/objects/" in request.path:
        raise Refusal(403, "Collections can only be read.")
    raise Refusal(405, "Only reading is served.", Allow="GET, HEAD")


def _accepts(header: str) -> bool:
    """Return whether one of the media ranges of an Accept header (RFC 9110 section 12.5.1) holds what is served."""
    for text in header.lower().split(","):
        media, *parameters = (part.strip() for part in text.split(";"))
        said = {
            name.strip(): value.strip() for name, _, value in (word.partition("=") for word in parameters)
        }
        if media in _RANGES and said.get("version", "2.1") == "2.1" and said.get("q", "1").strip("0.") != "":
            return True
    return False


def _token(request: HttpRequest) -> Token:
    kind, _, word = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            word = base64.b64decode(word, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            word = ""
    found = find(word, request) if word else None
    if found is None:
        if word and exceeded("taxii", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Refusal(429, "Too many wrong tokens.")
        wanted = 'Bearer realm="lamsach", Basic realm="lamsach"'
        raise Refusal(401, "A token of a unit is needed.", WWW_Authenticate=wanted)
    return found
