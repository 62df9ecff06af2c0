"""JSON with Vietnamese letters as they are: half as long, and quick to hand to a database."""

from __future__ import annotations

import json
from typing import Any


class PlainEncoder(json.JSONEncoder):
    """An encoder that keeps all letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})
