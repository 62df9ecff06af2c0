"""Double clicks on a button: one thing is created, both clicks lead to it; a refused form may be resent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.test import RequestFactory

from lamsach.portal.base import once
from lamsach.portal.base.once import Storage, accepts_once
from lamsach.portal.cases.models import Note
from lamsach.portal.findings.models import Hunt

from . import samples
from .conftest import Cast
from .test_unsaved_input import Browser


@pytest.mark.django_db
def test_a_note_that_is_sent_twice_is_one(cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    page, path = f"/office/cases/{case.pk}/", f"/office/cases/{case.pk}/notes/"
    token = browser.token(page)
    for _ in range(2):
        answer = browser.send(path, page, token, text="Đã cài lại máy")
        assert (answer.status_code, answer["Location"]) == (302, page)
        assert "Saved." in browser.client.get(page).content.decode()
    assert Note.objects.count() == 1
    browser.send(path, page, token, text="Đã cài lại máy, đã đổi mật khẩu")
    assert Note.objects.count() == 2, "another text is another note"
    browser.send(path, page, browser.token(page), text="Đã cài lại máy")
    assert Note.objects.count() == 3, "a newly opened page is another submission"


@pytest.mark.django_db
def test_a_file_that_is_sent_twice_is_one_note_and_another_file_is_another(cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    page, path = f"/office/cases/{case.pk}/", f"/office/cases/{case.pk}/notes/"
    token = browser.token(page)
    for content in (b"%PDF-1.7 a", b"%PDF-1.7 a", b"%PDF-1.7 b"):
        browser.send(path, page, token, text="", file=SimpleUploadedFile("anh.pdf", content))
    assert [note.file_size for note in Note.objects.all()] == [10, 10]


@pytest.mark.django_db
def test_a_note_that_was_refused_is_refused_again_in_words(cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    page, path = f"/office/cases/{case.pk}/", f"/office/cases/{case.pk}/notes/"
    token = browser.token(page)
    for _ in range(2):
        browser.send(path, page, token, text=" ")
        assert "Write a note or choose a file first." in browser.client.get(page).content.decode()


@pytest.mark.django_db
def test_both_clicks_lead_to_the_one_hunt(cast: Cast) -> None:
    campaign, browser = samples.dispatch(cast).campaign, Browser(cast)
    page = "/office/findings/hunts/"
    token = browser.token(page)
    places = {
        browser.send(page, page, token, campaign=campaign.pk, unit=cast.first.pk)["Location"]
        for _ in range(2)
    }
    assert places == {f"{page}{Hunt.objects.get().pk}/"}


def sending(**fields: str) -> HttpRequest:
    """A form as submitted from a page."""
    request = RequestFactory().post(
        "/x/", {"csrfmiddlewaretoken": "w" * 64, **fields}, headers={"referer": "http://testserver/y/"}
    )
    request.user = AnonymousUser()
    request.session = {}  # type: ignore[assignment]
    request._messages = Storage(request)  # type: ignore[attr-defined]
    return request


def in_thread(call: Callable[[], object]) -> threading.Thread:
    """Start a call in a thread that releases its database connection."""

    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


APART = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
"""Objects that threads with separate connections must see of each other."""


@APART
def test_the_second_waits_until_the_first_is_done() -> None:
    begun, may_end, results = threading.Event(), threading.Event(), []

    @accepts_once
    def view(request: HttpRequest) -> HttpResponse:
        begun.set()
        assert may_end.wait(10)
        results.append(1)
        messages.success(request, "Saved.")
        return redirect("/made/1/")

    first, second = sending(), sending()
    answers: dict[str, Any] = {}
    threads = [in_thread(lambda: answers.update({"1": view(first)}))]
    assert begun.wait(10)
    threads += [in_thread(lambda: answers.update({"2": view(second)}))]
    may_end.set()
    for thread in threads:
        thread.join(20)
    assert results == [1]
    assert {answer["Location"] for answer in answers.values()} == {"/made/1/"}
    assert [message.message for message in messages.get_messages(second)] == ["Saved."]


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["raises", "refuses", "shows the form again"])
def test_what_was_not_taken_is_tried_again(how: str) -> None:
    calls = []

    def refuse(request: HttpRequest) -> HttpResponse:
        calls.append(1)
        if how == "raises":
            raise OSError
        if how == "refuses":
            messages.error(request, "No.")
            return redirect("/y/")
        return HttpResponse("wrong")

    for _ in range(2):
        try:
            accepts_once(refuse)(sending())
        except OSError:
            assert how == "raises"
    assert len(calls) == 2


@APART
def test_who_waits_too_long_goes_back_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "_WAIT_S", 0.2)
    inner: list[Callable[..., HttpResponse]] = []
    places: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        in_thread(lambda: places.append(inner[0](sending())["Location"])).join()
        return HttpResponse()

    inner.append(accepts_once(view))
    inner[0](sending())
    assert places == ["/y/"]


@pytest.mark.django_db
def test_a_form_without_its_word_is_taken_each_time() -> None:
    calls = []

    @accepts_once
    def view(request: HttpRequest) -> HttpResponse:
        calls.append(1)
        return redirect("/z/")

    for _ in range(2):
        view(sending(csrfmiddlewaretoken=""))
    assert len(calls) == 2


@pytest.mark.django_db
def test_the_second_of_two_saves_is_not_told_that_somebody_was_faster(cast: Cast) -> None:
    case, browser = samples.case(cast), Browser(cast)
    page = f"/office/cases/{case.pk}/"
    token = browser.token(page)
    for _ in range(2):
        assert browser.send(page, page, token, to="accepted", why="").status_code == 302
        shown = browser.client.get(page).content.decode()
        assert "note-error" not in shown
        assert "Saved." in shown
    assert case.steps.filter(after="accepted").count() == 1
