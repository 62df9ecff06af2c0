"""Letters as read: sender, contact, attachments, links, unsubscription."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

import lamsach.portal
from lamsach.portal.campaigns.dispatches import send
from lamsach.portal.campaigns.models import Attachment, Dispatch
from lamsach.portal.mail.letters import REFUSABLE, html, message, queue_letter
from lamsach.portal.mail.models import Letter

from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db
KINDS = sorted(
    file.stem
    for file in Path(lamsach.portal.__file__).parent.glob("*/templates/mail/letters/*.txt")
    if not file.name.startswith("_") and file.stem != "plain"
)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def enclosed(mail: EmailMessage) -> list[tuple[str | None, str, bytes]]:
    return [
        (part.get_filename(), part.get_content_type(), part.get_payload(decode=True) or b"")  # type: ignore[misc]
        for part in mail.iter_attachments()
    ]


def attach(draft: Dispatch, name: str, content: bytes) -> None:
    path = default_storage.save(f"dispatches/{name}", ContentFile(content))
    Attachment.objects.create(dispatch=draft, name=name, path=path, size=len(content), sha256="0" * 64)


def test_every_kind_states_the_contact(cast: Cast) -> None:
    """Every kind of letter states the phone of the parent unit."""
    cast.centre.contact_name, cast.centre.contact_phone = "Phòng Kỹ thuật", "024.1234.5678"
    cast.centre.save()
    assert len(KINDS) > 15
    for kind in KINDS:
        queue_letter(
            kind, to="a@unit.example", key=kind, context={"address": "https://a.example/"}, unit=cast.first
        )
        said = text_of(message(Letter.objects.get(key=kind)))
        assert "Đầu mối hỗ trợ: Phòng Kỹ thuật, điện thoại 024.1234.5678" in said, kind


def test_the_sender_is_the_unit_that_writes(cast: Cast, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "Cổng làm sạch <so@portal.example>"
    dispatch(cast)
    letter = Letter.objects.filter(kind="dispatch").first()
    assert letter is not None
    assert parseaddr(str(message(letter)["From"])) == (cast.centre.name, "so@portal.example")
    queue_letter("plain", to="a@unit.example", key="p", context={"subject": "S", "text": "T"})
    assert parseaddr(str(message(Letter.objects.get(key="p"))["From"]))[0] == "Cổng làm sạch"
    settings.DEFAULT_FROM_EMAIL = "so@portal.example"
    assert parseaddr(str(message(Letter.objects.get(key="p"))["From"]))[0] == "Làm sạch"


def test_a_name_cannot_write_into_the_head(cast: Cast) -> None:
    queue_letter("report_sent", to="a@unit.example", key="x", context={"sender": 'A"\r\nBcc: b@evil.example'})
    mail = message(Letter.objects.get(key="x"))
    assert mail["Bcc"] is None
    assert parseaddr(str(mail["From"]))[1] == "lamsach@localhost"


def test_pdfs_of_the_dispatch_go_along_as_far_as_they_fit(cast: Cast, settings: Any) -> None:
    settings.MAIL_FILES_BYTES = 1000
    draft = dispatch(cast, sent=False)
    attach(draft, "cong-van.pdf", b"%PDF-" + b"a" * 600)
    attach(draft, "phu-luc.pdf", b"%PDF-" + b"b" * 600)
    attach(draft, "danh-sach.csv", b"203.0.113.9\n")
    send(draft, cast.people["coordinator"])
    for letter in Letter.objects.filter(kind="dispatch"):
        mail = message(letter)
        assert [(name, kind, len(data)) for name, kind, data in enclosed(mail)] == [
            ("cong-van.pdf", "application/pdf", 605)
        ]
        assert "Kèm theo: cong-van.pdf" in text_of(mail)
        assert "Số tệp khác của công văn, xem tại địa chỉ bên dưới: 2" in text_of(mail)


def test_letters_without_files_mention_none(cast: Cast, settings: Any) -> None:
    dispatch(cast)
    letter = Letter.objects.filter(kind="dispatch").first()
    assert letter is not None
    assert "Kèm theo" not in text_of(message(letter))
    assert enclosed(message(letter)) == []


def test_optional_letters_can_be_unsubscribed(cast: Cast) -> None:
    for kind in KINDS:
        address = "https://portal.example/a/token/"
        queue_letter(
            kind, to="a@unit.example", key=kind, context={"address": address, "off": address}, unit=cast.first
        )
        head = message(Letter.objects.get(key=kind))["List-Unsubscribe"]
        assert head == (f"<{address}>" if kind in REFUSABLE else None), kind


def test_a_long_url_becomes_a_button_with_the_host() -> None:
    address = f"https://portal.example/r/{'x' * 300}/?a=1&b=2"
    page = html(f"Xin trả lời tại đây:\n{address}\n\nXem {address} nhé", "vi")
    shown = re.sub(r"<[^>]+>", "\n", page)
    assert page.count('href="https://portal.example/r/') == 2
    assert "Mở trang" in shown
    assert max(len(line) for line in shown.splitlines()) < 80
    assert "portal.example" in shown.split("Mở trang")[1]
