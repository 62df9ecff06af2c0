"""Zeek's intelligence framework (https://docs.zeek.org/en/master/frameworks/intel.html): `redef Intel::read_files += { "lamsach.intel" };`.

Zeek compares whole names, and URLs without their scheme.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.safety import wire, words
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import BY_TYPE


class Zeek(Writer):
    """Tab-separated, with the list's source and the threat as notes."""

    name = "zeek"
    title = "Zeek intelligence file"
    suffix = ".intel"
    facts = frozenset({"threat"})

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The columns, then a line a value."""
        yield f"# {stamp.text()}\n#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
        for item in items:
            value = wire(item.value) if item.type is IndicatorType.URL else item.value
            value = value.partition("://")[2] or value
            yield f"{value}\tIntel::{BY_TYPE[item.type].zeek.upper()}\t{_said(item.source) or 'lamsach'}\t{_said(item.threat) or '-'}\n"


def _said(text: str | None) -> str:
    """Words for a column; a lone `-` would say that it is not set, which a source must be."""
    said = words(text)
    return "" if said == "-" else said
