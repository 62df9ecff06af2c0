"""Every form of edXML gives the same message; hostile and foreign files are one clear error."""

from __future__ import annotations

import codecs
import hashlib
from typing import Any

import pytest

from lamsach.channels.edxml import contents, tables
from lamsach.channels.edxml.days import day_of, time_of
from lamsach.channels.edxml.model import as_mapping
from lamsach.channels.edxml.reader import read
from lamsach.errors import InputError, LamsachError, LimitError, UnreadableError
from tests.rows import each_row

from .edxml_samples import FLAT, HEADER, LIST, SOAP, STATUS, attachment, b64, dispatch, zipped

WANTED: dict[str, Any] = {
    "document_id": "000.00.00.G22,2026/08/23,1298/CATTT-NCSC",
    "number": "1298",
    "notation": "CATTT-NCSC",
    "date": "2026-08-23",
    "due": "2026-09-26",
    "subject": "V/v triển khai chiến dịch làm sạch mã độc trên không gian mạng",
    "type": "Công văn",
    "kind": "new",
    "from": {"id": "000.00.00.G22", "name": "Cục An toàn thông tin"},
    "to": [{"id": "H37.DN.001", "name": "Trung tâm Công nghệ thông tin"}, {"id": "H37.DN.002"}],
    "responds_to": [],
    "signature": "none",
    "attachments": [
        {
            "name": "danh-sach.txt",
            "type": "text/plain",
            "size": len(LIST),
            "sha256": hashlib.sha256(LIST).hexdigest(),
        }
    ],
}
WHOLE = dispatch()
_BARE = "<Attachment><ContentTransferEncoded>{}</ContentTransferEncoded></Attachment>"


def shown(document: str | bytes) -> dict[str, Any]:
    data = document if isinstance(document, bytes) else document.encode()
    return as_mapping(read(data, "a.edxml"))


@each_row(
    "document",
    [
        WHOLE,
        dispatch(prefix=""),
        WHOLE.replace("edXML:", "ns2:").replace("xmlns:edXML", "xmlns:ns2"),
        WHOLE.replace("http://www.mic.gov.vn/TBT/QCVN_102_2016", "urn:example:other"),
        WHOLE.replace("MessageHeader", "messageheader").replace("Bussiness", "Business")
            .replace("OrganId", "OrganID"),
        WHOLE.replace("2026/08/23<", "23/08/2026<").replace("2026/09/26", "2026-09-26T00:00:00+07:00"),
        WHOLE.replace("2026/08/23<", "2026-08-22T17:00:00Z<").replace("2026/09/26", "26-09-2026 23:59:59"),
        WHOLE.replace("<edXML:TypeName>Công văn</edXML:TypeName>", ""),
        WHOLE.replace("<edXML:Type>18<", "<edXML:Type>1<"),
        WHOLE.replace("<ContentId>a1", "<ContentId>cid:a1")
            .replace("<AttachmentName>danh-sach.txt</AttachmentName>", ""),
        WHOLE.replace("<ContentType>text/plain</ContentType><ContentId>a1</ContentId>", ""),
        WHOLE.replace("<edXML:ContentId>cid:a1</edXML:ContentId>", "")
            .replace("<AttachmentName>danh-sach.txt</AttachmentName>", ""),
        dispatch(files=attachment(b64(zipped(LIST)))),
        dispatch(files=attachment(b64(zipped(LIST, "../../danh-sach.txt")))),
        dispatch(files=_BARE.format(b64(zipped(LIST)))),
        dispatch(files=f"<![CDATA[ ]]>{attachment(f'<![CDATA[{b64(LIST)}]]>')}"),
        dispatch(files=attachment("\n  " + b64(LIST).replace("\n", "\r\n  ").replace("=", ""))),
        dispatch(files="<Attachment/>" + attachment(b64(LIST))),
        WHOLE.replace(("<edXML:Code><edXML:CodeNumber>1298</edXML:CodeNumber>"
                       "<edXML:CodeNotation>CATTT-NCSC</edXML:CodeNotation></edXML:Code>"),
                       "<edXML:Code>1298/CATTT-NCSC</edXML:Code>"),
        '\n <?xml version="1.0" encoding="utf-16"?>' + WHOLE,
        codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="utf-8"?>' + WHOLE.encode(),
        ('<?xml version="1.0" encoding="utf-16"?>' + WHOLE).encode("utf-16"),
        WHOLE.encode("utf-16-be"),
        FLAT,
        FLAT.replace(' xmlns="http://www.go.vn/eDoc"', ""),
        SOAP,
    ],
)  # fmt: skip
def test_every_form_gives_the_same_message(document: str | bytes) -> None:
    assert shown(document) == WANTED


