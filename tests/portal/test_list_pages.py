"""Declared lists: content and order, export, and entries in the audit trail."""

from __future__ import annotations

import csv
import importlib
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.safestring import mark_safe

from lamsach import portal
from lamsach.portal.audit.details import action_label
from lamsach.portal.audit.models import Entry
from lamsach.portal.base.lists import (
    EXPORTS,
    Cell,
    Filter,
    Link,
    Listing,
    Mono,
    Quiet,
    State,
    Wrong,
    export_value,
    render_value,
)
from lamsach.portal.base.queries import in_parts
from lamsach.portal.findings.models import Sighting
from lamsach.portal.mail.models import Letter, LetterState
from lamsach.portal.units.models import Unit, UnitImport
from lamsach.results.labels import product_title
from tests.rows import each_row

from .address_samples import sample
from .conftest import Browser, Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 17, 3, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"


@each_row(
    "row",
    [
        (None, "", None),
        ("", "", ""),
        (EVIL, "&lt;script&gt;alert(1)&lt;/script&gt;", EVIL),
        (Quiet(EVIL), '<span class="quiet">&lt;script&gt;alert(1)&lt;/script&gt;</span>', EVIL),
        (Quiet(""), "", ""),
        (Mono("1.example"), '<span class="mono">1.example</span>', "1.example"),
        (Wrong("no"), '<br><span class="error">no</span>', "no"),
        (
            Link(EVIL, "/a/?b=1&c=2"),
            '<a href="/a/?b=1&amp;c=2">&lt;script&gt;alert(1)&lt;/script&gt;</a>',
            EVIL,
        ),
        (mark_safe("<b>1</b>"), "<b>1</b>", "<b>1</b>"),
        (1234, "1.234", 1234),
        (0, "0", 0),
        (date(2022, 9, 26), "26/09/2022", "2022-09-26"),
        (("a", "", Quiet("b")), 'a <span class="quiet">b</span>', "a b"),
    ],
)
def test_a_cell_says_the_same_on_the_page_and_in_the_file(row: tuple[Any, str, Any]) -> None:
    value, html, text = row
    assert render_value(value) == html
    assert export_value(value) == text


def test_a_state_and_a_moment() -> None:
    assert render_value(State("good", EVIL)) == str(State("good", EVIL))
    assert "<script>" not in render_value(State("good", EVIL))
    assert export_value((State("good", "sent"), None)) == "sent"
    assert export_value(datetime(2022, 9, 26, 17, 30, tzinfo=UTC)) == "2022-09-27 00:30:00+07:00"
    assert 'datetime="2022-09-27T00:30:00+07:00"' in render_value(datetime(2022, 9, 26, 17, 30, tzinfo=UTC))


LETTERS = Listing(
    title="E-mails sent and waiting",
    cells=(Cell("Recipient", "to"), Cell("State", "shown_state"), Cell("Kind", lambda row: row.kind, "kind")),
    filters=(
        Filter("state", "State", "state", LetterState),
        Filter("q", "Recipient", "to__icontains"),
        Filter("from", "From", "created__date__gte", day=True),
    ),
)


@each_row(
    "row",
    [
        ({}, "cba"),
        ({"sort": "to"}, "abc"),
        ({"sort": "-to"}, "cba"),
        ({"sort": "kind"}, "bca"),
        ({"sort": "shown_state"}, "cba"),
        ({"sort": "digest"}, "cba"),
        ({"sort": ""}, "cba"),
        ({"sort": "?"}, "cba"),
        ({"sort": "unit__parent__name"}, "cba"),
        ({"q": "B@"}, "b"),
        ({"state": "sent"}, "a"),
        ({"state": "none such"}, "cba"),
        ({"from": "2026-02-31"}, "cba"),
        ({"from": "yesterday"}, "cba"),
        ({"from": "2999-01-01"}, ""),
    ],
)
def test_the_address_asks_for_rows_and_order(row: tuple[dict[str, str], str]) -> None:
    query, order = row
    Letter.objects.all().delete()
    for to, kind, state in (("a", "z", "sent"), ("b", "x", "queued"), ("c", "y", "queued")):
        Letter.objects.create(
            to=f"{to}@unit.example", kind=kind, state=state, key=to, created=NOW, next_attempt=NOW
        )
    found = LETTERS.chosen(query, Letter.objects.order_by("-pk"))
    assert "".join(row.to[0] for row in found) == order


