"""Lists and rules of sensors and scanners: ClamAV, Suricata, Snort, Zeek, YARA.

`lamsach.indicators.text.rules` parses the single rules. Rule files: Suricata and Snort, as published by
Emerging Threats and abuse.ch (https://docs.suricata.io/en/latest/rules/intro.html), and YARA.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.formats import command_by_command, line_by_line, line_format
from lamsach.indicators.tables.fields import read_confidence
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.rules import HEADER, RULE, rule_values, yara_rules
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import Refused
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, refusal, shorten, whole_value
from lamsach.model import IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import DIGEST_TYPES, DIGESTS, ROWS

# 48c4533230e1ae1c118c741c0db19dfb:17387:test.exe        ..:*:Name:73
_SIGNATURE = re.compile(
    r"([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}):(?:\d{1,12}|\*):([^:\s][^:]{0,300})(?::\d{1,4}){0,2}"
)
# Ym90LWMyLmV4YW1wbGU=        ZXZpbC5leGFtcGxl,120
_BASE64 = re.compile(r"((?:[A-Za-z0-9+/]{4}){1,1000}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)(?:,\d{1,5})?")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_MAX_SAMPLE = 50


def _begins_clamav(source: ListSource) -> bool:
    lines = [line for line in map(str.strip, source.text_head.splitlines()[:_MAX_SAMPLE]) if line]
    lines = [line for line in lines if not line.startswith("#")]
    return bool(lines) and all(_SIGNATURE.fullmatch(line) for line in lines[:-1] or lines)


def _signature(line: str, reference: Reference) -> Iterable[Entry]:
    """Read a `.hdb` or `.hsb` line (https://docs.clamav.net/manual/Signatures/HashSignatures.html)."""
    text = line.strip()
    if match := _SIGNATURE.fullmatch(text):
        return entries(read_text(match[1]), reference, Facts(threat=match[2]))
    return [refusal(reference, text, refusals.BAD_RECORD)] if text and not text.startswith("#") else []


def _begins_dataset(source: ListSource) -> bool:
    """Return whether the first lines are all Base64, and most of their texts are values."""
    whole = source.text_head.endswith("\n")
    lines = [line.strip() for line in source.text_head.splitlines() if line.strip()]
    texts = [_decoded(line) for line in (lines if whole or len(lines) == 1 else lines[:-1])[:_MAX_SAMPLE]]
    if not texts or None in texts:
        return False
    return sum(bool(text) and bool(whole_value(text)) for text in texts if text) * 2 > len(texts)


def _encoded(line: str, reference: Reference) -> Iterable[Entry]:
    """Read a line of a dataset of type `string` (https://docs.suricata.io/en/latest/rules/datasets.html).

    A `datarep` line adds a reputation, on a scale of the rule's own, which is no confidence. Datasets of
    addresses and of hashes are plain lists of other readers.
    """
    text = _decoded(line.strip())
    if text is None:
        return [refusal(reference, line.strip(), refusals.BAD_RECORD)] if line.strip() else []
    return entries(read_text(text), reference)


def _decoded(line: str) -> str | None:
    match = _BASE64.fullmatch(line)
    if match is None or (_HEX.fullmatch(match[1]) and len(match[1]) in DIGEST_TYPES):
        return None
    try:
        text = b64decode(match[1], validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if text.isprintable() else None


_TYPES: dict[str, IndicatorType | None] = {
    f"intel::{row.zeek}": None if row.type in DIGESTS else row.type for row in ROWS if row.zeek
}
_FIELDS = re.compile(r"(?m)^#fields\t.*\bindicator\b.*\bindicator_type\b|^[^\t\n]+\tIntel::[A-Z_]+(?:\t|$)")


@line_format(
    "Zeek intelligence file",
    "by its `#fields`, with description and source",
    lambda source: _FIELDS.search(source.text_head),
)
def read_zeek_intel(source: ListSource) -> Iterator[Entry]:
    """Read intelligence (https://docs.zeek.org/en/master/frameworks/intel.html) under its `#fields`."""
    columns = ["indicator", "indicator_type", "meta.source", "meta.desc", "meta.url"]

    def read(line: str, reference: Reference) -> Iterable[Entry]:
        if line.startswith("#fields"):
            columns[:] = line.split("\t")[1:]
        if not line.strip() or line.startswith("#"):
            return []
        record = dict(zip(columns, line.split("\t"), strict=False))
        stated = {name: text for name, text in record.items() if text and text != "-"}
        threat, source = stated.get("meta.desc"), stated.get("meta.source")
        confidence = read_confidence(stated.get("meta.confidence", "")) if threat or source else None
        text, kind = stated.get("indicator", ""), stated.get("indicator_type", "").lower()
        found: list[Found] = [Refused(refusals.UNSUPPORTED_TYPE, shorten(text, refusals.MAX_VALUE))]
        if kind in _TYPES:
            found = read_text(text, _TYPES[kind] or DIGEST_TYPES.get(len(text)))
        return entries(found, reference, Facts.of(threat, source, confidence=confidence))

    return line_by_line(source, read)


@line_format(
    "ClamAV hash signatures", "`.hdb` and `.hsb`; the threat is the signature's name", _begins_clamav
)
def read_clamav(source: ListSource) -> Iterator[Entry]:
    """Read `.hdb` and `.hsb` signatures line by line."""
    return line_by_line(source, _signature)


@line_format(
    "Suricata dataset",
    "files of type `string` (Base64, with or without reputation); those of addresses and hashes are read "
    "as plain lists",
    _begins_dataset,
)
def read_suricata_dataset(source: ListSource) -> Iterator[Entry]:
    """Read a dataset of type `string` line by line."""
    return line_by_line(source, _encoded)


_ACTIONS = ("alert ", "drop ", "reject ", "pass ", "block ")
# import "pe"    /* comments */: before the first rule
_BEFORE = re.compile(
    r"\ufeff?(?:\s+|//[^\n]*\n|/\*(?:[^*]|\*(?!/)){0,100000}\*/|(?:import|include)[ \t]+\"[^\"\n]*\"){0,2000}"
)


def _begins_ids(source: ListSource) -> bool:
    lines = [text for line in source.text_head.splitlines()[:2000] if (text := line.strip())]
    rules = [line for line in lines if not line.startswith("#")][:20]
    if not rules:
        return any(HEADER.fullmatch(line.lstrip("# ")) and "sid:" in line for line in lines[:50])
    return sum(line.startswith(_ACTIONS) and "(" in line for line in rules) * 2 > len(rules)


def _rule(text: str, reference: Reference) -> Iterable[Entry]:
    """Return the values of a rule; refuse one without an address, name or hash."""
    found, facts = rule_values(text) or ([], None)
    if found and facts is not None:
        return entries(found, reference, facts)
    reason = refusals.BAD_RECORD if facts is None else refusals.UNREAD_RULE
    return [refusal(reference, (facts.threat if facts else None) or text, reason)]


@line_format(
    "YARA rules",
    "the hashes in `meta` and `condition`; the addresses and names that `strings` search for are only "
    "*mentioned* (clean programs hold such texts too); a rule without any hash is refused by its name",
    lambda source: (
        "condition:" in source.text_head and RULE.match(_BEFORE.sub("", source.text_head, count=1))
    ),
)
def read_yara(source: ListSource) -> Iterator[Entry]:
    """Read hash by hash; refuse searched texts, and rules without a hash by name."""
    for rule in yara_rules(source.lines()):
        for number, item in rule.found:
            yield from entries([item], Reference(source.document, None, number), rule.facts)
        if rule.name and not rule.lists:
            yield Refusal(Reference(source.document, None, rule.line), rule.name, refusals.YARA_ONLY)


@line_format(
    "Suricata or Snort rules",
    "addresses of the header, names in DNS, TLS and HTTP hosts, hashes; `pass` rules are exceptions",
    _begins_ids,
)
def read_ids_rules(source: ListSource) -> Iterator[Entry]:
    """Read rule by rule."""
    return command_by_command(source, _rule, 512 * 1024, str.rstrip)
