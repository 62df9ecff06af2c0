"""Confirm outward steps in tests: submit the form, then the confirmation page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def asked(
    client: Any, address: str, data: Mapping[str, Any] | None = None, **more: Any
) -> tuple[str, dict[str, Any]]:
    """The confirmation page's text, and the data its button submits."""
    page = client.post(address, data or {}, **more)
    text = page.content.decode()
    digest = re.search(r'name="confirmed" value="([0-9a-f]{32})"', text)
    assert page.status_code == 200, page.status_code
    assert digest, text
    return text, {**(data or {}), "confirmed": digest[1]}


def confirmed(client: Any, address: str, data: Mapping[str, Any] | None = None, **more: Any) -> Any:
    """Response to the confirmed submission."""
    return client.post(address, asked(client, address, data, **more)[1], **more)
