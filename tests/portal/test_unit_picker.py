"""Field that selects a unit: from a list of few, else by a search."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms

from lamsach.portal.accounts.models import Invitation
from lamsach.portal.units import tree
from lamsach.portal.units.forms import FEW, MOST, Picker, UnitField, offer
from lamsach.portal.units.models import Unit

from .conftest import Cast

pytestmark = pytest.mark.django_db


class One(forms.Form):
    unit: Any = UnitField()

    def __init__(self, data: Any = None, few: int = FEW, **options: Any) -> None:
        super().__init__(data, **options)
        offer(self, "unit", Unit.objects.filter(code__startswith="G06.12"), few)


def test_typed_text_selects_the_unit(cast: Cast) -> None:
    first, second = cast.first, cast.second
    rows: list[tuple[str, Unit | None, int]] = [
        ("G06.12.01", first, 0),
        ("g06.12.01", first, 0),
        ("000.01.12.G06", first, 0),
        ("G06.12.01 Phòng Một", first, 0),
        ("phòng một", first, 0),
        ("Hai", second, 0),
        ("phòng", None, 2),
        ("G06.13", None, 0),
        ("Phòng Ba", None, 0),
        (str(first.pk), None, 0),
        ("99999999999999999999", None, 0),
        ("", None, 0),
        ("  ", None, 0),
        ("\x00", None, 0),
    ]
    for text, unit, choices in rows:
        form = One({"unit": text}, few=0)
        assert form.is_valid() is (unit is not None), text
        assert form.cleaned_data.get("unit") == unit, text
        assert form.as_p().count('type="radio"') == choices, text
        assert 'value="' + text.strip() in form.as_p() or not text.strip() or text == "\x00"


def test_few_are_a_list_and_many_a_search(cast: Cast) -> None:
    assert isinstance(One().fields["unit"].widget, forms.Select)
    assert One({"unit": cast.first.pk}).is_valid(), "by its number, from the list"
    assert not One({"unit": cast.other.pk}).is_valid()
    tree.create_many(
        [Unit(code=f"G06.12.1{n:02}", name=f"Phòng Số {n}", parent=cast.centre) for n in range(FEW)]
    )
    form = One({"unit": "phòng"})
    assert isinstance(form.fields["unit"].widget, Picker)
    assert not form.is_valid()
    shown = form.as_p()
    assert shown.count('type="radio"') == MOST
    assert "<option" not in shown
    assert f'value="{cast.first.code} {cast.first.name}"' in One(initial={"unit": cast.first}).as_p()


def test_the_names_that_are_suggested_are_those_that_the_person_sees(cast: Cast) -> None:
    client = cast.client("coordinator")
    shown = client.get("/office/units/names/", {"code": "phòng"}).content.decode()
    assert shown.count("<option") == 2
    assert cast.other_first.name not in shown
    for query in ({}, {"unit": ""}, {"unit": "%"}, {"unit": "<b>"}):
        assert client.get("/office/units/names/", query).content == b"", query


def test_a_search_is_followed_by_a_choice_in_a_real_form(cast: Cast) -> None:
    client = cast.client("coordinator")
    fields = {"email": "a@person.example", "name": "A", "role": "reader"}
    page = client.post("/office/people/invite/", {**fields, "unit": "phòng"})
    assert page.status_code == 200
    assert page.content.decode().count('type="radio" name="unit"') == 2
    assert (
        client.post("/office/people/invite/", {**fields, "unit": ["phòng", "G06.12.02"]}).status_code == 302
    )
    assert Invitation.objects.get().unit == cast.second
