"""Context of every template: the person's roles, the version, whether log-in is by OpenID Connect."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from lamsach import __version__


def page(request: HttpRequest) -> dict[str, Any]:
    """Give the roles and the version; the place is for `{% whereabouts %}`, which only the frame asks."""
    user = getattr(request, "user", None)
    roles = user.roles if user is not None and user.is_authenticated else frozenset()
    return {"product_version": __version__, "oidc": bool(settings.OIDC_URL), "roles": roles}
