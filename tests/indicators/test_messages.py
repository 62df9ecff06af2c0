"""Messages and their attachments: e-mail and Outlook."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.indicators.builders import archive
from tests.indicators.document_samples import compound, docx, word_table

from .list_reader import read_content, read_sound


def message(*attachments: tuple[str, bytes], page: str = "<p>bot[.]evil-a.top</p>") -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = "Officer <officer@sender-a.com>"
    letter["To"] = "unit@unit.example"
    letter["Subject"] = "evil-subject.top"
    letter["Received"] = "from mx.sender-a.com (203.0.113.250)"
    letter.set_content("Danh sách:\nbot[.]evil-a.top\n")
    letter.add_alternative(page, subtype="html")
    for name, data in attachments:
        letter.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return letter


def test_a_mail_with_attachments(tmp_path: Path) -> None:
    inner = message(("inner.csv", b"ip,malware\n203.0.113.7,Mirai\n"))
    data = message(
        ("phụ lục.docx", docx(word_table([["IP"], ["203.0.113.5"]]))),
        ("lists.zip", archive({"x/list.txt": "203.0.113.6\n"})),
        ("forwarded.eml", inner.as_bytes()),
    ).as_bytes()
    found, refused = read_sound(tmp_path / "a.eml", data)
    path = f"{tmp_path}/a.eml"
    assert [(item.value, item.reference.document) for item in found if item.reference] == [
        ("bot.evil-a.top", f"{path}!text1"),
        ("203.0.113.5", f"{path}!phụ lục.docx"),
        ("203.0.113.6", f"{path}!lists.zip!x/list.txt"),
        ("bot.evil-a.top", f"{path}!forwarded.eml!text1"),
        ("203.0.113.7", f"{path}!forwarded.eml!inner.csv"),
    ]
    assert [item for item in refused if item.type] == []


@pytest.mark.parametrize(
    ("page", "documents"),
    [
        ("<table><tr><td>bot.evil-a.top</td></tr><tr><td>bot.evil-b.top</td></tr></table>", ["text2"] * 2),
        ("<p>Xem bảng:</p><table><tr><td>bot.evil-b.top</td></tr></table>", ["text1", "text2"]),
        ('<p>bot[.]evil-a.top <a href="http://evil-link.top/">Xem</a></p>', ["text1"]),
        ("<p></p>", ["text1"]),
    ],
)
def test_the_page_of_a_mail_is_read_where_it_lists_more(
    tmp_path: Path, page: str, documents: list[str]
) -> None:
    found, _ = read_sound(tmp_path / "a.eml", message(page=page).as_bytes())
    assert [item.reference.document.rpartition("!")[2] for item in found if item.reference] == documents
    assert {item.value for item in found} <= {"bot.evil-a.top", "bot.evil-b.top"}


def test_the_page_of_an_outlook_message_is_read_where_it_lists_more(tmp_path: Path) -> None:
    page = {
        "__substg1.0_10130102": b"<html><body><table><tr><td>bot.evil-b.top</td></tr></table></body></html>"
    }
    streams = {**outlook("Xem bảng trong thư.", {}), **page}
    found, _ = read_sound(tmp_path / "a.msg", compound(streams))
    assert [item.value for item in found] == ["bot.evil-b.top"]


def test_messages_nested_too_deep(tmp_path: Path) -> None:
    data = b"203.0.113.5\n"
    for _ in range(6):
        data = message(("a.eml", data)).as_bytes()
    _, _, problems = read_content(tmp_path / "a.eml", data)
    assert problems[0].what == "Messages and archives are nested too deep."


def test_a_list_that_begins_with_a_colon_is_no_mail(tmp_path: Path) -> None:
    found, _, _ = read_content(tmp_path / "a.txt", b"from: evil-a.top\nto: evil-b.top\nnote: evil-c.top\n")
    assert [item.value for item in found] == ["evil-a.top", "evil-b.top", "evil-c.top"]


def outlook(
    text: str, attachments: Mapping[str, bytes], inner: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """Return the streams of a whole message as Outlook saves it ([MS-OXMSG]).

    Properties, named properties, sender and recipient, headers, attachments; `inner` is an attached message.
    """
    streams = {
        "__properties_version1.0": bytes(32) + b"\x1f\x00\x00\x10" + b"\x06\0\0\0" + bytes(8),
        "__nameid_version1.0/__substg1.0_00020102": bytes(16),
        "__nameid_version1.0/__substg1.0_00030102": bytes(8),
        "__nameid_version1.0/__substg1.0_00040102": "evil-named.top".encode("utf-16-le"),
        "__substg1.0_0037001F": "Danh sách evil-subject.top".encode("utf-16-le"),
        "__substg1.0_0C1F001F": "officer@sender-unit.top".encode("utf-16-le"),
        "__substg1.0_007D001F": "Received: from mx.sender-unit.top (203.0.113.250)".encode("utf-16-le"),
        "__recip_version1.0_#00000000/__properties_version1.0": bytes(8),
        "__recip_version1.0_#00000000/__substg1.0_3003001F": "unit@other-unit.top".encode("utf-16-le"),
        "__substg1.0_1000001F": text.encode("utf-16-le"),
    }
    for number, (name, data) in enumerate(attachments.items()):
        place = f"__attach_version1.0_#{number:08X}"
        streams[f"{place}/__properties_version1.0"] = bytes(8)
        streams[f"{place}/__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[f"{place}/__substg1.0_37010102"] = data
    place = f"__attach_version1.0_#{len(attachments):08X}"
    for path, data in (inner or {}).items():
        streams[f"{place}/__substg1.0_3701000D/{path}"] = data
    return streams


def test_an_outlook_message(tmp_path: Path) -> None:
    forwarded = outlook("Thêm evil-b[.]top\r\n", {"b.txt": b"203.0.113.9\n"})
    attachments = {
        "danh sách.csv": b"ip,malware\n203.0.113.5,Mozi\n",
        "phụ lục.docx": docx(word_table([["IP"], ["203.0.113.6"]])),
        "dài.txt": b"203.0.113.7\n" + b"# a long comment\n" * 1000,
        "thư.eml": message(("inner.csv", b"ip\n203.0.113.8\n")).as_bytes(),
        "gói.zip": archive({"x.txt": "evil-zip.top\n"}),
    }
    data = compound(outlook("Máy chủ: evil-a[.]top\r\n", attachments, forwarded))
    found, _ = read_sound(tmp_path / "a.msg", data)
    assert [(item.value, item.threat, item.reference.document.partition("!")[2]) for item in found
        if item.reference] == [
        ("evil-a.top", None, "text"),
        ("203.0.113.5", "Mozi", "danh sách.csv"),
        ("203.0.113.6", None, "phụ lục.docx"),
        ("203.0.113.7", None, "dài.txt"),
        ("bot.evil-a.top", None, "thư.eml!text1"),
        ("203.0.113.8", None, "thư.eml!inner.csv"),
        ("evil-zip.top", None, "gói.zip!x.txt"),
        ("evil-b.top", None, "text"),
        ("203.0.113.9", None, "b.txt"),
    ]  # fmt: skip


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_an_outlook_message_cut_short_is_reported_and_not_read_in_part(tmp_path: Path, share: float) -> None:
    data = compound(outlook("evil-a[.]top", {"a.csv": b"ip\n203.0.113.5\n"}))
    found, _, problems = read_content(tmp_path / "a.msg", data[: int(len(data) * share)])
    assert problems or found == [] or {item.value for item in found} <= {"evil-a.top", "203.0.113.5"}


def test_mails_within_mails(tmp_path: Path) -> None:
    deepest = message(("list.txt", b"203.0.113.12\n"))
    middle = EmailMessage()
    middle["From"], middle["To"], middle["Subject"], middle["Date"] = (
        "a@a.top",
        "b@b.top",
        "x",
        "Mon, 2 Mar 2026 07:00:00 +0700",
    )
    middle.set_content("Xem thư kèm theo.")
    middle.add_attachment(deepest)  # as message/rfc822, not as a file
    outer = message(("ngoài.txt", b"203.0.113.11\n"))
    outer.add_attachment(middle)
    found, _ = read_sound(tmp_path / "a.eml", outer.as_bytes())
    assert [item.value for item in found] == [
        "bot.evil-a.top",
        "203.0.113.11",
        "bot.evil-a.top",
        "203.0.113.12",
    ]
