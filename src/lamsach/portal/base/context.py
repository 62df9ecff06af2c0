"""What every template knows: the language, the menu, the contact."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from lamsach import __version__
from lamsach.portal.base.menu import MENU


def page(request: HttpRequest) -> dict[str, Any]:
    """The menu for the person, the other language, the version. A page that no entry leads to stands under the entry of its kind."""
    user = getattr(request, "user", None)
    roles = user.roles if user is not None and user.is_authenticated else frozenset()
    entries: list[dict[str, Any]] = []
    for entry in MENU:
        if roles & entry.roles:
            try:
                address = reverse(entry.view)
            except NoReverseMatch:
                continue
            entries.append(
                {
                    "title": entry.title,
                    "url": address,
                    "current": any(request.path.startswith(start) for start in (address, *entry.also)),
                }
            )
    best = max((e for e in entries if e["current"]), key=lambda e: len(e["url"]), default=None)
    for shown in entries:
        shown["current"] = shown is best
    return {"menu": entries, "product_version": __version__, "oidc": bool(settings.OIDC_URL), "roles": roles}
