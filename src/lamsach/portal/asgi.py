"""The ASGI application: `front`, then cached public pages, then Django's WSGI application."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from lamsach.portal.bodies import Limits
from lamsach.portal.front import Front
from lamsach.portal.restore_lock import hold_configured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
hold_configured()
_django = get_wsgi_application()

from lamsach.portal.base.ratelimit import address_of, visitor_key  # noqa: E402 - needs the settings
from lamsach.portal.public.page_cache import CachedPages  # noqa: E402 - needs the settings

_site = CachedPages(_django)
application = Front(
    _site,
    Limits(body_bytes=settings.BODY_LIMIT_BYTES),
    lambda environ: visitor_key(address_of(environ)),
    ready=_site.ready,
)
