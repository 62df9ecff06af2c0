"""Support: questions with files, suggested articles, prepared answers, hand-over."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from docx import Document

from lamsach.portal.base import links
from lamsach.portal.support import desk
from lamsach.portal.support.knowledge import suggest
from lamsach.portal.support.models import Article, CannedAnswer, Message, Question, QuestionFile

from .conftest import Browser, Cast
from .samples import question

pytestmark = pytest.mark.django_db


def document(macro: bool = False) -> bytes:
    buffer = io.BytesIO()
    Document().save(buffer)
    if macro:
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("word/vbaProject.bin", b"x")
    return buffer.getvalue()


def form(**more: Any) -> dict[str, Any]:
    return {
        "subject": "Máy chậm",
        "text": "Máy chạy rất chậm.",
        "unit_code": "G06.12.01",
        "once": links.nonce(),
        **more,
    }


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.one_date
def test_files_come_with_a_question_and_can_be_fetched_by_desk_and_asker(
    cast: Cast, browser: Browser, client: Client
) -> None:
    files = [upload("anh.png", b"\x89PNG\r\n\x1a\n x"), upload("mo-ta.docx", document())]
    assert client.post("/help/", form(attached=files)).status_code == 200
    asked = Question.objects.get()
    assert list(asked.files.values_list("name", flat=True)) == ["anh.png", "mo-ta.docx"]
    first = asked.files.first()
    assert first is not None
    got = browser("officer").get(f"/office/questions/{asked.pk}/files/{first.pk}/")
    assert got["Content-Type"] == "application/octet-stream"
    assert got["Content-Disposition"].startswith("attachment")
    mine = desk.address_of(asked).removeprefix("http://127.0.0.1:8000")
    assert client.get(f"{mine}files/{first.pk}/").status_code == 200
    assert browser("stranger").get(f"/office/questions/{asked.pk}/files/{first.pk}/").status_code == 404
    other = question(cast)
    assert browser("officer").get(f"/office/questions/{other.pk}/files/{first.pk}/").status_code == 404
    client.post(
        mine,
        {"text": "Thêm", "attached": [upload("them.txt", b"a"), upload("anh2.png", b"\x89PNG\r\n\x1a\n x")]},
    )
    assert asked.files.count() == 3, "the same content is kept once"


@pytest.mark.one_date
@pytest.mark.parametrize(
    "files",
    [
        [("virus.exe", b"MZ")],
        [("anh.png", b"MZ")],
        [("a.docx", b"PK\x03\x04 no archive")],
        [("a.docx", document(macro=True))],
        [("a.txt", b"x" * 10_000_001)],
        [(f"{n}.txt", b"%d" % n) for n in range(6)],
    ],
)
def test_rejected_files_prevent_the_question(
    files: list[tuple[str, bytes]], cast: Cast, client: Client
) -> None:
    page = client.post("/help/", form(attached=[upload(*file) for file in files]))
    assert 'role="alert"' in page.content.decode()
    assert (Question.objects.count(), QuestionFile.objects.count()) == (0, 0)


def article(cast: Cast, **more: Any) -> Article:
    values = {
        "title": "Máy chạy chậm sau khi rà quét",
        "text": "Khởi động lại.",
        "words": "máy chậm, bị treo",
    }
    return Article.objects.create(unit=cast.centre, **{**values, **more})


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("máy chậm", True),
        ("MAY CHAM qua", True),
        ("rà quét xong thì chạy lâu", True),
        ("không mở được danh sách", False),
        ("", False),
    ],
)
def test_articles_are_suggested_by_their_keywords(text: str, is_found: bool, cast: Cast) -> None:
    article(cast)
    assert bool(suggest(text, "", "vi")) is is_found
    assert suggest(text, "", "en") == []


@pytest.mark.one_date
def test_an_article_is_offered_once_before_sending_and_files_stay(cast: Cast, client: Client) -> None:
    offered = article(cast)
    data = form()
    page = client.post("/help/", {**data, "attached": upload("a.txt", b"x")})
    assert Question.objects.count() == 0
    assert f"/help/articles/{offered.pk}/" in page.content.decode()
    again = page.context["form"]
    assert (
        client.post("/help/", {**data, "offered": "yes", "carried": again["carried"].value()}).status_code
        == 200
    )
    assert Question.objects.get().files.get().name == "a.txt"


@pytest.mark.one_date
def test_carried_files_cannot_be_made_up(cast: Cast, client: Client) -> None:
    client.post("/help/", form(offered="yes", carried='[["a","secret-key",1,"x"]]'))
    assert Question.objects.get().files.count() == 0


@pytest.mark.one_date
def test_an_article_counts_that_it_helped_and_can_be_withdrawn(
    cast: Cast, browser: Browser, client: Client
) -> None:
    article_ = article(cast)
    client.post(f"/help/articles/{article_.pk}/")
    article_.refresh_from_db()
    assert article_.helped == 1
    assert browser("officer").get(f"/office/knowledge/articles/{article_.pk}/").status_code == 404
    coordinator, address = browser("coordinator"), f"/office/knowledge/articles/{article_.pk}/"
    button = 'name="what" value="withdraw"'
    assert button in coordinator.get(address).content.decode()
    assert button not in coordinator.get("/office/knowledge/articles/new/").content.decode()
    coordinator.post(address, {"what": "withdraw"})
    assert client.get(f"/help/articles/{article_.pk}/").status_code == 404


@pytest.mark.one_date
def test_hostile_text_in_an_article_is_escaped(cast: Cast, client: Client) -> None:
    article_ = article(cast, text="<script>alert(1)</script>")
    assert "<script>alert" not in client.get(f"/help/articles/{article_.pk}/").content.decode()


@pytest.mark.one_date
def test_a_prepared_answer_fills_the_form(cast: Cast, browser: Browser) -> None:
    above = CannedAnswer.objects.create(unit=cast.root, title="Chung", text="Hãy rà quét bằng công cụ.")
    strange = CannedAnswer.objects.create(unit=cast.other, title="Khác", text="Không phải của ta.")
    asked = question(cast)
    officer = browser("officer")
    address = f"/office/questions/{asked.pk}/"
    assert "Hãy rà quét bằng công cụ." in officer.get(f"{address}?canned={above.pk}").content.decode()
    assert "Không phải của ta." not in officer.get(f"{address}?canned={strange.pk}").content.decode()
    assert officer.get(f"{address}?canned=x").status_code == 200
    shelf = officer.get("/office/knowledge/").content.decode()
    assert ("Chung" in shelf, f"/office/knowledge/answers/{above.pk}/" in shelf) == (True, False)
    assert officer.post(f"/office/knowledge/answers/{above.pk}/", {"what": "withdraw"}).status_code == 404
    officer.post("/office/knowledge/answers/new/", {"title": "Mới", "text": "x", "unit": cast.first.pk})
    assert CannedAnswer.objects.filter(unit=cast.first, title="Mới").exists()
    officer.post("/office/knowledge/answers/new/", {"title": "Lạ", "text": "x", "unit": cast.other.pk})
    assert not CannedAnswer.objects.filter(title="Lạ").exists()


@pytest.mark.one_date
def test_concurrent_edits_of_a_prepared_answer_conflict(cast: Cast, browser: Browser) -> None:
    canned = CannedAnswer.objects.create(unit=cast.first, title="A", text="B")
    address = f"/office/knowledge/answers/{canned.pk}/"
    officer = browser("officer")
    seen = re.search(r'name="seen" value="([0-9a-f]+)"', officer.get(address).content.decode())
    assert seen is not None
    data = {"title": "A", "unit": cast.first.pk, "seen": seen[1]}
    assert officer.post(address, {**data, "text": "C"}).status_code == 302
    assert officer.post(address, {**data, "text": "D"}).status_code == 409
    assert CannedAnswer.objects.get().text == "C"


@pytest.mark.one_date
def test_a_question_gets_number_answer_and_hand_over(cast: Cast, browser: Browser, client: Client) -> None:
    once = links.nonce()
    data = {
        "subject": "Máy chậm",
        "text": "Giúp tôi",
        "email": "a@person.example",
        "unit_code": "G06.12.01",
        "once": once,
    }
    for _ in range(2):
        assert client.post("/help/", data).status_code == 200
    asked = Question.objects.get()
    assert asked.number.endswith("-00001")
    officer = browser("officer")
    officer.post(f"/office/questions/{asked.pk}/", {"what": "note", "text": "bí mật nội bộ"})
    officer.post(f"/office/questions/{asked.pk}/", {"what": "answer", "text": "Hãy rà quét."})
    asked.refresh_from_db()
    assert (asked.state, asked.first_answer is not None) == ("answered", True)
    mine = desk.address_of(asked).removeprefix("http://127.0.0.1:8000")
    page = client.get(mine).content.decode()
    assert "Hãy rà quét." in page
    assert "bí mật nội bộ" not in page
    client.post(mine, {"text": "Vẫn chậm"})
    officer.post(f"/office/questions/{asked.pk}/", {"what": "up", "text": "Cần cấp trên"})
    asked.refresh_from_db()
    assert (asked.unit, asked.state) == (cast.centre, "open")
    assert officer.get(f"/office/questions/{asked.pk}/").status_code == 404
    assert Message.objects.filter(internal=True).count() == 2


def test_a_late_question_shows_on_the_desk(cast: Cast, browser: Browser) -> None:
    question(cast)
    Question.objects.update(due=timezone.now() - timedelta(minutes=1))
    assert "Máy chậm" in browser("helper").get("/office/questions/?state=late").content.decode()
