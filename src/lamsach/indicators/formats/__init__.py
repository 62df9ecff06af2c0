"""The formats of lists that are read, in the order in which they are tried. One more format: its file here, its row below.

A row has the module and class, the name, and a mark that each list of the format has: texts of which its first characters hold one, or a regular
expression for its first bytes. A format whose mark is not there is not imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lamsach.registry import Registry, Row

if TYPE_CHECKING:
    from lamsach.indicators.base import ListFormat
    from lamsach.indicators.opening import ListSource

_ARCHIVE, _COMPOUND, _ANY = rb"\APK\x03\x04", rb"\A\xd0\xcf\x11\xe0", ("",)
_ROWS = (
    Row("xlsx:Xlsx", "xlsx", _ARCHIVE),
    Row("docx:Docx", "docx", _ARCHIVE),
    Row("doc:Doc", "doc", _COMPOUND),
    Row("opendocument:OpenDocument", "opendocument", _ARCHIVE),
    Row("xls:Xls", "xls", _COMPOUND + rb"|\A\x09"),
    Row("rtf:Rtf", "rtf", rb"\A[ \t\r\n]*\{\\rtf"),
    Row("pdf:Pdf", "pdf", rb"%PDF-"),
    Row("own_records:OwnRecords", "lamsach", ('{"type": "',)),
    Row("stix:Stix", "stix", ('"type"', '"id"')),
    Row("misp:Misp", "misp", ('"Event"', '"Attribute"')),
    Row("json_records:JsonRecords", "json", ("{", "[")),
    Row("html:Html", "html", ("<",)),
    Row("openioc:OpenIoc", "openioc", ("ioc", "OpenIOC")),
    Row("stix1:Stix1", "stix1", ("STIX_Package", "Observables")),
    Row("xml_records:XmlRecords", "xml", ("<",)),
    Row("ids_rules:IdsRules", "ids_rules", ("alert ", "drop ", "reject ", "pass ", "block ", "sid:")),
    Row("yara_rules:YaraRules", "yara", ("condition:",)),
    Row("zeek_intel:ZeekIntel", "zeek_intel", ("#fields\t", "Intel::")),
    Row("clamav:ClamAv", "clamav", (":",)),
    Row("misp_index:MispIndex", "misp_index", (",",)),
    Row("rpz:Rpz", "rpz", (" ", "\t")),
    Row("mikrotik:MikroTik", "mikrotik", ("/",)),
    Row("fortigate_config:FortigateConfig", "fortigate_config", ("config ",)),
    Row("suricata_dataset:SuricataDataset", "suricata_dataset", _ANY),
    Row("paged_text:PagedText", "paged_text", ("\f",)),
    Row("markup:Markup", "markup", ("|",)),
    Row("blocklist:Blocklist", "blocklist", _ANY),
    Row("delimited:Delimited", "delimited", _ANY),
    Row("text:Text", "text", _ANY),
)
FORMATS: Registry[type[ListFormat]] = Registry(__name__, _ROWS)


def recognising(source: ListSource) -> Iterator[type[ListFormat]]:
    """The formats that recognise a list, in the registry's order; the first reads it."""
    return (known for known in FORMATS.marked(source.text_head, source.head) if known.recognises(source))
