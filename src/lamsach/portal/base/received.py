"""Types of what programs send to the API: text that the database can keep, times with their zone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator


def clean(text: str) -> str:
    """The text without what no database keeps: half surrogates and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None or not 1990 <= moment.year <= 2200:
        raise ValueError("a time with its zone is needed")
    return moment


Clean = AfterValidator(clean)
Moment = Annotated[datetime, AfterValidator(_zoned)]
