"""MISP events and attributes in JSON (https://www.misp-standard.org/rfc/misp-standard-core.html, sections 2.2 to 2.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from lamsach.documents.headings import plain_key
from lamsach.indicators.files.json_documents import documents, looks_like_json
from lamsach.indicators.files.opening import ListSource
from lamsach.indicators.formats.base import ListFormat
from lamsach.indicators.judge.stated import in_cell
from lamsach.indicators.judge.unlisted import with_rest
from lamsach.indicators.tables.fields import read_date, read_tlp, stated_type
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.rule_text import rule_values
from lamsach.indicators.text.yara_text import yara_rules
from lamsach.indicators.values import refusals
from lamsach.indicators.values.normalise import declined
from lamsach.indicators.values.records import Entry, Facts, entries, entry, read_text, shortened
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference

_MARK = re.compile(r'"(?:Event|Attribute)"\s*:\s*[\[{]')
_KNOWN_THREAT = re.compile(
    r'misp-galaxy:(?:malpedia|botnet|ransomware|rat|banker|stealer|backdoor|tool|threat-actor)="([^"]{1,100})"'
)
_READABLE = frozenset(IndicatorType)


class Misp(ListFormat):
    """MISP; `row` is the 1-based place of the attribute in the document, objects' attributes included."""

    name: ClassVar[str] = "misp"
    title: ClassVar[str] = "MISP event"

    @classmethod
    def recognises(cls, source: ListSource) -> bool:
        """Return whether the JSON holds events or attributes."""
        return looks_like_json(source) and _MARK.search(source.text_head) is not None

    @classmethod
    def read(cls, source: ListSource) -> Iterator[Entry]:
        """Attribute by attribute."""
        row = 0
        for line, tree in documents(source):
            if isinstance(tree, Refused):
                yield entry(tree, Reference(source.document, None, line))
                continue
            attributes = list(_attributes(tree, Facts(), 0))
            numbered = enumerate(attributes, row + 1)
            listed = (
                item
                for place, (attribute, facts) in numbered
                for item in entries(_values(attribute), Reference(source.document, None, place), facts)
            )
            yield from with_rest(tree, listed, Reference(source.document, None, line))
            row += len(attributes)


def _attributes(tree: Any, facts: Facts, depth: int) -> Iterator[tuple[Mapping[str, Any], Facts]]:
    """Every attribute with what its event says of it."""
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
            held = [item for item in tree["Attribute"] if isinstance(item, Mapping)]
            yield from _attributes([{**item, "deleted": True} for item in held], facts, depth + 1)
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
    return Facts(
        threat=_threat(tags) or shortened(str(event["info"])) or None,
        source=shortened(str(name)) if name else None,
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


def detects(attribute: Mapping[str, Any]) -> bool:
    """Return whether MISP marks an attribute for detection (`to_ids`)."""
    return attribute.get("to_ids") not in (False, "0", "false")


def _values(attribute: Mapping[str, Any]) -> list[Found]:
    """The values of an attribute, refused where it is not marked for detection; one of a type that logs do not show is refused."""
    found = _stated(attribute)
    if attribute.get("category") == "External analysis" and not detects(attribute):
        found = in_cell(found, of_source=True)
    return found if detects(attribute) else [declined(item, refusals.NOT_FOR_DETECTION) for item in found]


def _stated(attribute: Mapping[str, Any]) -> list[Found]:
    kind, value = plain_key(attribute["type"]), attribute["value"]
    if attribute.get("deleted") is True:
        return [Refused(refusals.WITHDRAWN, shortened(value))]
    found: list[Found] = []
    if kind == "snort" and (rule := rule_values(value.strip())) is not None and rule[0]:
        return rule[0]
    if kind == "yara":
        rules = yara_rules(enumerate(value.splitlines(), 1))
        if found := [item for one in rules for _, item in one.found]:
            return found
    if kind == "malware-sample":
        kind = "filename|md5"
    kinds = kind.split("|")
    values = value.split("|") if len(kinds) > 1 else [value]
    found = []
    for part, text in zip(kinds, values, strict=False):
        stated, _ = stated_type(part)
        beside_digest = stated is IndicatorType.FILE_NAME and len(kinds) > 1
        if stated in _READABLE and part not in ("link", "port") and not beside_digest:
            found.extend(read_text(text, stated))
    return found or [Refused(refusals.UNSUPPORTED_TYPE, shortened(value))]
