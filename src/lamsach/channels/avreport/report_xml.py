"""Report as XML in the envelope of edXML; equal reports give equal bytes, except for a signature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from lamsach.channels.avreport.model import FIELDS, UPDATE, Entry, Machine, Naming, Part, Report
from lamsach.channels.avreport.tables import tables
from lamsach.channels.edxml.markup import PREFIX, Markup, document, element
from lamsach.channels.edxml.writer import organ
from lamsach.channels.xml_signature import PLACE, Signer, sign

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}")


def write(report: Report, signer: Signer | None = None) -> bytes:
    """Write the report's file, signed if a signer is given.

    MissingExtraError when it must be signed and the packages for it are not installed.
    """
    texts = tables()["report"]
    header = element(
        PREFIX + "edXMLHeader",
        element(
            PREFIX + "MessageHeader",
            organ("From", report.sender),
            element(PREFIX + "Subject", texts["subject"]),
        ),
        Markup(PLACE) if signer else Markup(),
    )
    whole = document(
        header, element(PREFIX + "edXMLBody", _body(report, texts["product"])), root=PREFIX + "edXMLEnvelope"
    )
    return sign(whole, signer) if signer else whole


def _body(report: Report, product: str) -> Markup:
    parts = [_part(report, part) for part in Part]
    update = Markup()
    if report.gathered.not_updated is not None:
        update = _element(UPDATE, _element("NumberMachineNotUpdateOn15Day", str(report.gathered.not_updated)))
    parts.insert(list(Part).index(Part.QUALITY), update)
    stated = _element("Datetime", str(int(report.made.timestamp())))
    return _element("AVReport", *_lines(stated, *parts), name=product)


def _part(report: Report, part: Part) -> Markup:
    entries = [entry for entry in report.gathered.entries if entry.part is part]
    if not entries:
        return Markup()
    return _element(
        str(part), *_lines(*(_machine(machine, rows) for machine, rows in _by_machine(report, entries)))
    )


def _by_machine(report: Report, entries: Iterable[Entry]) -> list[tuple[Machine, list[Entry]]]:
    """Group the entries by machine.

    Where machines are unnamed each entry is alone, sorted by value, so that nothing links them.
    """
    if report.naming is Naming.COUNTS:
        return [(Machine(), [entry]) for entry in sorted(entries, key=lambda entry: entry.values)]
    rows = sorted((report.named_machine(entry), entry.machine_key, entry) for entry in entries)
    return [
        (machine, [entry for _, _, entry in group])
        for (machine, _), group in groupby(rows, key=lambda row: row[:2])
    ]


def _machine(machine: Machine, entries: Iterable[Entry]) -> Markup:
    return _element("Machine", *_lines(*map(_values, entries)), ip=machine.ip, name=machine.name)


def _values(entry: Entry) -> Markup:
    around, names = FIELDS[entry.part]
    inner = [_element(name, value) for name, value in zip(names, entry.values, strict=True) if value]
    return _element(around, *inner) if around else Markup("".join(inner))


def _lines(*contents: Markup) -> list[Markup]:
    """Put elements on lines of their own: people read the file before it leaves."""
    return [part for content in contents if content for part in (Markup("\n"), content)] + [Markup("\n")]


def _element(name: str, /, *contents: str, **attributes: str) -> Markup:
    """Create an element of the report, with its name from the tables."""
    tag = tables()["names"].get(name, name)
    return element(tag if _NAME.fullmatch(tag) else name, *contents, **attributes)
