"""JSON with Vietnamese letters unescaped (half as long, fast for a database), and types of JSON input."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator


class PlainEncoder(json.JSONEncoder):
    """Encoder that does not escape letters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "ensure_ascii": False})


def clean(text: str) -> str:
    """Replace what databases cannot store: lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
        raise ValueError("a time with its zone is needed")
    return moment


Clean = AfterValidator(clean)
Moment = Annotated[datetime, AfterValidator(_zoned)]
