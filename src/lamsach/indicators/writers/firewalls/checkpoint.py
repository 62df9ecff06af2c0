"""Check Point custom intelligence feeds, the CSV of `ioc_feeds add` (Threat Prevention Administration Guide, "Custom Intelligence Feeds")."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_network

from lamsach.indicators.writers.base import Stamp, Writer
from lamsach.indicators.writers.safety import ascii_words, wire
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import BY_TYPE, DIGESTS


class Checkpoint(Writer):
    """Observables for Anti-Bot (contacts) and Anti-Virus (files)."""

    name = "checkpoint"
    title = "Check Point custom intelligence feed"
    suffix = ".csv"

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """The heading that begins with `#`, then a line a value."""
        yield f"# {stamp.text().replace(',', ';')}\n#UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT\n"
        for number, item in enumerate(items, 1):
            said = ascii_words(item.threat).replace(",", " ")
            product = "AV" if item.type in DIGESTS else "AB"
            yield f"lamsach{number},{_value(item)},{BY_TYPE[item.type].checkpoint},{_confidence(item)},high,{product},{said}\n"


def _value(item: Indicator) -> str:
    if item.type is IndicatorType.NETWORK:
        network = ip_network(item.value)
        return f"{network.network_address}-{network.broadcast_address}"
    if item.type is IndicatorType.URL:
        return wire(item.value).replace(",", "%2C")
    return item.value


def _confidence(item: Indicator) -> str:
    if item.confidence is None:
        return "medium"
    return "high" if item.confidence >= 70 else "medium" if item.confidence >= 30 else "low"
