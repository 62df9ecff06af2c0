"""STIX 2.0, 2.1 bundles, TAXII envelopes (https://docs.oasis-open.org/cti/stix/v2.1/stix-v2.1.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lamsach.indicators.files.source import ListSource, documents, looks_like_json
from lamsach.indicators.formats import list_format
from lamsach.indicators.judge.mentions import Prose, is_typed
from lamsach.indicators.judge.unlisted import with_unlisted_records
from lamsach.indicators.judge.verdicts import judge_cell
from lamsach.indicators.tables.fields import read_confidence, read_date, read_tlp
from lamsach.indicators.text.extract import Found
from lamsach.indicators.text.rules import rule_values, yara_values
from lamsach.indicators.text.stix_patterns import OBSERVABLES, hash_type, pattern_values
from lamsach.indicators.values import refusals
from lamsach.indicators.values.merge import TLP_MARKINGS
from lamsach.indicators.values.normalise import refuse_value
from lamsach.indicators.values.records import Entry, Facts, entries, read_text, shorten
from lamsach.indicators.values.refusals import Refused
from lamsach.model import IndicatorType, Reference
from lamsach.model.indicator_types import STATED_ONLY

_MARK = re.compile(
    r'"type"\s*:\s*"(?:bundle|observed-data)"|"id"\s*:\s*"(?:bundle|indicator|observed-data)--'
    r'|"type"\s*:\s*"indicator"(?=[\s\S]{0,4000}"pattern")|"pattern"(?=[\s\S]{0,4000}"type"'
    r'\s*:\s*"indicator")'
)
_NAMING = frozenset({"malware", "tool", "threat-actor", "intrusion-set", "campaign"})

_NOT_DETECTING, _ANALYSIS = 'misp:to_ids="False"', 'misp:category="External analysis"'
"""Labels of MISP's converter."""

Record = Mapping[str, Any]


def _listed(tree: Any, reference: Reference) -> Iterator[Entry]:
    """Read indicators by their patterns, and observables; `row` is the object's 1-based number."""
    objects = list(_objects(tree))
    names = _Names(objects)
    for place, item in enumerate(objects, 1):
        if found := _judged(item):
            row = replace(reference, row=reference.row or place)
            yield from entries(found, row, names.facts(item))


def _objects(tree: Any) -> Iterator[Record]:
    if isinstance(tree, Mapping):
        tree = tree["objects"] if isinstance(tree.get("objects"), list) else [tree]
    for item in tree if isinstance(tree, list) else ():
        if isinstance(item, Mapping):
            if item.get("type") != "bundle":
                yield item
            elif isinstance(item.get("objects"), list):
                yield from _objects(item)


class _Names:
    """Names, threats and markings from the other objects of a bundle."""

    def __init__(self, objects: list[Record]) -> None:
        names = {str(item.get("id")): str(item["name"]) for item in objects if item.get("name")}
        kinds = {str(item.get("id")): item.get("type") for item in objects}
        self._names = names
        self._tlp = {marking: level for level, marking in TLP_MARKINGS.items()}
        self._threats: dict[str, str] = {}
        for item in objects:
            if item.get("type") == "marking-definition":
                definition = item.get("definition")
                stated = definition.get("tlp") if isinstance(definition, Mapping) else item.get("name")
                if found := read_tlp(str(stated)):
                    self._tlp[str(item.get("id"))] = found
            target = str(item.get("target_ref"))
            if item.get("type") == "relationship" and kinds.get(target) in _NAMING and target in names:
                self._threats.setdefault(str(item.get("source_ref")), names[target])

    def facts(self, item: Record) -> Facts:
        """Return the facts of an indicator or observable."""
        markings = item.get("object_marking_refs")
        threat = self._threats.get(str(item.get("id"))) or _text(item, "name") or _text(item, "description")
        source = self._names.get(str(item.get("created_by_ref")))
        return Facts.of(
            threat,
            source,
            valid_from=read_date(_text(item, "valid_from") or _text(item, "first_observed") or ""),
            valid_until=read_date(_text(item, "valid_until") or ""),
            confidence=read_confidence(str(item.get("confidence", ""))),
            tlp=next((self._tlp[str(mark)] for mark in markings if str(mark) in self._tlp), None)
            if isinstance(markings, list)
            else None,
        )