def test_letters_are_exported_without_formulas_and_noted(cast: Cast, browser: Browser) -> None:
    Letter.objects.create(
        to="=1+1@unit.example",
        kind="x",
        key="x",
        unit=cast.first,
        state="failed",
        problem=EVIL,
        created=NOW,
        next_attempt=NOW,
    )
    client = browser("coordinator")
    page = client.get("/office/mail/?sort=-to")
    assert 'aria-sort="descending"' in page.content.decode()
    assert EVIL not in page.content.decode()
    answer = client.get("/office/mail/?state=failed&export=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == 'attachment; filename="mail.csv"'
    assert (len(rows), rows[1][0]) == (2, "'=1+1@unit.example")
    assert EVIL in rows[1][2]
    assert Entry.objects.filter(action="mail.exported").count() == 1
    assert browser("officer").get("/office/mail/?export=csv").status_code == 404


def test_a_cell_whose_part_shows_nothing_is_empty(cast: Cast, browser: Browser) -> None:
    """On a phone an empty cell is hidden; white space would leave a gap in the card."""
    Letter.objects.create(
        to="a@unit.example", kind="x", key="x", unit=cast.first, state="sent", created=NOW, next_attempt=NOW
    )
    assert "<td></td></tr>" in browser("coordinator").get("/office/mail/").content.decode()


def test_a_list_leads_readers_to_no_page_that_they_may_not_open(cast: Cast, browser: Browser) -> None:
    link = f'href="{reverse("lists:tell")}"'
    shown = {
        name: browser(name).get("/office/blocklists/").content.decode() for name in ("reader", "officer")
    }
    assert {name: link in page for name, page in shown.items()} == {"reader": False, "officer": True}


def test_a_source_named_after_a_format_is_shown_by_its_product(cast: Cast, browser: Browser) -> None:
    device = sample("device_id", cast)
    Sighting.objects.filter(device=device).update(source="windows_dns_debug")
    page = browser("officer").get(f"/office/findings/devices/{device}/").content.decode()
    assert product_title("windows_dns_debug") in page
    assert "windows_dns_debug" not in page


def test_an_export_takes_rows_in_parts() -> None:
    """Memory does not grow with the list."""
    parts = list(in_parts((Letter(pk=number) for number in range(1201)), 500))
    assert [len(part) for part in parts] == [500, 500, 201]


PAGES = (
    ("coordinator", "mail:log", ()), ("coordinator", "mail:incoming", ()),
    ("administrator", "audit:list", ()), ("coordinator", "campaigns:list", ()),
    ("coordinator", "campaigns:dispatches", ("campaign_id",)), ("officer", "cases:exemptions", ()),
    ("officer", "findings:list", ()), ("officer", "findings:hunt_new", ()), ("officer", "traces:list", ()),
    ("coordinator", "support:list", ()), ("officer", "sources:list", ()),
    ("coordinator", "lists:decisions", ("kept_list_id",)), ("officer", "avreports:overview", ()),
    ("officer", "avreports:unit", ("own_unit_id",)), ("coordinator", "reports:received_list", ()),
    ("coordinator", "accounts:people", ()), ("coordinator", "web:units", ()),
    ("officer", "findings:device", ("device_id",)), ("coordinator", "lists:quality", ("kept_list_id",)),
    ("coordinator", "exchange:webhook", ("webhook_id",)),
    ("coordinator", "campaigns:dispatch", ("dispatch_id",)), ("officer", "cases:past_day", ("campaign_id",)),
    ("coordinator", "campaigns:board", ("campaign_id",)), ("coordinator", "awareness:list", ()),
    ("coordinator", "fleet:fleet", ("campaign_id",)),
    ("coordinator", "exchange:partner", ("partner_id",)), ("coordinator", "lists:list", ("kept_list_id",)),
)  # fmt: skip


def test_every_list_can_be_ordered_by_every_heading_that_offers_it(cast: Cast, browser: Browser) -> None:
    found = 0
    for parameter in ("hunt_id", "trace_id"):
        sample(parameter, cast)
    for name, view, parameters in PAGES:
        address = reverse(view, args=[sample(parameter, cast) for parameter in parameters])
        client, query = browser(name), "?view=list" if view == "web:units" else "?"
        page = client.get(address + query).content.decode()
        orders = re.findall(r'href="\?[^"]*sort=([\w-]+)"', page)
        assert orders, view
        for order in orders:
            answer = client.get(f"{address}{query}&sort=-{order}")
            assert answer.status_code == 200, (view, order)
            assert 'aria-sort="descending"' in answer.content.decode(), (view, order)
        found += len(orders)
        if "export=csv" in page:
            answer = client.get(f"{address}{query}&export=csv&sort={orders[0]}")
            assert b"".join(answer.streaming_content).startswith(b"\xef\xbb\xbf"), view  # type: ignore[attr-defined]
    assert found > 50


def exported(client: Client, address: str, query: str) -> list[list[str]]:
    answer = client.get(f"{address}?export=csv{query}")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]


