"""Taking an outward step as a person does.

The form, then the button of the page that shows what it will do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def asked(
    client: Any, address: str, data: Mapping[str, Any] | None = None, **more: Any
) -> tuple[str, dict[str, Any]]:
    """The page that asks, and what its button sends."""
    page = client.post(address, data or {}, **more)
    text = page.content.decode()
    digest = re.search(r'name="confirmed" value="([0-9a-f]{32})"', text)
    assert page.status_code == 200, page.status_code
    assert digest, text
    return text, {**(data or {}), "confirmed": digest[1]}


def confirmed(client: Any, address: str, data: Mapping[str, Any] | None = None, **more: Any) -> Any:
    """The answer after the button was pressed."""
    return client.post(address, asked(client, address, data, **more)[1], **more)
