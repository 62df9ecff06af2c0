"""Records of any structure, JSON or XML: a tree of keys and values read like a table.

A JSON document is one record, or a record a line. An XML element with texts in it is a record; its names are
the keys. Our own JSON lines, as in `lamsach indicators read -o list.jsonl` and signed releases
(`lamsach.indicators.values.mappings`), preserve everything known about a value, its original document, page
and row included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import Element

from lamsach.documents.xml import XSI, local_name, parse_whole
from lamsach.indicators.files.source import ListSource, documents, looks_like_json
from lamsach.indicators.formats import line_by_line, list_format
from lamsach.indicators.judge.loop import BY_ID, apply_rule, decide
from lamsach.indicators.judge.mentions import Prose, is_typed
from lamsach.indicators.judge.references import is_cited
from lamsach.indicators.judge.rule import Scope
from lamsach.indicators.judge.tables import Key
from lamsach.indicators.judge.unlisted import with_unlisted, with_unlisted_records
from lamsach.indicators.judge.verdicts import record_rule, refuse_described
from lamsach.indicators.tables.cells import facts_of, refuse_victim
from lamsach.indicators.tables.fields import Field, field_of, stated_type, supported_part, type_of_heading
from lamsach.indicators.text.documents import found_values
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.stix_patterns import pattern_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.mappings import from_mapping
from lamsach.indicators.values.normalise import canonical_values
from lamsach.indicators.values.records import (
    NO_FACTS,
    Entry,
    Facts,
    entries,
    read_text,
    several_values,
    shorten,
    whole_value,
)
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator, IndicatorType, Reference, Refusal
from lamsach.model.indicator_types import STATED_ONLY

MAX_DEPTH = 60


def walk(tree: Any, reference: Reference, facts: Facts = NO_FACTS, depth: int = 0) -> Iterator[Entry]:
    """Yield values of a tree; a mapping's threat, source and time hold for all below it."""
    if depth > MAX_DEPTH:
        return
    if isinstance(tree, Mapping):
        yield from _mapping(tree, reference, facts, depth)
    elif isinstance(tree, (list, tuple)):
        for item in tree:
            yield from walk(item, reference, facts, depth + 1)
    elif isinstance(tree, str):
        yield from entries(whole_value(tree), reference, facts)


def _mapping(record: Mapping[Any, Any], reference: Reference, outer: Facts, depth: int) -> Iterator[Entry]:
    fields = {key: field_of(str(key)) for key in record}
    texts = {
        field: str(record[key])
        for key, field in fields.items()
        if field is not None and isinstance(record[key], (str, int, float))
    }
    threat = texts.get(Field.THREAT) or texts.get(Field.THREAT_CLASS) or texts.get(Field.NOTE)
    pairs = zip(facts_of(texts, threat), outer, strict=True)
    facts = Facts._make(above if own is None else own for own, above in pairs)
    kind, unsupported = stated_type(texts.get(Field.TYPE, ""))
    found: list[Found] = []
    describing = _describing_keys(record)
    for key, value in record.items():
        if isinstance(value, str):
            if fields[key] is Field.VALUE:
                value = supported_part(texts.get(Field.TYPE, ""), value)
            found += (
                refuse_described(value)
                if key in describing
                else _of_text(str(key), value, fields[key], kind, unsupported=unsupported)
            )
        elif isinstance(value, (Mapping, list, tuple)) and not is_cited(str(key).lower()):
            found += whole_value(str(key))
    rule = record_rule(record)
    yield from (apply_rule(item, rule) for item in entries(found, reference, facts))
    for key, value in record.items():
        if isinstance(value, (Mapping, list, tuple)) and _may_hold(str(key), fields[key], value):
            rule = decide(Scope.KEY, Key(str(key), record, key in describing))
            yield from (apply_rule(item, rule) for item in walk(value, reference, facts, depth + 1))
        elif isinstance(value, Mapping):
            for name in _LIST_KEYS & value.keys():
                yield from walk({name: value[name]}, reference, facts, depth + 1)


def _of_text(
    key: str, text: str, field: Field | None, kind: IndicatorType | None, *, unsupported: bool
) -> Iterable[Found]:
    """Return the values of a text under a key; where it promises some, a text without any is no refusal."""
    if field is Field.VICTIM:
        return refuse_victim(text)
    if key == "pattern" and text.startswith("[") and ":" in text:
        return pattern_values(text)
    if field is None:
        return () if _is_of_other_object(key, text) else whole_value(text)
    if field is not Field.VALUE:
        return ()
    if unsupported:
        return [Refused(refusals.UNSUPPORTED_TYPE, shorten(text, refusals.MAX_VALUE))] if text.strip() else ()
    if key == "data":  # may also be a service's answer, a text
        return whole_value(text) or several_values(text)
    return filter(is_typed, read_text(text, kind if kind in STATED_ONLY else type_of_heading(key) or kind))