def declared() -> dict[str, Listing]:
    """Every list of the portal, by module and name."""
    folder = Path(portal.__file__).parent
    found = {}
    for path in sorted(folder.rglob("*.py")):
        if "Listing" in path.read_text("utf-8"):
            parts = path.relative_to(folder).with_suffix("").parts
            module = importlib.import_module(".".join(("lamsach.portal", *parts)))
            found |= {
                f"{'.'.join(parts)}.{name}": one
                for name, one in vars(module).items()
                if isinstance(one, Listing)
            }
    return found


def test_every_declared_export_is_noted_and_limited(cast: Cast, rf: RequestFactory) -> None:
    exports = {name: one for name, one in declared().items() if one.export}
    assert len(exports) > 18
    for name, one in exports.items():
        cache.clear()
        request = rf.get("/", {"export": "csv"})
        request.user = cast.people["coordinator"]
        request.session = SessionBase()  # type: ignore[assignment]
        before = Entry.objects.filter(action=one.export).count()
        answers = [one.page(request, []).status_code for _ in range(EXPORTS[0] + 1)]
        assert answers == [200] * EXPORTS[0] + [429], name
        assert Entry.objects.filter(action=one.export).count() == before + EXPORTS[0], name
        assert action_label(one.export) != one.export, f"{name}: the trail has no words for it"


def test_the_recipients_of_a_dispatch_are_exported_for_its_writers_and_noted(
    cast: Cast, browser: Browser
) -> None:
    sent = dispatch(cast)
    Unit.objects.filter(pk=cast.first.pk).update(contact_name="Lê Thị Bé", contact_phone="=0901")
    address = reverse("campaigns:dispatch", args=(sent.pk,))
    rows = exported(browser("coordinator"), address, "&q=Phòng M")
    assert [row[1] for row in rows[1:]] == ["Lê Thị Bé, =0901 mot@unit.example"]
    entry = Entry.objects.get(action="dispatch.exported")
    assert (entry.object_id, entry.unit_id) == (sent.pk, sent.issuer_id)
    assert "0901" not in browser("officer").get(f"{address}?export=csv").content.decode()
    assert Entry.objects.filter(action="dispatch.exported").count() == 1


def test_documents_are_links_only_for_those_who_may_change_the_list(cast: Cast, browser: Browser) -> None:
    kept = sample("kept_list_id", cast)
    link = f'href="{reverse("lists:document", args=(sample("document_id", cast),))}"'
    pages = {
        name: browser(name).get(reverse("lists:list", args=(kept,))).content.decode()
        for name in ("coordinator", "officer", "reader")
    }
    assert {name: link in page for name, page in pages.items()}["coordinator"]
    assert not any(link in page for name, page in pages.items() if name != "coordinator")


def test_changes_of_a_sheet_are_ordered_and_exported(cast: Cast, browser: Browser) -> None:
    changes = [
        {"kind": "renamed", "code": "G06.12.01", "name": "Một", "before": "Cũ"},
        {"kind": "moved", "code": "G06.12.02", "name": "Hai", "parent": "G06.13", "before": None},
        {"kind": "closed", "code": "G06.13", "name": "Ba", "day": "2026-01-01", "successor": None},
    ]
    preview = UnitImport.objects.create(
        user=cast.people["coordinator"], file_name="a.csv", day=NOW, changes=changes
    )
    client, address = browser("coordinator"), reverse("units:import_preview", args=(preview.pk,))
    assert exported(client, address, "&sort=-code")[1:] == [
        ["G06.13", "Ba", "closed 2026-01-01"],
        ["G06.12.02", "Hai", "– → G06.13"],
        ["G06.12.01", "Một", "until now: Cũ"],
    ]
    assert Entry.objects.filter(action="units.exported").count() == 1
    page = client.get(f"{address}?kind=moved&sort=name").content.decode()
    assert ("Hai" in page, "Một" in page) == (True, False)
