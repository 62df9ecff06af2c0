"""MISP events and attributes in JSON.

https://www.misp-standard.org/rfc/misp-standard-core.html, sections 2.2 to 2.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lamsach.documents.headings import plain_key
from lamsach.indicators.files.source import ListSource, documents, looks_like_json
from lamsach.indicators.formats import ListFormat
from lamsach.indicators.judge.unlisted import with_unlisted
from lamsach.indicators.judge.verdicts import judge_cell
from lamsach.indicators.tables.fields import read_date, read_tlp, stated_type
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.rules import rule_values, yara_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import refuse_value
from lamsach.indicators.values.records import Entry, Facts, entries, entry, read_text, shorten
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference, Refusal

_MARK = re.compile(r'"(?:Event|Attribute)"\s*:\s*[\[{]')
_KNOWN_THREAT = re.compile(
    r"misp-galaxy:(?:malpedia|botnet|ransomware|rat|banker|stealer|backdoor|tool"
    r'|threat-actor)="([^"]{1,100})"'
)
_READABLE = frozenset(IndicatorType)


# 7d793037a0760186574b0282f2f435e7,5a1f0c2e-6b3c-4c0e-9d0a-4f3b950d210f
_INDEX_LINE = re.compile(r"[0-9a-f]{32},[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INDEX_LINES = 100


def _begins_index(source: ListSource) -> bool:
    """Return whether the lines are digests with the identifiers of events."""
    lines = source.text_head.splitlines()[:_INDEX_LINES]
    return bool(lines) and all(_INDEX_LINE.fullmatch(line.strip()) for line in lines)


def _read_index(source: ListSource) -> Iterator[Entry]:
    """Refuse the index `hashes.csv` of a feed (https://www.circl.lu/doc/misp/managing-feeds/) as a whole.

    It has the MD5 of each value in the feed with the value's event. A hunt for these digests would find
    nothing, as if all were clean; the values are in the feed's events.
    """
    yield Refusal(Reference(source.document), "", refusals.INDEX)


def _begins(source: ListSource) -> bool:
    return looks_like_json(source) and _MARK.search(source.text_head) is not None


def _read(source: ListSource) -> Iterator[Entry]:
    """Read attribute by attribute; `row` is its 1-based number, objects' attributes included."""
    row = 0
    for line, tree in documents(source):
        if isinstance(tree, Refused):
            yield entry(tree, Reference(source.document, None, line))
            continue
        attributes = list(_attributes(tree, Facts(), 0))
        listed = (
            item
            for place, (attribute, facts) in enumerate(attributes, row + 1)
            for item in entries(_values(attribute), Reference(source.document, None, place), facts)
        )
        yield from with_unlisted(tree, listed, Reference(source.document, None, line))
        row += len(attributes)


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


def _tags(record: Mapping[str, Any]) -> list[str]:
    tags = record.get("Tag")
    return (
        [str(tag.get("name")) for tag in tags if isinstance(tag, Mapping)] if isinstance(tags, list) else []
    )


def _threat(tags: list[str]) -> str | None:
    return next((match[1] for tag in tags if (match := _KNOWN_THREAT.match(tag))), None)


def _event_facts(event: Mapping[str, Any]) -> Facts:
    organisation = event.get("Orgc")
    name = organisation.get("name") if isinstance(organisation, Mapping) else None
    tags = _tags(event)
    return Facts.of(
        _threat(tags) or str(event["info"]),
        str(name) if name else None,
        valid_from=read_date(str(event.get("date", ""))),
        tlp=next((found for tag in tags if (found := read_tlp(tag))), None),
    )


def _attribute_facts(attribute: Mapping[str, Any], event: Facts) -> Facts:
    tags = _tags(attribute)
    about = attribute.get("Event")
    if event.threat is None and isinstance(about, Mapping) and isinstance(about.get("info"), str):
        event = _event_facts(about)
    return Facts(
        threat=_threat(tags) or event.threat,
        source=event.source,
        valid_from=_first_seen(attribute) or event.valid_from,
        tlp=next((found for tag in tags if (found := read_tlp(tag))), event.tlp),
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
    if attribute.get("category") == "External analysis" and not is_for_detection(attribute):
        found = judge_cell(found, of_source=True)
    return (
        found
        if is_for_detection(attribute)
        else [refuse_value(item, refusals.NOT_FOR_DETECTION) for item in found]
    )


def _stated(attribute: Mapping[str, Any]) -> list[Found]:
    kind, value = plain_key(attribute["type"]), attribute["value"]
    if attribute.get("deleted") is True:
        return [Refused(refusals.WITHDRAWN, shorten(value))]
    if kind == "snort" and (rule := rule_values(value.strip())) is not None and rule[0]:
        return rule[0]
    if kind == "yara" and (values_of_rule := yara_values(value)):
        return values_of_rule
    if kind == "malware-sample":
        kind = "filename|md5"
    kinds = kind.split("|")
    values = value.split("|") if len(kinds) > 1 else [value]
    found: list[Found] = []
    for part, text in zip(kinds, values, strict=False):
        stated, _ = stated_type(part)
        with_digest = stated is IndicatorType.FILE_NAME and len(kinds) > 1
        if stated in _READABLE and part not in ("link", "port") and not with_digest:
            found.extend(read_text(text, stated))
    return found or [Refused(refusals.UNSUPPORTED_TYPE, shorten(value))]


MISP = ListFormat(
    "misp",
    "MISP event",
    "attributes, those of objects too; rules of Snort, Suricata and YARA in them; what is deleted is "
    "withdrawn, what is not marked for detection (`to_ids`) is *mentioned*, in CSV and STIX made by MISP "
    "too",
    _begins,
    _read,
)
INDEX = ListFormat(
    "misp_index",
    "Index of a MISP feed",
    "`hashes.csv` next to a feed's events: refused as a whole, because its digests are those of values "
    "and not of files",
    _begins_index,
    _read_index,
)
