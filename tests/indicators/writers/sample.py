"""A list with every type of value and every fact, written and read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lamsach.indicators.lists import read_lists
from lamsach.indicators.releases.release import list_digest
from lamsach.indicators.writers.base import Writer
from lamsach.indicators.writers.export import Export, Terms, prepare
from lamsach.model import Indicator, IndicatorType, Problem, Reference

NOW = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
FROM = datetime(2026, 1, 10, tzinfo=UTC)
UNTIL = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
T = IndicatorType


def item(kind: IndicatorType, value: str, threat: str | None = "Mirai", **facts: object) -> Indicator:
    return Indicator(kind, value, threat, reference=Reference("annex.pdf", 2, 7), **facts)  # type: ignore[arg-type]


SAMPLE = [
    item(T.DOMAIN, "bot-c2.xyz"),
    item(T.DOMAIN, "a_b.mal-cdn.top", "Mã độc Mozi", source="Trung tâm CNTT", confidence=80),
    item(T.DOMAIN, "xn--bnh-xyz-5ya.top", None),
    item(T.IP, "203.0.113.5", tlp="green", valid_from=FROM, valid_until=UNTIL),
    item(T.IP, "198.51.100.77", None, confidence=0),
    item(T.IP, "2001:db8::1"),
    item(T.IP, "2001:db8:0:1:0:2:0:3"),
    item(T.NETWORK, "192.0.2.0/24", "Botnet"),
    item(T.NETWORK, "2001:db8:7::/48", "Botnet"),
    item(T.URL, "http://bot-c2.xyz/gate.php?id=1", source="Sở TT&TT", tlp="amber"),
    item(T.URL, "https://drop-site.top/a/b"),
    item(T.URL, "http://203.0.113.9:8080/bin"),
    item(T.MD5, "0123456789abcdef0123456789abcdef"),
    item(T.SHA1, "0123456789abcdef0123456789abcdef01234567"),
    item(T.SHA256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
]

ORDERED = sorted(SAMPLE, key=lambda entry: (entry.type, entry.value))
"""Facts in the form of the outputs."""


def exported(writer: Writer, items: list[Indicator] | None = None, terms: Terms | None = None) -> Export:
    chosen = SAMPLE if items is None else items
    return prepare(chosen, writer, list_digest(chosen), terms or Terms(NOW))


def text_of(export: Export) -> str:
    return "".join(export.text())


def read_back(path: Path) -> tuple[list[Indicator], list[Problem]]:
    problems: list[Problem] = []
    return list(read_lists([str(path)], problems.append).indicators), problems
