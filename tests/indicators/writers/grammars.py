"""Strict readers of syntaxes whose own programs are in no package, from their vendors' documentation.

Each raises ValueError with the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple
from uuid import UUID

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


class Rule(NamedTuple):
    """A rule of Snort 3: protocol, its addresses and port, its options in order."""

    protocol: str
    targets: tuple[str, ...]
    port: str
    options: tuple[tuple[str, str], ...]

    def option(self, name: str) -> str:
        return next(value for found, value in self.options if found == name)


# https://docs.snort.org/rules/headers/: action protocol source port direction destination port
_HEADER = re.compile(r"alert (ip|udp|tcp) (\$HOME_NET) any -> (any|\[[^][ ]+\]) (any|\d{1,5}) \((.*)\)")
# https://docs.snort.org/rules/options/: name:value; a value is bare, or in quotes in which ; " and \ are
# escaped
_OPTION = re.compile(r'\s*(\w+)(?::((?:"(?:[^"\\;]|\\[\\";])*"|[^";\\])*))?;')
_CLASSTYPES = {"trojan-activity"}
"""Classes of Snort's own classification.config that the writer uses."""


def snort_rules(text: str) -> Iterator[Rule]:
    """Yield the rules of a file: one a line, each with a message and a local identifier of its own."""
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line:
            continue
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ValueError(f"{number}: this is no header of a rule: {line[:100]}")
        options = tuple(_options(match[5], number))
        rule = Rule(match[1], _targets(match[3], number), match[4], options)
        names = [name for name, _ in options]
        if names.count("msg") != 1 or names.count("sid") != 1 or names.count("rev") != 1:
            raise ValueError(f"{number}: msg, sid and rev stand once in a rule")
        sid = rule.option("sid")
        if not sid.isdecimal() or not 1_000_000 <= int(sid) < 2_000_000 or sid in seen:
            raise ValueError(f"{number}: {sid} is no free identifier of a local rule")
        seen.add(sid)
        if rule.option("classtype") not in _CLASSTYPES:
            raise ValueError(f"{number}: the class is not known")
        if "content" in names:
            snort_content(rule.option("content"))
        yield rule


def _options(text: str, number: int) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        match = _OPTION.match(text, place)
        if match is None:
            raise ValueError(f"{number}: this is no option of a rule: {text[place : place + 60]}")
        if match[1] not in {"msg", "content", "classtype", "sid", "rev"}:
            raise ValueError(f"{number}: {match[1]} is no option that is known")
        yield match[1], match[2] or ""
        place = match.end()


def _targets(text: str, number: int) -> tuple[str, ...]:
    if text == "any":
        return ()
    values = tuple(text[1:-1].split(","))
    for value in values:
        if str(ip_network(value)) not in (value, f"{value}/32", f"{value}/128"):
            raise ValueError(f"{number}: {value} is no address in its own form")
    return values


def snort_content(text: str) -> bytes:
    """Return the bytes of a content option, with its modifiers after a comma.

    https://docs.snort.org/rules/options/payload/content
    """
    match = re.fullmatch(
        r'"((?:[^"\\;|]|\\[\\";]|\|(?:[0-9A-Fa-f]{2} ?)+\|)+)"((?:, *(?:nocase|fast_pattern))*)', text
    )
    if match is None:
        raise ValueError(f"this is no content: {text[:100]}")
    found = b""
    for number, part in enumerate(re.split(r"\|([^|]*)\|", match[1])):
        found += bytes.fromhex(part) if number % 2 else re.sub(r"\\(.)", r"\1", part).encode("ascii")
    return found


_ZEEK_TYPES = {"Intel::ADDR", "Intel::SUBNET", "Intel::URL", "Intel::DOMAIN", "Intel::FILE_HASH"}
"""Names of `Intel::Type`.

https://docs.zeek.org/en/master/scripts/base/frameworks/intel/main.zeek.html
"""


