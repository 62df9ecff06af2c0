"""Sigma rules (https://sigmahq.io/docs/basics/rules.html): one rule a kind of log, in one file of several YAML documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import uuid5

from lamsach.indicators.writers.base import ADDRESSES, HASHES, WHOLE, Stamp, Writer, iso, of_types
from lamsach.indicators.writers.safety import wire
from lamsach.indicators.writers.stix import NAMESPACE
from lamsach.model import Indicator, IndicatorType

_HASH_NAMES = {IndicatorType.MD5: "MD5", IndicatorType.SHA1: "SHA1", IndicatorType.SHA256: "SHA256"}
Selection = tuple[str, list[str]]


class Sigma(Writer):
    """For the taxonomy's DNS, firewall, proxy and process logs."""

    name = "sigma"
    title = "Sigma rules"
    suffix = ".yml"
    holds = dict.fromkeys(IndicatorType, WHOLE)
    reads_back = False

    def write(self, items: Sequence[Indicator], stamp: Stamp) -> Iterator[str]:
        """Rule by rule; a kind of log without values has none."""
        names = [item.value for item in of_types(items, IndicatorType.DOMAIN)]
        below = [f".{name}" for name in names]
        networks = [item.value for item in of_types(items, *ADDRESSES)]
        urls = [_literal(wire(item.value)) for item in of_types(items, IndicatorType.URL)]
        hashes = [f"{_HASH_NAMES[item.type]}={item.value.upper()}" for item in of_types(items, *HASHES)]
        rules: tuple[tuple[str, str, list[Selection]], ...] = (
            ("DNS question", "dns", [("query", names), ("query|endswith", below)]),
            ("connection", "firewall", [("dst_ip|cidr", networks)]),
            (
                "web request",
                "proxy",
                [("cs-host", names), ("cs-host|endswith", below), ("c-uri|contains", urls)],
            ),
            ("file", "process_creation", [("Hashes|contains", hashes)]),
        )
        first = True
        for what, category, selections in rules:
            filled = [(field, values) for field, values in selections if values]
            if filled:
                yield "" if first else "---\n"
                first = False
                yield from _rule(what, category, filled, stamp)
        if first:
            yield f"# {stamp.text()}\n"


def _rule(what: str, category: str, selections: list[Selection], stamp: Stamp) -> Iterator[str]:
    identifier = uuid5(NAMESPACE, f"sigma {category}")
    yield f"title: Lamsach listed {what}\nid: {identifier}\nstatus: stable\n"
    yield f"description: '{stamp.text()}'\ndate: {iso(stamp.made)[:10]}\nauthor: Lamsach\n"
    yield f"logsource:\n    category: {category}\ndetection:\n"
    for number, (field, values) in enumerate(selections, 1):
        yield f"    selection{number}:\n        {field}:\n"
        for value in values:
            yield "            - '" + value.replace("'", "''") + "'\n"
    yield "    condition: 1 of selection*\nlevel: high\n"


def _literal(text: str) -> str:
    """The text with Sigma's wildcards escaped (Sigma specification, "Escaping")."""
    return text.replace("*", "\\*").replace("?", "\\?")
