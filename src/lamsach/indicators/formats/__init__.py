"""The formats of lists that are read, in the order in which they are tried.

One more format: its file here, its row below.

A row has the module and declaration, the name, and a mark that each list of the format has: texts of which
its first characters hold one, or a regular expression for its first bytes. A format whose mark is not there
is not imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamsach.runtime.registry import Registry, Row

if TYPE_CHECKING:
    from lamsach.indicators.files.source import ListSource
    from lamsach.indicators.formats.base import ListFormat

_ARCHIVE, _COMPOUND, _ANY = rb"\APK\x03\x04", rb"\A\xd0\xcf\x11\xe0", ("",)
_ROWS = (
    Row("documents.office:XLSX", "xlsx", _ARCHIVE),
    Row("documents.office:DOCX", "docx", _ARCHIVE),
    Row("documents.doc:DOC", "doc", _COMPOUND),
    Row("documents.office:OPENDOCUMENT", "opendocument", _ARCHIVE),
    Row("documents.office:XLS", "xls", _COMPOUND + rb"|\A\x09"),
    Row("documents.office:RTF", "rtf", rb"\A[ \t\r\n]*\{\\rtf"),
    Row("documents.paged:PDF", "pdf", rb"%PDF-"),
    Row("feeds.own_records:OWN", "lamsach", ('{"type": "',)),
    Row("feeds.stix:STIX", "stix", ('"type"', '"id"')),
    Row("feeds.misp:MISP", "misp", ('"Event"', '"Attribute"')),
    Row("feeds.records:JSON", "json", ("{", "[")),
    Row("documents.markup:HTML", "html", ("<",)),
    Row("feeds.ioc_xml:OPENIOC", "openioc", ("ioc", "OpenIOC")),
    Row("feeds.ioc_xml:STIX1", "stix1", ("STIX_Package", "Observables")),
    Row("feeds.records:XML", "xml", ("<",)),
    Row("devices.sensor_lists:IDS", "ids_rules", ("alert ", "drop ", "reject ", "pass ", "block ", "sid:")),
    Row("devices.sensor_lists:YARA", "yara", ("condition:",)),
    Row("devices.sensor_lists:ZEEK", "zeek_intel", ("#fields\t", "Intel::")),
    Row("devices.sensor_lists:CLAMAV", "clamav", (":",)),
    Row("feeds.misp:INDEX", "misp_index", (",",)),
    Row("devices.blocklist:RPZ", "rpz", (" ", "\t")),
    Row("devices.device_config:MIKROTIK", "mikrotik", ("/",)),
    Row("devices.device_config:FORTIGATE", "fortigate_config", ("config ",)),
    Row("devices.sensor_lists:DATASET", "suricata_dataset", _ANY),
    Row("documents.paged:PAGED_TEXT", "paged_text", ("\f",)),
    Row("documents.markup:MARKUP", "markup", ("|",)),
    Row("devices.blocklist:BLOCKLIST", "blocklist", _ANY),
    Row("documents.text:DELIMITED", "delimited", _ANY),
    Row("documents.text:TEXT", "text", _ANY),
)
FORMATS: Registry[ListFormat] = Registry(__name__, _ROWS)


def recognising(source: ListSource) -> Iterator[ListFormat]:
    """The formats that recognise a list, in the registry's order; the first reads it."""
    return (known for known in FORMATS.marked(source.text_head, source.head) if known.recognises(source))
