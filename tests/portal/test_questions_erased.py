"""Erasure of solved questions: people, texts, files and letters; counts remain; legal holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.base.uploads import store
from lamsach.portal.mail.models import Incoming, Letter, LetterState
from lamsach.portal.privacy import holds, questions
from lamsach.portal.support import desk
from lamsach.portal.support.models import Message, Question, QuestionFile
from lamsach.portal.worker import load_tasks

from .conftest import Browser, Cast
from .samples import question

pytestmark = pytest.mark.django_db
SECRETS = ("Người hỏi", "hoi@person.example", "Tôi cần giúp", "Mời chị Kín", "Hãy rà quét")


def solved(cast: Cast, days: int) -> Question:
    """Create a question with a file, an answer, a note and letters, solved `days` ago."""
    asked = question(cast)
    desk.attach(asked, [store(SimpleUploadedFile("anh.pdf", b"%PDF- of a person"))])
    desk.answer(asked, cast.people["helper"], "Hãy rà quét.", internal=False)
    desk.answer(asked, cast.people["helper"], "Mời chị Kín đến.", internal=True)
    desk.solve(asked, cast.people["helper"])
    path = store(SimpleUploadedFile("thu.txt", b"raw letter of a person")).path
    Incoming.objects.create(
        key=f"k{asked.pk}", kind="question", received=timezone.now(), sender="hoi@person.example",
        name="Người hỏi", text="Tôi cần giúp.", unit=cast.first, target=f"question:{asked.pk}", path=path,
    )  # fmt: skip
    return past(asked, days)


def past(asked: Question, days: int) -> Question:
    """Back-date the question and its messages."""
    back = timedelta(days=days)
    asked.refresh_from_db()
    times: dict[str, Any] = {"created": asked.created - back, "first_answer": timezone.now() - back}
    if asked.solved:
        times["solved"] = asked.solved - back
    Question.objects.filter(pk=asked.pk).update(**times)
    Message.objects.filter(question=asked).update(at=timezone.now() - back)
    asked.refresh_from_db()
    return asked


def stored() -> str:
    """Collect the texts of tables and files about askers."""
    tables = [
        list(model.objects.values_list())
        for model in (Question, Message, QuestionFile, Letter, Incoming)  # type: ignore[attr-defined]
    ]
    files = [p.read_bytes() for p in Path(django_settings.DATA, "uploads").rglob("*") if p.is_file()]
    return f"{tables} {files}"


@pytest.mark.django_db(transaction=True)
def test_what_is_due_goes_and_the_counts_stay(cast: Cast, browser: Browser) -> None:
    asked = solved(cast, 91)
    path = asked.files.get().path
    assert [secret for secret in SECRETS if secret not in stored()] == []
    before = browser("helper").get("/office/questions/?state=solved").content.decode()
    counts = questions.run()
    assert (counts["questions"], counts["messages"]) == (1, 2)
    assert counts["letters"] == 3
    assert [secret for secret in (*SECRETS, "of a person") if secret in stored()] == []
    assert not default_storage.exists(path)
    assert not Letter.objects.filter(state=LetterState.QUEUED).exists(), "nothing goes out about it any more"
    left = Question.objects.get(pk=asked.pk)
    kept = ("number", "unit_id", "state", "created", "due", "first_answer", "solved")
    assert [getattr(left, name) for name in kept] == [getattr(asked, name) for name in kept]
    after = browser("helper").get("/office/questions/?state=solved").content.decode()
    assert "<b>1</b> solved" in before
    assert "<b>1</b> solved" in after
    assert "Words erased" in after
    assert Entry.objects.get(action="question.erased").object_id == asked.pk
    assert questions.run() == {}, "once"


def test_the_desk_and_the_asker_see_that_it_is_erased(cast: Cast, browser: Browser, client: Client) -> None:
    asked = solved(cast, 91)
    mine = desk.address_of(asked).removeprefix("http://127.0.0.1:8000")
    assert client.get(mine).status_code == 200
    questions.run()
    assert client.get(mine).status_code == 404
    address = f"/office/questions/{asked.pk}/"
    page = browser("officer").get(address).content.decode()
    assert "were erased" in page
    assert "Send the answer" not in page
    browser("officer").post(address, {"what": "answer", "text": "Thêm"})
    assert Message.objects.filter(question=asked).count() == 2


@pytest.mark.parametrize("days", [0, 89])
def test_data_within_retention_remain(days: int, cast: Cast) -> None:
    solved(cast, days)
    assert questions.run() == {}
    assert [secret for secret in SECRETS if secret not in stored()] == []


def test_answered_questions_are_erased_and_open_ones_never(cast: Cast) -> None:
    left, again, waiting = question(cast), question(cast), question(cast)
    for asked in (left, again):
        desk.answer(asked, cast.people["helper"], "Hãy rà quét.", internal=False)
        past(asked, 91)
    desk.answer(again, cast.people["helper"], "Đã gọi lại.", internal=True)
    past(waiting, 900)
    assert questions.run() == {"questions": 1, "messages": 1, "letters": 3}
    assert list(Question.objects.filter(erased=None).order_by("pk")) == [again, waiting]


def test_the_days_are_a_setting(cast: Cast, settings: Any) -> None:
    settings.QUESTION_DAYS = 5
    solved(cast, 6)
    assert questions.run()["questions"] == 1


@pytest.mark.parametrize("held", ["first", "centre"])
def test_a_hold_stops_it(held: str, cast: Cast, browser: Browser) -> None:
    solved(cast, 91)
    hold = holds.put(getattr(cast, held), "Điều tra", cast.people["coordinator"])
    assert questions.run() == {"held": 1}
    page = browser("officer").get("/office/privacy/").content.decode()
    assert "Questions under a legal hold</dt><dd>1</dd>" in page
    holds.lift(hold, cast.people["coordinator"])
    assert questions.run()["questions"] == 1


def test_the_pages_say_how_long(cast: Cast, browser: Browser, client: Client) -> None:
    solved(cast, 80)
    page = browser("officer").get("/office/privacy/").content.decode()
    assert "Questions due within two weeks</dt><dd>1</dd>" in page
    assert "Questions erased so far</dt><dd>0</dd>" in page
    assert "90" in client.get("/help/").content.decode()


def test_an_answer_by_mail_to_an_erased_question_is_a_new_one(cast: Cast) -> None:
    from lamsach.portal.mail.parser import parse
    from lamsach.portal.support.mail_hooks import reply_of_asker

    asked = solved(cast, 91)
    letter = Letter.objects.filter(about=f"question:{asked.pk}").first()
    questions.run()
    raw = (
        b"From: Hoi <hoi@person.example>\r\nSubject: Lai cham\r\nMessage-ID: <1@a.example>\r\n\r\n"
        b"May lai cham.\r\n"
    )
    parsed = parse(raw)
    incoming = Incoming(key="n", kind="reply", received=timezone.now(), sender="hoi@person.example")
    where = reply_of_asker(incoming, letter, parsed)
    assert where != f"question:{asked.pk}"
    assert Question.objects.exclude(pk=asked.pk).get().text.strip() == "May lai cham."


def test_the_worker_does_it() -> None:
    from lamsach.portal.jobs.queue import REGULAR

    load_tasks()
    assert "privacy.questions" in [name for name, _every, _function in REGULAR]
