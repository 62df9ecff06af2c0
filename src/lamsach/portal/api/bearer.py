"""How a program shows who it is: `Authorization: Bearer ...`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja.security import HttpBearer

from lamsach.portal.api import access
from lamsach.portal.base.ratelimit import client_address, exceeded

WRONG_TOKENS, WINDOW_S = 30, 300


class UnitToken(HttpBearer):
    """`Authorization: Bearer lamsach_...`, the token of a unit."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The token, or None, which is answered by 401. Wrong ones are counted by address."""
        found = access.find(token, request)
        if found is None and exceeded("api", client_address(request), WRONG_TOKENS, WINDOW_S):
            raise Http404
        return found
