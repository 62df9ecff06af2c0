"""What a record says of its values' standing: a source's list of what it took back, an import file's entry that allows.

abuse.ch's false positives (https://hunting.abuse.ch/): `time_stamp, platform, entry_type, entry_value, removed_by, removal_notes`. Indicators of
Microsoft Defender for Endpoint and CrowdStrike Falcon: an `Action` of `Allow` or `Allowed` beside an expiry; a log's `Action` says what a firewall did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lamsach.indicators import refusals
from lamsach.indicators.fields import plain_key
from lamsach.indicators.records import Entry
from lamsach.model import Refusal

_REMOVED = frozenset({"entry_value", "removed_by"})
_ACTION, _EXPIRES = "action", "expir"
_ALLOWS = frozenset({"allow", "allowed"})


def takes_back(keys: Iterable[str]) -> bool:
    """Whether the headings of a table are those of a list of what its source took back."""
    return {plain_key(key) for key in keys} >= _REMOVED


def action_column(headings: Mapping[int, str]) -> int | None:
    """The column that says what is done with a row's values; None where the table is no list of indicators with an expiry."""
    keys = {place: plain_key(text) for place, text in headings.items()}
    if not any(_EXPIRES in key for key in keys.values()):
        return None
    return next((place for place, key in keys.items() if key == _ACTION), None)


def allows(action: str) -> bool:
    """Whether an action lets the value pass."""
    return plain_key(action) in _ALLOWS


def reason_of(record: Mapping[Any, Any]) -> str | None:
    """Why the values of a record with named keys are none, or None."""
    if record.keys() >= _REMOVED:
        return refusals.WITHDRAWN
    action = record.get("action", record.get("Action"))
    if isinstance(action, str) and allows(action) and any(_EXPIRES in str(key).lower() for key in record):
        return refusals.ALLOWED
    return None


def refused(item: Entry, reason: str) -> Entry:
    """What stands in a record or under a key that says why its values are none."""
    if isinstance(item, Refusal) or item.reference is None:
        return item
    return Refusal(item.reference, item.value, reason, item.type)
