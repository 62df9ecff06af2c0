"""How a program shows who it is: `Authorization: Bearer ...`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest
from ninja.security import HttpBearer

from lamsach.portal.api import access
from lamsach.portal.base.ratelimit import client_address, exceeded

WRONG_TOKENS, WINDOW_S = 30, 300
WORDS: list[Callable[[str], Any]] = []
"""Who knows other words than units' tokens that hand in scans alone: the app `fleet` registers itself."""


class UnitToken(HttpBearer):
    """`Authorization: Bearer lamsach_...`, the token of a unit."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token, or None, which is answered by 401. Wrong ones are counted by address."""
        found = access.find(token, request)
        if found is None and exceeded("api", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Http404
        return found


class HandingIn(UnitToken):
    """`Authorization: Bearer ...`, the token of a unit, or the word of a scanner that was handed out for it: for addresses that take what scans and hunts found."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token or the handed-out scanner; None for neither."""
        for find in WORDS:
            if (found := find(token)) is not None:
                return found
        return super().authenticate(request, token)