def zeek_intel(text: str) -> Iterator[dict[str, str]]:
    """Yield the rows of an intelligence file, as the ASCII reader of the input framework parses it.

    Comments, then `#fields`, then as many columns in every line, none of them empty
    (https://docs.zeek.org/en/master/frameworks/input.html).
    """
    fields: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#fields\t"):
            fields = line.split("\t")[1:]
            if not {"indicator", "indicator_type", "meta.source"} <= set(fields):
                raise ValueError(f"{number}: columns that must not be absent are")
        elif line.startswith("#") or (not line and text.endswith("\n")):
            continue
        else:
            yield _zeek_row(dict(zip(fields, line.split("\t"), strict=True)), number)


def _zeek_row(row: dict[str, str], number: int) -> dict[str, str]:
    value, kind = row["indicator"], row["indicator_type"]
    if any(not cell or "\\" in cell or not cell.isprintable() for cell in row.values()):
        raise ValueError(f"{number}: an empty cell, an escape or a letter that is not printed")
    if "-" in (row["indicator"], row["indicator_type"], row["meta.source"]):
        raise ValueError(f"{number}: a column that must be set is not")
    good = {
        "Intel::ADDR": lambda: str(ip_address(value)) == value,
        "Intel::SUBNET": lambda: "/" in value and str(ip_network(value)) == value,
        "Intel::DOMAIN": lambda: _NAME.fullmatch(value) is not None,
        "Intel::FILE_HASH": lambda: re.fullmatch("[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", value) is not None,
        "Intel::URL": lambda: value.isascii() and "://" not in value.partition("?")[0].partition("/")[0],
    }
    if kind not in _ZEEK_TYPES or not good[kind]():
        raise ValueError(f"{number}: {value[:100]} is no {kind}")
    return row


_SIGMA_KEYS = {"title", "id", "status", "description", "date", "author", "logsource", "detection", "level"}
_MODIFIERS = {"endswith", "contains", "cidr"}
_FIELDS = {
    "dns": {"query"},
    "firewall": {"dst_ip"},
    "proxy": {"cs-host", "c-uri"},
    "process_creation": {"Hashes"},
}
"""Fields of the taxonomy by category.

https://sigmahq.io/docs/basics/log-sources.html and the specification's appendix.
"""


def sigma_rules(text: str) -> Iterator[dict[str, Any]]:
    """Yield the rules of a file, checked against https://sigmahq.io/sigma-specification/, version 2."""
    import yaml

    seen: set[str] = set()
    for rule in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if set(rule) != _SIGMA_KEYS or rule["id"] in seen or str(UUID(rule["id"])) != rule["id"]:
            raise ValueError(f"a rule's keys or its identifier: {sorted(rule)}")
        seen.add(rule["id"])
        if not (isinstance(rule["title"], str) and len(rule["title"]) <= 256) or rule["status"] != "stable":
            raise ValueError("title or status")
        if rule["level"] not in {"informational", "low", "medium", "high", "critical"}:
            raise ValueError("level")
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(rule["date"])):
            raise ValueError("date")
        _sigma_detection(rule["logsource"], dict(rule["detection"]))
        yield rule


def _sigma_detection(source: dict[str, str], detection: dict[str, Any]) -> None:
    if set(source) != {"category"} or source["category"] not in _FIELDS:
        raise ValueError(f"the log source is not known: {source}")
    if detection.pop("condition") != "1 of selection*" or not detection:
        raise ValueError("condition")
    for name, selection in detection.items():
        if not name.startswith("selection"):
            raise ValueError(f"no condition names {name}")
        for field, values in selection.items():
            field, *modifiers = field.split("|")
            if field not in _FIELDS[source["category"]] or set(modifiers) - _MODIFIERS:
                raise ValueError(f"{field} with {modifiers}")
            if not values or not all(isinstance(value, str) and value for value in values):
                raise ValueError(f"{field} has a value that is no text")
            if "cidr" in modifiers:
                [ip_network(value) for value in values]
            elif any(re.search(r"(?<!\\)[*?]", value) for value in values):
                raise ValueError(f"{field} has a value with a wildcard")
