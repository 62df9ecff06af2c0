"""Files that are no form: old formats, damage, bombs, endless nesting."""

from __future__ import annotations

import io
import zipfile

import pytest

from lamsach.errors import InputError, LimitError, UnreadableError
from lamsach.letters.filled_form import read_filled

from .form_documents import FORM


def _packed(**parts: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return target.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (OLE + "WordDocument".encode("utf-16-le"), "old format"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"{\\rtf1 x}", "no DOCX or XLSX"),
        (b"<html><table><tr><td>08</td></tr></table></html>", "no DOCX or XLSX"),
        (_packed(word__document_xml=BOMB), "declares entities"),
        (_packed(word__document_xml=b"<w:document"), "no DOCX or XLSX"),
        (_packed(word__document_xml=b"<x/>"), "no DOCX or XLSX"),
        (_packed(word__other_xml=b"<x/>"), "no DOCX or XLSX"),
        (_packed(mimetype=b"application/vnd.oasis.opendocument.text"), "no DOCX or XLSX"),
        (_packed(xl__workbook_xml=b"broken"), "no DOCX or XLSX"),
    ],
)
def test_other_files_are_refused_clearly(content: bytes, message: str) -> None:
    with pytest.raises(InputError) as refused:
        read_filled(content, FORM)
    assert message in refused.value.what


def test_a_document_that_swells_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", bytes(31_000_000))
    with pytest.raises(LimitError):
        read_filled(target.getvalue(), FORM)


def test_nesting_without_end_breaks_nothing() -> None:
    begin = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    controls = b"<w:sdt><w:sdtContent>" * 4000 + b"</w:sdtContent></w:sdt>" * 4000
    assert read_filled(_packed(word__document_xml=begin + controls + b"</w:body></w:document>"), FORM) == ()
    tables = b"<w:tbl><w:tr><w:tc>" * 4000 + b"</w:tc></w:tr></w:tbl>" * 4000
    with pytest.raises(UnreadableError):
        read_filled(_packed(word__document_xml=begin + tables + b"</w:body></w:document>"), FORM)
