"""Addresses for e-mails and printed sheets, with the host in front."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse


def absolute(view: str, **kwargs: Any) -> str:
    """The full address of a view: `LAMSACH_URL`, or the loopback address that `lamsach serve` told us."""
    return f"{settings.PUBLIC_URL or 'http://127.0.0.1:8000'}{reverse(view, kwargs=kwargs)}"