def _may_hold(key: str, field: Field | None, child: Any) -> bool:
    key = key.lower()
    if key in _NAME_KEYS and isinstance(child, list) and all(isinstance(item, str) for item in child):
        return False
    return key in _CONTAINER_KEYS or (field not in (Field.CONTEXT, Field.SOURCE) and key not in _TAG_KEYS)


# OpenPhish: "family_id": "d8b0..", "ssl_cert_serial": "03F8..", "ssl_cert_issued_to": "*.evil.example"
_OTHER_OBJECT = re.compile(
    r"(?:_id|serial(?:_?number)?|crawler|authenti_?hash|vhash|imp_?hash|fingerprint|thumbprint"
    r"|issued_(?:to|by)|issuer|subject|token|etag|revision|commit|cursor|signature|favicon_\w+)$",
    re.IGNORECASE,
)
# MalwareBazaar: "analysis_url": "https://app.any.run/..", urlscan.io: "reportURL", OTX: "next"
_TO_READ = re.compile(
    r"(?:reference|refs?|report|permalink|screenshot|analysis|details?|documentation|info"
    r"|source|logo|icon|avatar|profile|result|terms|licen[cs]e)_?(?:link|url|uri|href)s?|next"
    r"|prev(?:ious)?",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"[0-9a-fA-F]{32,64}")
_TAG_KEYS = frozenset({"tags", "tag", "labels", "label"})
_NAME_KEYS = frozenset({
    "files", "file_names", "filenames", "names", "aliases", "paths", "packages", "package_names", "apps",
    "mutexes",
})  # fmt: skip
"""Keys of the names of files, programs and the like; records under them are walked."""
_LIST_KEYS = frozenset({"ioc", "iocs", "indicator", "indicators", "observables"})
"""Keys that list values even in a describing record (`{"report": {"url": .., "iocs": [..]}}`)."""
_CONTAINER_KEYS = frozenset({"file", "subject"})
"""Keys that describe a value if they hold a text, and hold values if they hold a record."""


def _is_of_other_object(key: str, value: str) -> bool:
    """Return whether a key's digest, link or certificate name belongs to anything but the listed value."""
    if "://" in value and (match := _TO_READ.search(key)) is not None and match.end() == len(key):
        return True
    return _OTHER_OBJECT.search(key) is not None and (
        _DIGEST.fullmatch(value) is not None or "issue" in key.lower() or "subject" in key.lower()
    )


# Feodo Tracker: the name of an address at its provider. Spamhaus ASN-DROP: the site of the network's holder.
# VirusTotal: the network of a host. AbuseIPDB: the site and the names of the address' provider. Links of a
# feed to itself (RFC 4287, RFC 8288).
_DESCRIBING = (
    (frozenset({"ip_address", "hostname", "as_number"}), "hostname"),
    (frozenset({"asn", "asname", "cc", "domain"}), "domain"),
    (frozenset({"ipAddress", "abuseConfidenceScore", "domain"}), "domain"),
    (frozenset({"ipAddress", "abuseConfidenceScore", "hostnames"}), "hostnames"),
    (frozenset({"network", "as_owner"}), "network"),
    (frozenset({"href", "rel"}), "href"),
)
_DIGESTS = frozenset({"md5", "sha1", "sha256"})
"""Keys of a file's digests, which a file's `name` accompanies."""


def _describing_keys(record: Mapping[Any, Any]) -> frozenset[str]:
    """Return the keys that describe a record's listed value: its URL's host, a name from a known feed."""
    keys = {key for needed, key in _DESCRIBING if needed <= record.keys()}
    if not _DIGESTS.isdisjoint(str(key).lower() for key in record):
        keys.add("name")
    url, host = record.get("url"), record.get("host")
    if isinstance(url, str) and isinstance(host, str):
        _, mark, rest = url.partition("://")
        if mark and rest.startswith(host):
            keys.add("host")
    return frozenset(keys)


@list_format(
    "JSON, any structure",
    "any other JSON or JSON lines (URLhaus, ThreatFox, Feodo Tracker, MalwareBazaar, Spamhaus DROP ...); "
    "keys are recognised like headings",
    looks_like_json,
)
def read_json(source: ListSource) -> Iterator[Entry]:
    """Read record by record; `row` is the 1-based record: the line, or the index in the outermost array."""
    records = (
        record
        for row, tree in documents(source)
        for record in (enumerate(tree, 1) if row is None and isinstance(tree, list) else [(row, tree)])
    )
    return with_unlisted_records(records, source.document, walk)


_STARTS = re.compile(r"[\ufeff\s]*(?:<\?xml\s|<[A-Za-z][\w:.-]{0,60}(?:\s[^<>]{0,2000})?>\s{0,1000}<)")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_PIECE = re.compile(
    r"[\ufeff\s]*<(?:script|iframe|a|img|p|div|span|form|input|link|meta|object|embed|style"
    r"|center|font|b|br)[\s>/]",
    re.IGNORECASE,
)
"""Beginning of an HTML fragment, as analysts quote it in a text."""