def _judged(item: Record) -> list[Found]:
    """Return an object's values, refused where they are not indicators.

    An indicator's types (STIX 2.1 section 10.9; labels in STIX 2.0) may be benign and nothing else. MISP's
    converter labels attributes that are not for detection, and the report on the others.
    """
    found = list(_values(item))
    is_indicator, labels = item.get("type") == "indicator", item.get("labels")
    labels = labels if isinstance(labels, list) else []
    if not is_indicator and _ANALYSIS in labels:
        found = judge_cell(found, of_source=True)
    if is_indicator and (item.get("indicator_types") or labels) == ["benign"]:
        return [refuse_value(value, refusals.BENIGN) for value in found]
    if _NOT_DETECTING in labels:
        return [refuse_value(value, refusals.NOT_FOR_DETECTION) for value in found]
    return found


def _text(item: Record, key: str) -> str | None:
    value = item.get(key)
    return value if isinstance(value, str) else None


def _values(item: Record) -> Iterator[Found]:
    if item.get("type") == "indicator":
        pattern = _text(item, "pattern") or ""
        if item.get("revoked") is True:
            yield Refused(refusals.WITHDRAWN, shorten(pattern))
        elif (language := item.get("pattern_type", "stix")) == "stix":
            yield from pattern_values(pattern)
        else:
            found = _LANGUAGES[language](pattern) if language in _LANGUAGES else []
            yield from found or [Refused(refusals.UNREAD_PATTERN, shorten(pattern))]
    elif item.get("type") == "observed-data" and isinstance(item.get("objects"), Mapping):
        for observable in item["objects"].values():
            if isinstance(observable, Mapping):
                yield from _observable(observable)
    else:
        yield from _observable(item)


def _sigma_values(rule: str) -> list[Found]:
    """Return the values that a Sigma rule's detection selects, those that its filters exclude as Refused."""
    prose = Prose()
    prose.heading("detection:")
    lines = rule.partition("\ndetection:")[2].partition("\nfalsepositives:")[0].splitlines()
    found = [item for line in lines for item in prose.line(line)]
    return list(filter(is_typed, found))


_LANGUAGES: dict[str, Callable[[str], list[Found]]] = {
    **dict.fromkeys(("suricata", "snort"), lambda text: (rule_values(text) or ([],))[0]),
    "yara": yara_values,
    "sigma": _sigma_values,
}
"""Pattern types other than STIX's own, with their readers."""


def _observable(item: Record) -> Iterator[Found]:
    """Yield the values of an observable (STIX 2.1 section 6)."""
    kind = str(item.get("type"))
    value = _text(item, "value")
    if kind in OBSERVABLES and value and OBSERVABLES[kind] not in STATED_ONLY:  # it may be a recipient's
        yield from read_text(value, OBSERVABLES[kind])
    hashes = item.get("hashes")
    if kind in ("file", "artifact") and isinstance(hashes, Mapping):
        for name, digest in hashes.items():
            known: IndicatorType | None = hash_type(str(name))
            if known is not None and isinstance(digest, str):
                yield from read_text(digest, known)


@list_format(
    "STIX 2 bundle",
    "indicators' patterns (STIX, Suricata, Snort, YARA, Sigma) and observables, with validity and "
    "confidence; what a pattern asks for beyond its values (order, time, port) is reported as a refusal; "
    "TAXII 2.1 envelopes",
    lambda source: looks_like_json(source) and _MARK.search(source.text_head),
)
def read_stix(source: ListSource) -> Iterator[Entry]:
    """Read bundle by bundle, or object by object."""
    return with_unlisted_records(documents(source), source.document, _listed)
