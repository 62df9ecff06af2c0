"""What every template knows: the person's roles, the version, whether one logs in by OpenID Connect."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from lamsach import __version__


def page(request: HttpRequest) -> dict[str, Any]:
    """The roles and the version. Where the page is says `{% whereabouts %}`, which the frame alone asks for."""
    user = getattr(request, "user", None)
    roles = user.roles if user is not None and user.is_authenticated else frozenset()
    return {"product_version": __version__, "oidc": bool(settings.OIDC_URL), "roles": roles}
