"""The formats of lists that are read, in the order in which they are tried. One more format: its file here, its row below.

A row has the module and class, the name, and a mark that each list of the format has: texts of which its first characters hold one, or a regular
expression for its first bytes. A format whose mark is not there is not imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamsach.registry import Registry, Row

if TYPE_CHECKING:
    from lamsach.indicators.files.opening import ListSource
    from lamsach.indicators.formats.base import ListFormat

_ARCHIVE, _COMPOUND, _ANY = rb"\APK\x03\x04", rb"\A\xd0\xcf\x11\xe0", ("",)
_ROWS = (
    Row("documents.xlsx:Xlsx", "xlsx", _ARCHIVE),
    Row("documents.docx:Docx", "docx", _ARCHIVE),
    Row("documents.doc:Doc", "doc", _COMPOUND),
    Row("documents.opendocument:OpenDocument", "opendocument", _ARCHIVE),
    Row("documents.xls:Xls", "xls", _COMPOUND + rb"|\A\x09"),
    Row("documents.rtf:Rtf", "rtf", rb"\A[ \t\r\n]*\{\\rtf"),
    Row("documents.pdf:Pdf", "pdf", rb"%PDF-"),
    Row("feeds.own_records:OwnRecords", "lamsach", ('{"type": "',)),
    Row("feeds.stix:Stix", "stix", ('"type"', '"id"')),
    Row("feeds.misp:Misp", "misp", ('"Event"', '"Attribute"')),
    Row("feeds.json_records:JsonRecords", "json", ("{", "[")),
    Row("documents.html:Html", "html", ("<",)),
    Row("feeds.openioc:OpenIoc", "openioc", ("ioc", "OpenIOC")),
    Row("feeds.stix1:Stix1", "stix1", ("STIX_Package", "Observables")),
    Row("feeds.xml_records:XmlRecords", "xml", ("<",)),
    Row("devices.ids_rules:IdsRules", "ids_rules", ("alert ", "drop ", "reject ", "pass ", "block ", "sid:")),
    Row("devices.yara_rules:YaraRules", "yara", ("condition:",)),
    Row("devices.zeek_intel:ZeekIntel", "zeek_intel", ("#fields\t", "Intel::")),
    Row("devices.clamav:ClamAv", "clamav", (":",)),
    Row("feeds.misp_index:MispIndex", "misp_index", (",",)),
    Row("devices.rpz:Rpz", "rpz", (" ", "\t")),
    Row("devices.mikrotik:MikroTik", "mikrotik", ("/",)),
    Row("devices.fortigate_config:FortigateConfig", "fortigate_config", ("config ",)),
    Row("devices.suricata_dataset:SuricataDataset", "suricata_dataset", _ANY),
    Row("documents.paged_text:PagedText", "paged_text", ("\f",)),
    Row("documents.markup:Markup", "markup", ("|",)),
    Row("devices.blocklist:Blocklist", "blocklist", _ANY),
    Row("documents.delimited:Delimited", "delimited", _ANY),
    Row("documents.text:Text", "text", _ANY),
)
FORMATS: Registry[type[ListFormat]] = Registry(__name__, _ROWS)


def recognising(source: ListSource) -> Iterator[type[ListFormat]]:
    """The formats that recognise a list, in the registry's order; the first reads it."""
    return (known for known in FORMATS.marked(source.text_head, source.head) if known.recognises(source))
