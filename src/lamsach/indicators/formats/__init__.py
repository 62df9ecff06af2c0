"""Registry of list formats, in the order of their trial.

To add a format: its declared reader in a file here, its row below. A row has the module and reader, the name,
and a mark that each list of the format has: alternative texts in its first characters, or a regular
expression for its first bytes. A format without its mark is not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from lamsach.indicators.files.source import ListSource
from lamsach.indicators.values import refusals
from lamsach.indicators.values.records import Entry, Plain
from lamsach.model import Reference, Refusal
from lamsach.runtime.registry import Registry, Row

_ARCHIVE, _COMPOUND, _ANY = rb"\APK\x03\x04", rb"\A\xd0\xcf\x11\xe0", ("",)
_SENSOR_RULE = ("alert ", "drop ", "reject ", "pass ", "block ", "sid:")
_ROWS = (
    Row("documents.office:read_xlsx", "xlsx", _ARCHIVE),
    Row("documents.office:read_docx", "docx", _ARCHIVE),
    Row("documents.doc:read_doc", "doc", _COMPOUND),
    Row("documents.office:read_opendocument", "opendocument", _ARCHIVE),
    Row("documents.office:read_xls", "xls", _COMPOUND + rb"|\A\x09"),
    Row("documents.office:read_rtf", "rtf", rb"\A[ \t\r\n]*\{\\rtf"),
    Row("documents.paged:read_pdf", "pdf", rb"%PDF-"),
    Row("feeds.records:read_lamsach", "lamsach", ('{"type": "',)),
    Row("feeds.stix:read_stix", "stix", ('"type"', '"id"')),
    Row("feeds.misp:read_misp", "misp", ('"Event"', '"Attribute"')),
    Row("feeds.records:read_json", "json", ("{", "[")),
    Row("documents.markup:read_html", "html", ("<",)),
    Row("feeds.ioc_xml:read_openioc", "openioc", ("ioc", "OpenIOC")),
    Row("feeds.ioc_xml:read_stix1", "stix1", ("STIX_Package", "Observables")),
    Row("feeds.records:read_xml", "xml", ("<",)),
    Row("devices.sensor_lists:read_ids_rules", "ids_rules", _SENSOR_RULE),
    Row("devices.sensor_lists:read_yara", "yara", ("condition:",)),
    Row("devices.sensor_lists:read_zeek_intel", "zeek_intel", ("#fields\t", "Intel::")),
    Row("devices.sensor_lists:read_clamav", "clamav", (":",)),
    Row("feeds.misp:read_misp_index", "misp_index", (",",)),
    Row("devices.blocklist:read_rpz", "rpz", (" ", "\t")),
    Row("devices.device_config:read_mikrotik", "mikrotik", ("/",)),
    Row("devices.device_config:read_fortigate_config", "fortigate_config", ("config ",)),
    Row("devices.sensor_lists:read_suricata_dataset", "suricata_dataset", _ANY),
    Row("documents.paged:read_paged_text", "paged_text", ("\f",)),
    Row("documents.markup:read_markup", "markup", ("|",)),
    Row("devices.blocklist:read_blocklist", "blocklist", _ANY),
    Row("documents.text:read_delimited", "delimited", _ANY),
    Row("documents.text:TEXT", "text", _ANY),
)
FORMATS: Registry[ListFormat] = Registry(__name__, _ROWS)


def matching_formats(source: ListSource) -> Iterator[ListFormat]:
    """Return the formats that recognize a list, in the registry's order; the first reads it."""
    return (known for known in FORMATS.marked(source.text_head, source.head) if known.recognizes(source))


@dataclass(frozen=True, slots=True)
class ListFormat:
    """Reader of one kind of list.

    `name` is lower case with underscores, `title` the name for people, `what` what is read: together a row
    of `docs/formats.md`. `begins` recognizes a list by its first bytes (of text alone with `text`), never by
    its file name. `read` yields indicators and refusals in
    file order, duplicates included; it raises UnreadableError or LimitError where the document is damaged or
    too large, after valid entries. `rows_are_lines`: an entry's row is its line, and the format yields only
    listed values; `with_unlisted_lines` adds the rest of each line. `quick` is `read` for long lists, with
    plain values.
    """

    name: str
    title: str
    what: str
    begins: Callable[[ListSource], Any]
    read: Callable[[ListSource], Iterator[Entry]]
    text: bool = False
    rows_are_lines: bool = False
    quick: Callable[[ListSource], Iterator[Entry | Plain]] | None = None

    def recognizes(self, source: ListSource) -> bool:
        """Return whether the content has this format."""
        return not (self.text and source.encoding.binary) and bool(self.begins(source))

    def read_quickly(self, source: ListSource) -> Iterator[Entry | Plain]:
        """Read a list, with plain values where the format supports them."""
        return (self.quick or self.read)(source)


def list_format(
    title: str, what: str, begins: Callable[[ListSource], Any], **members: Any
) -> Callable[[Callable[[ListSource], Iterator[Entry]]], ListFormat]:
    """Declare the format that a function `read_NAME` reads; `members` are further members of `ListFormat`."""
    return lambda read: ListFormat(read.__name__.removeprefix("read_"), title, what, begins, read, **members)


line_format = partial(list_format, text=True, rows_are_lines=True)
"""Declaration of a format of text whose rows are its lines."""


def line_by_line(source: ListSource, read: Callable[[str, Reference], Iterable[Entry]]) -> Iterator[Entry]:
    """Yield the entries that `read` returns for each line, and a refusal for an overlong one."""
    for number, line in source.lines():
        reference = Reference(source.document, None, number)
        if line is None:
            yield Refusal(reference, "", refusals.TOO_LONG)
        else:
            yield from read(line, reference)


def command_by_command(
    source: ListSource,
    read: Callable[[str, Reference], Iterable[Entry]],
    max_length: int,
    strip: Callable[[str], str] = str.strip,
) -> Iterator[Entry]:
    """Read by commands: lines that end in a backslash are joined, up to `max_length` characters.

    A command's row is its first line; comment lines between commands are skipped.
    """
    start, command = 0, ""
    for number, line in source.lines():
        if line is None:
            yield Refusal(Reference(source.document, None, number), "", refusals.TOO_LONG)
            continue
        if not command and line.lstrip().startswith("#"):
            continue
        start = start if command else number
        text = strip(line)
        command += text.removesuffix("\\")
        if text.endswith("\\") and len(command) < max_length:
            continue
        if command.strip():
            yield from read(command, Reference(source.document, None, start))
        command = ""
