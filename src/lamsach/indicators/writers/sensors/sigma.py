"""Sigma rules (https://sigmahq.io/docs/basics/rules.html): one rule a kind of log, in one file of several YAML documents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from uuid import uuid5

from lamsach.indicators.writers.base import HASHES, Stamp, Writer, framed, iso, of_types
from lamsach.indicators.writers.exchange.stix import NAMESPACE
from lamsach.indicators.writers.safety import wire
from lamsach.model import Indicator, IndicatorType
from lamsach.model.indicator_types import ADDRESSES


class Sigma(Writer):
    """For the taxonomy's DNS, firewall, proxy and process logs."""

    name = "sigma"
    title = "Sigma rules"
    suffix = ".yml"
    reads_back = False

    def write(self, items: Collection[Indicator], stamp: Stamp) -> Iterator[str]:
        """Rule by rule; a kind of log without values has none."""
        separator = ""
        for what, category, fields in _RULES:
            selections = (
                piece
                for number, (field, types, form) in enumerate(fields, 1)
                for piece in _selection(number, field, map(form, of_types(items, *types)))
            )
            for piece in framed(separator + _head(what, category, stamp), selections, _TAIL):
                yield piece
                separator = "---\n"
        if not separator:
            yield f"# {stamp.text()}\n"


def _head(what: str, category: str, stamp: Stamp) -> str:
    return (
        f"title: Lamsach listed {what}\nid: {uuid5(NAMESPACE, f'sigma {category}')}\nstatus: stable\n"
        f"description: '{stamp.text()}'\ndate: {iso(stamp.made)[:10]}\nauthor: Lamsach\n"
        f"logsource:\n    category: {category}\ndetection:\n"
    )


_TAIL = "    condition: 1 of selection*\nlevel: high\n"


def _selection(number: int, field: str, values: Iterable[str]) -> Iterator[str]:
    quoted = ("            - '" + value.replace("'", "''") + "'\n" for value in values)
    return framed(f"    selection{number}:\n        {field}:\n", quoted)


def _literal(text: str) -> str:
    """The text with Sigma's wildcards escaped (Sigma specification, "Escaping")."""
    return text.replace("*", "\\*").replace("?", "\\?")


def _value(item: Indicator) -> str:
    return item.value


def _path(item: Indicator) -> str:
    return f"\\{item.value}"


def _below(item: Indicator) -> str:
    return f".{item.value}"


def _url(item: Indicator) -> str:
    return _literal(wire(item.value))


def _hash(item: Indicator) -> str:
    return f"{item.type.upper()}={item.value.upper()}"


_Field = tuple[str, tuple[IndicatorType, ...], Callable[[Indicator], str]]
_NAMES, _FILES = (IndicatorType.DOMAIN,), (IndicatorType.FILE_NAME,)
_RULES: tuple[tuple[str, str, tuple[_Field, ...]], ...] = (
    ("DNS question", "dns", (("query", _NAMES, _value), ("query|endswith", _NAMES, _below))),
    ("connection", "firewall", (("dst_ip|cidr", ADDRESSES, _value),)),
    (
        "web request",
        "proxy",
        (
            ("cs-host", _NAMES, _value),
            ("cs-host|endswith", _NAMES, _below),
            ("c-uri|contains", (IndicatorType.URL,), _url),
        ),
    ),
    (
        "file",
        "process_creation",
        (
            ("Hashes|contains", HASHES, _hash),
            ("Image|endswith", _FILES, _path),
            ("OriginalFileName", _FILES, _value),
        ),
    ),
    ("written file", "file_event", (("TargetFilename|endswith", _FILES, _path),)),
)