@each_row(
    "row", [("0", "new"), ("1", "revoke"), ("2", "update"), ("03", "replace"), ("", "new"), ("9", None)]
)
def test_the_effect_of_a_dispatch_follows_the_table(row: tuple[str, str | None]) -> None:
    code, kind = row
    assert shown(dispatch(business=code)).get("kind") == kind


def test_a_status_message_states_its_code_and_the_answered_document() -> None:
    for document in (
        STATUS,
        STATUS.replace("Status>", "MessageStatus>"),
        STATUS.replace("edXML:", ""),
        BESIDE,
    ):
        assert shown(document) == {
            "kind": "status",
            "status": "03",
            "date": "2026-08-24",
            "time": "2026-08-24T09:10:11+07:00",
            "reason": "Đã vào sổ",
            "from": {"id": "H37.DN.001", "name": "Trung tâm"},
            "to": [],
            "responds_to": [
                {
                    "document_id": "000.00.00.G22,2026/08/23,1298/CATTT-NCSC",
                    "id": "000.00.00.G22",
                    "number": "1298",
                    "notation": "CATTT-NCSC",
                    "date": "2026-08-23",
                }
            ],
            "signature": "none",
            "attachments": [],
        }


def _moved(text: str) -> str:
    """Move the answered document out of the status, next to it."""
    begin, end = (
        text.index("<edXML:ResponseFor>"),
        text.index("</edXML:ResponseFor>") + len("</edXML:ResponseFor>"),
    )
    inner = text[begin:end]
    return (text[:begin] + text[end:]).replace("</edXML:edXMLHeader>", f"{inner}</edXML:edXMLHeader>")


BESIDE = _moved(STATUS)


def test_unstated_values_are_omitted_and_lists_are_present() -> None:
    assert shown("<edXML><MessageHeader><Subject>Hỏi</Subject></MessageHeader></edXML>") == {
        "kind": "new",
        "subject": "Hỏi",
        "to": [],
        "responds_to": [],
        "signature": "none",
        "attachments": [],
    }


def test_several_answered_documents_and_files_keep_their_order() -> None:
    answers = "".join(f"<ResponseFor><DocumentId>D{n}</DocumentId></ResponseFor>" for n in range(3))
    files = attachment(b64(b"one"), "a.pdf", "x") + attachment(b64(b"two"), "a.pdf", "y")
    found = shown(dispatch(HEADER + answers, files))
    assert [item["document_id"] for item in found["responds_to"]] == ["D0", "D1", "D2"]
    assert [(item["name"], item["size"]) for item in found["attachments"]] == [("a.pdf", 3), ("a (2).pdf", 3)]
    assert found["missing"] == ["danh-sach.txt"]


@each_row(
    "row",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("CON.txt", "_CON.txt"),
        ("com¹", "_com¹"),
        ("nul .pdf", "_nul .pdf"),
        ("..", "_"),
        ("a\u202efdp.exe", "a fdp.exe"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("bảng?.xlsx ", "bảng_.xlsx"),
    ],
)
def test_names_of_files_are_made_safe(row: tuple[str, str]) -> None:
    stated, safe = row
    assert shown(dispatch(files=attachment(b64(b"a"), stated)))["attachments"][0]["name"] == safe


