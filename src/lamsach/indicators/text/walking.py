"""Records of unknown structure (any JSON, any XML): a tree of keys and values read like a table, by its keys and its content."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields as data_fields
from dataclasses import replace
from typing import Any

from lamsach.indicators.judge.loop import decide, withheld
from lamsach.indicators.judge.references import is_cited
from lamsach.indicators.judge.rule import Scope
from lamsach.indicators.judge.stated import describing, record_rule
from lamsach.indicators.judge.tables import Key
from lamsach.indicators.tables.cells import facts_of, victim
from lamsach.indicators.tables.fields import Field, field_of, stated_type, supported_part, type_of_heading
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.stix_patterns import pattern_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import (
    NO_FACTS,
    Entry,
    Facts,
    entries,
    read_text,
    several_values,
    shortened,
    whole_value,
)
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference
from lamsach.model.indicator_types import STATED_ONLY

MAX_DEPTH = 60


def walk(tree: Any, reference: Reference, facts: Facts = NO_FACTS, depth: int = 0) -> Iterator[Entry]:
    """Every value in a tree of mappings, sequences and texts. What a mapping says of a threat, a source or a time holds for
    all that stands in it."""
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
    said = {
        field: str(record[key])
        for key, field in fields.items()
        if field is not None and isinstance(record[key], (str, int, float))
    }
    facts = _within(
        outer, facts_of(said, said.get(Field.THREAT) or said.get(Field.THREAT_CLASS) or said.get(Field.NOTE))
    )
    kind, unsupported = stated_type(said.get(Field.TYPE, ""))
    found: list[Found] = []
    beside = _beside(record)
    for key, value in record.items():
        if isinstance(value, str) and fields[key] is Field.VALUE:
            value = supported_part(said.get(Field.TYPE, ""), value)
        if key in beside and isinstance(value, str):
            found += describing(value)
            continue
        if isinstance(value, str) and fields[key] is Field.VICTIM:
            found += victim(value)
        elif key == "pattern" and isinstance(value, str) and value.startswith("[") and ":" in value:
            found += pattern_values(value)
        elif isinstance(value, str) and fields[key] is Field.VALUE and not unsupported:
            # `data` is also what a service answered, which is a text
            found += (
                (whole_value(value) or several_values(value))
                if key == "data"
                else _value(value, kind if kind in STATED_ONLY else type_of_heading(str(key)) or kind)
            )
        elif isinstance(value, str) and fields[key] is Field.VALUE and value.strip():
            found.append(Refused(refusals.UNSUPPORTED_TYPE, shortened(value, refusals.VALUE_KEPT)))
        elif isinstance(value, str) and fields[key] is None and not _names_else(str(key), value):
            found += whole_value(value)
        if isinstance(value, (Mapping, list, tuple)) and not is_cited(str(key).lower()):
            found += whole_value(str(key))
    rule = record_rule(record)
    yield from (withheld(item, rule) for item in entries(found, reference, facts))
    for key, value in record.items():
        if isinstance(value, (Mapping, list, tuple)) and _may_hold(str(key), fields[key], value):
            within = walk(value, reference, facts, depth + 1)
            rule = decide(Scope.KEY, Key(str(key), record, key in beside))
            within = (withheld(item, rule) for item in within)
            yield from within
        elif isinstance(value, Mapping):
            for name in _LISTS & value.keys():
                yield from walk({name: value[name]}, reference, facts, depth + 1)


def _may_hold(key: str, field: Field | None, held: Any) -> bool:
    """Return whether a record or list under this key may hold values."""
    key = key.lower()
    if key in _CALLED and isinstance(held, list) and all(isinstance(item, str) for item in held):
        return False
    return key in _WALKED or (field not in (Field.CONTEXT, Field.SOURCE) and key not in _WORDS)


# OpenPhish: "family_id": "d8b0..", "ssl_cert_serial": "03F8..", "ssl_cert_issued_to": "*.evil.example"
_ELSE = re.compile(
    r"(?:_id|serial(?:_?number)?|crawler|authenti_?hash|vhash|imp_?hash|fingerprint|thumbprint|issued_(?:to|by)|issuer|subject|token|etag|revision|commit|cursor|signature|favicon_\w+)$",
    re.IGNORECASE,
)
# MalwareBazaar: "analysis_url": "https://app.any.run/..", urlscan.io: "reportURL", OTX: "next": "https://../pulses?page=2"
_TO_READ = re.compile(
    r"(?:reference|refs?|report|permalink|screenshot|analysis|details?|documentation|info|source|logo|icon|avatar|profile|result|terms|licen[cs]e)_?(?:link|url|uri|href)s?|next|prev(?:ious)?",
    re.IGNORECASE,
)
_DIGEST = re.compile(r"[0-9a-fA-F]{32,64}")
_WORDS = frozenset({"tags", "tag", "labels", "label"})
_CALLED = frozenset({
    "files", "file_names", "filenames", "names", "aliases", "paths", "packages", "package_names", "apps",
    "mutexes",
})  # fmt: skip
"""Keys whose texts say what files, programs and the like are called; records under them are walked."""
_LISTS = frozenset({"ioc", "iocs", "indicator", "indicators", "observables"})
"""Keys that list values even in a record that describes (`{"report": {"url": .., "iocs": [..]}}`)."""
_WALKED = frozenset({"file", "subject"})
"""Keys that describe a value when a text stands behind them, and hold values when a record does."""


def _names_else(key: str, value: str) -> bool:
    """Return whether a key says that a digest, a link, or the name in a certificate, is that of something else than what is listed."""
    if "://" in value and (match := _TO_READ.search(key)) is not None and match.end() == len(key):
        return True
    return _ELSE.search(key) is not None and (
        _DIGEST.fullmatch(value) is not None or "issue" in key.lower() or "subject" in key.lower()
    )


# Feodo Tracker: the name that an address has at its provider. Spamhaus ASN-DROP: the site of the network's holder.
# VirusTotal: the network in which a host stands. AbuseIPDB: the site and the names of the address' provider. Links of a feed to itself (RFC 4287, RFC 8288).
_BESIDE = (
    (frozenset({"ip_address", "hostname", "as_number"}), "hostname"),
    (frozenset({"asn", "asname", "cc", "domain"}), "domain"),
    (frozenset({"ipAddress", "abuseConfidenceScore", "domain"}), "domain"),
    (frozenset({"ipAddress", "abuseConfidenceScore", "hostnames"}), "hostnames"),
    (frozenset({"network", "as_owner"}), "network"),
    (frozenset({"href", "rel"}), "href"),
)
_DIGESTS = frozenset({"md5", "sha1", "sha256"})
"""Keys of the digests of a file, whose `name` stands beside them."""


def _beside(record: Mapping[Any, Any]) -> frozenset[str]:
    """The keys that describe what a record lists: the host of its URL, or a name that a known feed adds."""
    keys = {key for needed, key in _BESIDE if needed <= record.keys()}
    if not _DIGESTS.isdisjoint(str(key).lower() for key in record):
        keys.add("name")
    url, host = record.get("url"), record.get("host")
    if (
        isinstance(url, str)
        and isinstance(host, str)
        and "://" in url
        and url.partition("://")[2].startswith(host)
    ):
        keys.add("host")
    return frozenset(keys)


def _value(text: str, kind: IndicatorType | None) -> list[Found]:
    """The values under a key that promises some. A text without any is a text, not a refused value: keys like `data` or
    `host` promise too much."""
    return [item for item in read_text(text, kind) if not isinstance(item, Refused) or item.type is not None]


def _within(outer: Facts, inner: Facts) -> Facts:
    stated = {
        part.name: value for part in data_fields(inner) if (value := getattr(inner, part.name)) is not None
    }
    return replace(outer, **stated) if stated else outer
