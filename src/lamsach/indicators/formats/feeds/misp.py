"""MISP events and attributes in JSON.

https://www.misp-standard.org/rfc/misp-standard-core.html, sections 2.2 to 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lamsach.documents.headings import plain_key
from lamsach.indicators.files.source import ListSource, documents, looks_like_json
from lamsach.indicators.formats import list_format
from lamsach.indicators.judge.unlisted import with_unlisted_records
from lamsach.indicators.judge.verdicts import judge_cell
from lamsach.indicators.tables.fields import read_date, read_tlp, stated_type
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.rules import rule_values, yara_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import refuse_value
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shorten
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference, Refusal

_MARK = re.compile(r'"(?:Event|Attribute)"\s*:\s*[\[{]')
_KNOWN_THREAT = re.compile(
    r"misp-galaxy:(?:malpedia|botnet|ransomware|rat|banker|stealer|backdoor|tool"
    r'|threat-actor)="([^"]{1,100})"'
)


# 7d793037a0760186574b0282f2f435e7,5a1f0c2e-6b3c-4c0e-9d0a-4f3b950d210f
_INDEX_LINE = re.compile(r"[0-9a-f]{32},[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INDEX_LINES = 100


def _begins_index(source: ListSource) -> bool:
    """Return whether the lines are digests with identifiers: https://www.circl.lu/doc/misp/managing-feeds/."""
    lines = source.text_head.splitlines()[:_INDEX_LINES]
    return bool(lines) and all(_INDEX_LINE.fullmatch(line.strip()) for line in lines)


@list_format(
    "MISP event",
    "attributes, those of objects too; rules of Snort, Suricata and YARA in them; what is deleted is "
    "withdrawn, what is not marked for detection (`to_ids`) is *mentioned*, in CSV and STIX made by MISP "
    "too",
    lambda source: looks_like_json(source) and _MARK.search(source.text_head),
)
def read_misp(source: ListSource) -> Iterator[Entry]:
    """Read attribute by attribute; `row` is its 1-based number, objects' attributes included."""
    row = 0

    def listed(tree: Any, reference: Reference) -> Iterator[Entry]:
        nonlocal row
        for attribute, facts in _attributes(tree, Facts(), 0):
            row += 1
            yield from entries(_values(attribute), replace(reference, row=row), facts)

    return with_unlisted_records(documents(source), source.document, listed)


def _attributes(tree: Any, facts: Facts, depth: int) -> Iterator[tuple[Mapping[str, Any], Facts]]:
    if depth > 12:
        return
    if isinstance(tree, list):
        for item in tree:
            yield from _attributes(item, facts, depth + 1)
    elif isinstance(tree, Mapping):
        if isinstance(tree.get("value"), str) and isinstance(tree.get("type"), str):
            yield tree, _attribute_facts(tree, facts)
            return
        if isinstance(tree.get("info"), str):
            facts = _event_facts(tree)
        if tree.get("deleted") is True and isinstance(tree.get("Attribute"), list):
            attributes = [item for item in tree["Attribute"] if isinstance(item, Mapping)]
            yield from _attributes([{**item, "deleted": True} for item in attributes], facts, depth + 1)
            return
        for key in ("response", "Event", "Attribute", "Object"):
            yield from _attributes(tree.get(key), facts, depth + 1)


def _tagged(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the threat and the traffic light that a record's tags state."""
    tags = record.get("Tag") if isinstance(record.get("Tag"), list) else []
    names = [str(tag.get("name")) for tag in tags or () if isinstance(tag, Mapping)]
    threats = (match[1] for name in names if (match := _KNOWN_THREAT.match(name)))
    return next(threats, None), next(filter(None, map(read_tlp, names)), None)


def _event_facts(event: Mapping[str, Any]) -> Facts:
    organisation = event.get("Orgc")
    name = organisation.get("name") if isinstance(organisation, Mapping) else None
    threat, tlp = _tagged(event)
    return Facts.of(
        threat or str(event["info"]),
        str(name) if name else None,
        valid_from=read_date(str(event.get("date", ""))),
        tlp=tlp,
    )


def _attribute_facts(attribute: Mapping[str, Any], event: Facts) -> Facts:
    about = attribute.get("Event")
    if event.threat is None and isinstance(about, Mapping) and isinstance(about.get("info"), str):
        event = _event_facts(about)
    threat, tlp = _tagged(attribute)
    return Facts(
        threat or event.threat, event.source, _first_seen(attribute) or event.valid_from, tlp=tlp or event.tlp
    )


def _first_seen(attribute: Mapping[str, Any]) -> datetime | None:
    seen = attribute.get("first_seen")
    if isinstance(seen, str):
        return read_date(seen)
    stamp = attribute.get("timestamp")
    if isinstance(stamp, (str, int)) and str(stamp).isdecimal() and 10 <= len(str(stamp)) <= 11:
        return datetime.fromtimestamp(int(stamp), UTC)
    return None


def is_for_detection(attribute: Mapping[str, Any]) -> bool:
    """Return whether MISP marks an attribute for detection (`to_ids`)."""
    return attribute.get("to_ids") not in (False, "0", "false")


def _values(attribute: Mapping[str, Any]) -> list[Found]:
    """Return the values of an attribute; refused if not for detection or of a type that logs do not show."""
    found = _stated(attribute)
    if is_for_detection(attribute):
        return found
    if attribute.get("category") == "External analysis":
        found = judge_cell(found, of_source=True)
    return [refuse_value(item, refusals.NOT_FOR_DETECTION) for item in found]


def _stated(attribute: Mapping[str, Any]) -> list[Found]:
    kind, value = plain_key(attribute["type"]), attribute["value"]
    if attribute.get("deleted") is True:
        return [Refused(refusals.WITHDRAWN, shorten(value))]
    if kind == "snort" and (rule := rule_values(value.strip())) is not None and rule[0]:
        return rule[0]
    if kind == "yara" and (values_of_rule := yara_values(value)):
        return values_of_rule
    kinds = kind.replace("malware-sample", "filename|md5").split("|")
    values = value.split("|") if len(kinds) > 1 else [value]
    found: list[Found] = []
    for part, text in zip(kinds, values, strict=False):
        stated, _ = stated_type(part)
        with_digest = stated is IndicatorType.FILE_NAME and len(kinds) > 1
        if stated is not None and part not in ("link", "port") and not with_digest:
            found.extend(read_text(text, stated))
    return found or [Refused(refusals.UNSUPPORTED_TYPE, shorten(value))]


@list_format(
    "Index of a MISP feed",
    "`hashes.csv` next to a feed's events: refused as a whole, because its digests are those of values "
    "and not of files",
    _begins_index,
)
def read_misp_index(source: ListSource) -> Iterator[Entry]:
    """Refuse the list: a hunt for its digests would find nothing, as if all were clean."""
    return iter([Refusal(Reference(source.document), "", refusals.INDEX)])
