"""The site as a WSGI application."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from lamsach.portal.at_work import hold_as_set

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamsach.portal.settings")
hold_as_set()
application = get_wsgi_application()