def test_a_zip_attached_as_such_remains_a_zip() -> None:
    for name, packed in (("nhieu.zip", zipped(LIST)), ("a.docx", zipped(LIST) + b"")):
        found = shown(dispatch(files=attachment(b64(packed), name)))["attachments"][0]
        assert (found["size"] == len(packed)) == (name == "nhieu.zip")
    several = zipped(LIST)[:0] + _two_entries()
    assert shown(dispatch(files=attachment(b64(several), "a.docx")))["attachments"][0]["size"] == len(several)


def _two_entries() -> bytes:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("b", "2")
    return buffer.getvalue()


_BOMB = '<!DOCTYPE a [<!ENTITY b "{}">]>'.format("c" * 100)


@each_row(
    "row",
    [
        (_BOMB + WHOLE.replace("Hà Nội", "&b;"), LimitError),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + WHOLE, LimitError),
        ("<a>" * 5000 + "</a>" * 5000, LimitError),
        (f"<edXML><MessageHeader>{'<a/>' * 100_001}</MessageHeader></edXML>", LimitError),
        (f"<edXML><MessageHeader/>{attachment(b64(b'a')) * 501}</edXML>", LimitError),
        (dispatch(files=attachment("")), UnreadableError),
        (dispatch(files=attachment("====")), UnreadableError),
        (dispatch(files=attachment("không phải base64")), UnreadableError),
        (dispatch(files=attachment("QUJD*")), UnreadableError),
        (dispatch(files=attachment(b64(zipped(LIST)[:60]))), UnreadableError),
        (WHOLE[:-10], UnreadableError),
        ("", UnreadableError),
        ("%PDF-1.7", UnreadableError),
        ("<html><body/></html>", InputError),
        (WHOLE.replace("</edXML:edXMLHeader>", "<edXML:MessageHeader/></edXML:edXMLHeader>"), InputError),
    ],
)
def test_hostile_and_foreign_files_are_one_clear_error(row: tuple[str, type[LamsachError]]) -> None:
    document, error = row
    with pytest.raises(error) as raised:
        shown(document)
    assert raised.value.where.startswith("a.edxml")
    assert raised.value.what


def test_zip_bombs_stop_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "LARGEST_UNPACKED_BYTES", 1_000_000)
    files = attachment(b64(zipped(bytes(600_000))), "a.bin")
    assert shown(dispatch(files=files))["attachments"][0]["size"] == 600_000
    with pytest.raises(LimitError):
        shown(dispatch(files=files + files))
    with pytest.raises(LimitError):
        shown(dispatch(files=attachment(b64(zipped(bytes(1_000_001))))))


@each_row(
    "row",
    [
        ("2026/09/23", "2026-09-23"),
        (" 23/09/2026 ", "2026-09-23"),
        ("1/2/2026", "2026-02-01"),
        ("20260923", "2026-09-23"),
        ("2026-09-23T23:30:00.1234567Z", "2026-09-24"),
        ("23/09/2026 11:00:00 PM", "2026-09-23"),
        ("31/02/2026", None),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-07:00", None),
        ("hôm nay", None),
        ("", None),
    ],
)
def test_days_are_read_as_they_are_written(row: tuple[str, str | None]) -> None:
    text, wanted = row
    found = day_of(text)
    assert (found and found.isoformat()) == wanted


def test_a_half_day_clock_is_read() -> None:
    found = time_of("23/09/2026 12:05:00 AM")
    assert found is not None
    assert (found.hour, found.minute) == (0, 5)


def test_an_administrator_corrects_the_tables(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[document_types]\n1 = "Nghị quyết"\n[names]\nSubject = ["TrichYeu"]\n', "utf-8")
    monkeypatch.setenv(tables.VARIABLE, str(own))
    document = WHOLE.replace("Subject>", "TrichYeu>").replace("<edXML:TypeName>Công văn</edXML:TypeName>", "")
    found = shown(document.replace("<edXML:Type>18", "<edXML:Type>1"))
    assert (found["type"], found["subject"]) == ("Nghị quyết", WANTED["subject"])
    for wrong in ("[kinds]\n1 = 'x'\n", "[others]\na = 1\n", "a = 1\n", "=", "[names]\na = 'b'\n"):
        own.write_text(wrong)
        tables._tables.cache_clear()
        with pytest.raises(InputError):
            shown(WHOLE)
