"""Languages of the portal: a row of the table and two catalogues are all that one more takes."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import trans_real

from lamsach import i18n
from lamsach.portal.base.apps import load

pytestmark = pytest.mark.django_db


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    texts = SimpleNamespace(TEXTS={"Log in": "Se connecter"}, RESULTS={"State": "État"})
    row = i18n.Language("Français", "\u202f,", "tests.portal.french:RESULTS", "tests.portal.french:TEXTS")
    monkeypatch.setitem(sys.modules, "tests.portal.french", texts)
    monkeypatch.setitem(i18n.LANGUAGES, "fr", row)
    monkeypatch.setattr(trans_real, "_translations", dict(trans_real._translations))
    monkeypatch.delitem(trans_real._translations, "fr", raising=False)
    settings.LANGUAGES = i18n.language_choices()
    load()


def test_one_more_language_is_offered_and_spoken(french: None) -> None:
    client = Client()
    page = client.get("/danger/").content.decode()
    assert '<button name="language" value="fr" lang="fr">Français</button>' in page
    assert 'value="en"' in page
    assert 'value="vi"' not in page, "the page's own"
    client.post("/language/", {"language": "fr", "next": "/danger/"})
    answer = client.get("/danger/")
    assert answer.headers["Content-Language"] == "fr"
    assert ">Se connecter</a>" in answer.content.decode()


def test_a_language_outside_the_table_is_not_spoken() -> None:
    client = Client()
    client.post("/language/", {"language": "xx", "next": "/danger/"})
    assert client.get("/danger/").headers["Content-Language"] == "vi"