_NEWS = frozenset({"item", "entry"})
"""Items of RSS and Atom."""
_ABOUT_FEED = frozenset({
    "author", "contributor", "generator", "image", "enclosure", "thumbnail", "cloud", "textInput",
    "managingEditor",
})  # fmt: skip
"""Elements about a feed and its generator; a `link` of Atom leads to a page (RFC 4287, RSS 2.0)."""
_NEWS_TEXTS = ("title", "description", "summary", "encoded", "content")
_TAGS = re.compile(r"<[^<>]{1,1000}>")


@list_format(
    "XML, any structure",
    "any other XML; elements and attributes are recognised like headings; the texts of items of RSS and Atom",
    lambda source: (  # begins like XML and is no web page
        _STARTS.match(source.text_head)
        and not _HTML.search(source.text_head[:4096])
        and not _PIECE.match(source.text_head)
    ),
    text=True,
)
def read_xml(source: ListSource) -> Iterator[Entry]:
    """Read record by record; `row` is the 1-based number of the record."""
    row = 0
    for element in parse_whole(source.whole(), source.document).iter():
        record = _record(element)
        row += bool(record)
        reference = Reference(source.document, None, row)
        texts = [record, element.text if len(element) else None, element.tail]
        yield from with_unlisted(texts, _listed(element, record, reference), reference)


def _listed(element: Element, record: dict[str, object], reference: Reference) -> Iterator[Entry]:
    name = local_name(element.tag)
    describes = name in _ABOUT_FEED or (name == "link" and "href" in record)
    rule = BY_ID["describes_the_listed"] if describes else None
    yield from (apply_rule(item, rule) for item in walk(record, reference))
    if name in _NEWS:
        yield from _news(record, reference)


def _news(record: dict[str, object], reference: Reference) -> Iterator[Entry]:
    """Yield the entries of the texts of a feed's item: `Host: evil.example, IP: 203.0.113.5`."""
    prose = Prose(advisory=True)
    for key in _NEWS_TEXTS:
        text = record.get(key)
        for line in _TAGS.sub("\n", text).splitlines() if isinstance(text, str) else ():
            yield from entries(found_values(prose.line(line)), reference, prose.facts, line)


def _record(element: Element) -> dict[str, object]:
    """Return the attributes and the plain texts directly in an element, by name."""
    record: dict[str, object] = {
        local_name(name): value for name, value in element.attrib.items() if not name.startswith(XSI)
    }
    for part in element:
        text, name = (part.text or "").strip(), local_name(part.tag)
        if len(part) or not text:
            continue
        known = record.get(name)
        record[name] = text if known is None else [*(known if isinstance(known, list) else [known]), text]
    return record


# {"type": "domain", "value": "evil.example", "threat": "Mirai", "reference": {"document": "annex.xlsx",
# "page": 1, "row": 7}}
_LINE = re.compile(
    rf'\ufeff?\{{"type": "(?:{"|".join(IndicatorType)})", "value": "[^\n]*"reference": '
    rf'\{{"document": "[^\n]*\}}\s*(?:\n|\Z)'
)


def _own_entry(line: str, place: Reference) -> Entry:
    try:
        stated = from_mapping(json.loads(line.removeprefix("\ufeff")))
        values = canonical_values(stated.value, stated.type)
    except Refused as refused:
        return Refusal(place, (refused.value or "")[: refusals.MAX_VALUE], refused.reason, refused.type)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Refusal(place, line[: refusals.MAX_VALUE], refusals.BAD_RECORD)
    if values != ((stated.type, stated.value),):
        return Refusal(place, stated.value[: refusals.MAX_VALUE], refusals.WRONG_TYPE, stated.type)
    return _with_origin(stated, place)


def _with_origin(stated: Indicator, place: Reference) -> Indicator:
    """Prefix the places that the line states with the list's name: `list.zip!annex.pdf`, page 2, row 7."""
    listed = place.document.removesuffix("!indicators.jsonl")
    known = [
        replace(item, document=f"{listed}!{item.document}")
        for item in (stated.reference, *stated.other_references)
        if item is not None
    ]
    return replace(stated, reference=known[0] if known else place, other_references=tuple(known[1:]))


@list_format(
    "Lamsach's own JSON lines and signed releases",
    "what `indicators read -o list.jsonl` and `indicators sign` write, with every fact and the places "
    "that the values came from",
    lambda source: _LINE.match(source.text_head),
    text=True,
)
def read_lamsach(source: ListSource) -> Iterator[Entry]:
    """Read our own record on each line."""
    return line_by_line(source, lambda line, place: [_own_entry(line, place)] if line.strip() else [])
