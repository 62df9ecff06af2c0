"""Deadlines: a table of cases, and agreement of all pages, letters, lists and files."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.letters.form import parse_form
from lamsach.portal.audit.models import Entry
from lamsach.portal.base import links
from lamsach.portal.campaigns import deadline_moves, deadlines, dispatches
from lamsach.portal.campaigns.deadline_moves import Plan
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Campaign,
    DeadlineKind,
    DeadlineMove,
    Dispatch,
    How,
    MoveScope,
    Participation,
    Recipient,
    StepKind,
)
from lamsach.portal.campaigns.tally import counts
from lamsach.portal.exchange import campaign_payload
from lamsach.portal.exchange.models import Partner
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.letters import remind_units
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit
from tests.rows import each_row

from .confirmation import asked, confirmed
from .conftest import Browser, Cast
from .samples import campaign, dispatch

pytestmark = pytest.mark.django_db
ACK, DEPLOY, REPORT = DeadlineKind.ACKNOWLEDGE, DeadlineKind.DEPLOY, DeadlineKind.REPORT
ALL, SUBTREE, BELOW, ONE = MoveScope.ALL, MoveScope.SUBTREE, MoveScope.BELOW, MoveScope.ONE


def day(number: int) -> date:
    return tree.today() + timedelta(days=number)


def launched(cast: Cast, **days: int) -> Campaign:
    """A campaign of the root, with a dispatch to all units below."""
    found = Campaign.objects.create(
        name="Thử",
        owner=cast.root,
        starts=day(-5),
        ends=day(60),
        form=campaign(cast).form,
        **{name: day(number) for name, number in {"report_due": 30, **days}.items()},
    )
    made = Dispatch.objects.create(
        campaign=found,
        issuer=cast.root,
        day=day(0),
        subject="V/v",
        deadline=found.report_due,
        created_by=cast.people["authority"],
        once=links.nonce(),
    )
    dispatches.send(made, cast.people["authority"], whole=True)
    found.refresh_from_db()
    return found


def move(found: Campaign, scope: MoveScope, number: int, unit: Unit | None = None, **more: Any) -> Any:
    """Move the day of the report, or of `kind`, without letters."""
    kind = more.pop("kind", REPORT)
    return deadline_moves.make(
        Plan(found, scope, {kind: day(number)}, unit, "vì", **more), None, letters=False
    )


CASES: tuple[tuple[str, list[tuple[Any, ...]], dict[str, int]], ...] = (
    ("the campaign's", [], {"root": 30, "centre": 30, "first": 30}),
    ("moved for all", [(ALL, 40, None)], {"root": 40, "centre": 40, "first": 40, "other": 40}),
    ("a subtree, with its head", [(SUBTREE, 20, "centre")], {"centre": 20, "first": 20, "other": 30}),
    ("everything under a unit, without it", [(BELOW, 20, "centre")],
     {"centre": 30, "first": 20, "second": 20}),
    ("one unit alone", [(ONE, 20, "centre")], {"centre": 20, "first": 30}),
    ("the nearer one holds, also when it is older", [(ONE, 35, "first"), (ALL, 40, None)],
     {"first": 35, "second": 40}),
    ("a part of a subtree holds", [(SUBTREE, 20, "centre"), (SUBTREE, 25, "root")],
     {"first": 20, "other": 25}),
    ("the later of two equally near", [(SUBTREE, 20, "centre"), (SUBTREE, 25, "centre")], {"first": 25}),
    ("all after a dispatch to all", [(BELOW, 20, "root"), (ALL, 25, None)], {"first": 25, "centre": 25}),
    ("a nearer one is ended", [(ONE, 35, "first"), (ALL, 40, None, True)], {"first": 40}),
    ("only what lies in the subtree is ended", [(ONE, 35, "other_first"), (SUBTREE, 22, "centre", True)],
     {"other_first": 35, "first": 22}),
)  # fmt: skip


@pytest.mark.one_date
def test_the_table_of_cases(cast: Cast) -> None:
    def one(name: str, moves: list[tuple[Any, ...]], expected: dict[str, int]) -> None:
        with transaction.atomic():
            found = launched(cast)
            for scope, number, unit, *nearer in moves:
                at = getattr(cast, unit) if unit else None
                move(found, scope, number, at, nearer=bool(nearer))
            shown = {u: deadlines.of_unit(found, getattr(cast, u).pk).report.day for u in expected}
            assert shown == {u: day(number) for u, number in expected.items()}
            rows = DeadlineMove.objects.order_by("-pk")
            for held in rows:
                deadline_moves.undo(held, None, letters=False)
            left = deadlines.of_unit(Campaign.objects.get(pk=found.pk), cast.first.pk)
            assert left.report.day == day(30), "everything undone"
            transaction.set_rollback(True)

    each_row(one, CASES)


def test_a_day_that_the_campaign_does_not_state_follows_the_next_one(cast: Cast) -> None:
    found = launched(cast, deploy_due=20)
    assert [one.day for one in deadlines.of_unit(found, cast.first.pk)] == [day(20), day(20), day(30)]
    move(found, ONE, 25, cast.first, kind=DEPLOY)
    assert [one.day for one in deadlines.of_unit(found, cast.first.pk)] == [day(25), day(25), day(30)]
    other = launched(cast)
    move(other, SUBTREE, 33, cast.centre)
    assert {one.day for one in deadlines.of_unit(other, cast.first.pk)} == {day(33)}


def test_a_dispatch_passed_on_brings_its_day_and_caps_the_earlier_ones(cast: Cast) -> None:
    found = launched(cast, acknowledge_due=5, deploy_due=20)
    above = Dispatch.objects.get(campaign=found)
    made = Dispatch.objects.create(
        campaign=found, issuer=cast.centre, parent=above, day=day(0), subject="x", deadline=day(15),
        created_by=cast.people["coordinator"], once=links.nonce(),
    )  # fmt: skip
    dispatches.send(made, cast.people["coordinator"])
    assert deadlines.of_unit(found, cast.first.pk).days == (day(5), day(15), day(15))
    assert deadlines.of_unit(found, cast.centre.pk).days == (day(5), day(20), day(30))
    assert deadlines.of_unit(found, cast.first.pk).report.move.dispatch == made
    letter = Letter.objects.get(key=f"dispatch:{made.pk}:{cast.first.pk}")
    assert f"{day(5):%d/%m/%Y}" in render(letter)[1]
    assert f"{day(15):%d/%m/%Y}" in render(letter)[1]


def test_moves_follow_a_unit_that_moves_in_the_tree(cast: Cast) -> None:
    found = launched(cast)
    move(found, SUBTREE, 20, cast.centre)
    tree.move(cast.first, cast.other)
    row = Participation.objects.get(campaign=found, unit=cast.first)
    assert deadlines.of_unit(found, cast.first.pk).report.day == row.report_due == day(30)


@pytest.mark.one_date
def test_undoing_one_of_two_moves_for_all(cast: Cast) -> None:
    found = launched(cast)
    move(found, ALL, 40)
    move(found, ALL, 50)
    first, second = DeadlineMove.objects.order_by("pk")
    deadline_moves.undo(first, None, letters=False)
    assert Campaign.objects.get(pk=found.pk).report_due == day(50)
    second.refresh_from_db()
    preview = deadline_moves.preview_undo(second)
    touched = deadline_moves.undo(second, None, letters=False)
    assert touched is not None
    assert {one.unit for one in preview.touched} == {one.unit for one in touched}
    assert [new.day for one in touched for _, new in one.changes] == [day(30)] * 3 * len(touched)
    assert deadline_moves.undo(second, None) is None, "once"
    assert Campaign.objects.get(pk=found.pk).report_due == day(30)


def test_the_queries_do_not_grow(cast: Cast) -> None:
    found = launched(cast)
    move(found, SUBTREE, 20, cast.centre)
    move(found, ONE, 25, cast.first)

    def count() -> tuple[int, int]:
        units = list(Unit.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(
            connection,
        ) as asking:
            deadlines.of_units(found, units)
        with CaptureQueriesContext(connection) as showing:
            deadline_moves.preview(Plan(found, ALL, {REPORT: day(41)}))
        return len(asking), len(showing)

    few = count()
    units = tree.create_many(
        [Unit(code=f"G06.13.{n:03}", name=f"P {n}", parent=cast.other) for n in range(2, 700)]
    )
    dispatches.take_part(found, units)
    assert count() == few
    assert few[0] == 2


def shown(cast: Cast, browser: Any, found: Campaign, unit: Unit, name: str) -> dict[str, Any]:
    """All places that show a unit's deadlines, with the days they show."""
    copy = unit.received.get(dispatch__campaign=found)
    dues = deadlines.of_unit(found, unit.pk)
    days = [f"{one:%d/%m/%Y}" for one in dues.days]
    letters = {}
    dispatches.remind([copy], None, links.nonce())
    letters["reminder"] = render(Letter.objects.filter(kind="reminder", unit=unit).latest("pk"))[1]
    remind_units(found, [(unit, dues.report.day)], links.nonce())
    letters["report"] = render(Letter.objects.filter(kind="report_due", unit=unit).latest("pk"))[1]
    link = AnswerLink.objects.filter(recipient=copy).latest("pk")
    token = links.sign(dispatches.PURPOSE, link.nonce)
    book = openpyxl.load_workbook(
        io.BytesIO(browser("authority").get(f"/office/campaigns/{found.pk}/board/export/?state=all").content)
    )
    row = next(cells for cells in book.active.iter_rows(values_only=True) if cells[0] == unit.code)
    part = Participation.objects.get(campaign=found, unit=unit)
    line = {
        one.unit: one
        for one in consolidate(
            parse_form(found.form.definition), Scope(found, unit.parent or unit, day(0))
        ).lines
    }[unit]
    board = browser("authority").get(f"/office/campaigns/{found.pk}/board/?state=silent&q={unit.code}")
    record, _ = campaign_payload.make_record(found, Partner(pk=0, unit=unit), unit, 0, lambda path: path)  # type: ignore[arg-type,return-value]
    pages = {
        "link": browser_of(name, cast, f"/r/{token}/", anyone=True),
        "dispatch": browser_of(name, cast, f"/office/dispatches/{copy.dispatch_id}/"),
        "copy": browser_of("authority", cast, f"/office/answers/{copy.pk}/"),
        "begin": browser_of("authority", cast, f"/office/campaigns/{found.pk}/reports/{unit.pk}/"),
    }
    return {
        "columns": (part.acknowledge_due, part.deploy_due, part.report_due) == dues.days,
        "sheet": tuple(cell.date() for cell in row[-3:]) == dues.days,
        "consolidated": line.due == dues.report.day and line.late == (dues.report.day < day(0)),
        "board": ", ".join(days) in board.content.decode(),
        "late": (counts(found, unit.pk, itself=True).late > 0) or not dues.acknowledge.late,
        "exchange": [record[n] for n in deadlines.COLUMNS] == [one.isoformat() for one in dues.days],
        "reminder": days[0] in letters["reminder"]
        and (dues.acknowledge.late == ("quá hạn" in letters["reminder"] or "đã qua" in letters["reminder"])),
        "report letter": days[2] in letters["report"]
        and (dues.report.late == ("quá hạn" in letters["report"])),
        **{what: all(one in text for one in (days[2:] if what == "begin" else days)) for what,
            text in pages.items()},
    }  # fmt: skip


def browser_of(name: str, cast: Cast, address: str, *, anyone: bool = False) -> str:
    cache.clear()  # the counts of visits
    client = Client() if anyone else cast.client(name)
    page = client.get(address)
    assert page.status_code == 200, (address, page.status_code)
    return str(page.content.decode())


MOVES = st.tuples(
    st.sampled_from(list(MoveScope)),
    st.sampled_from(["root", "centre", "first", "second", "other", "other_first"]),
    st.sampled_from(list(DeadlineKind)),
    st.integers(-9, 50),
    st.booleans(),
)


@pytest.mark.one_date
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, max_size=5), undone=st.sets(st.integers(0, 4), max_size=2), late=st.booleans())
def test_every_shown_date_is_the_same_date(
    cast: Cast, browser: Browser, moves: list[Any], undone: set[int], late: bool
) -> None:
    with transaction.atomic():
        found = launched(cast, acknowledge_due=-1 if late else 10, deploy_due=20)
        for scope, unit, kind, number, nearer in moves:
            at = None if scope == ALL else getattr(cast, unit)
            move(found, scope, number, at, kind=kind, nearer=nearer)
        for place, made in enumerate(DeadlineMove.objects.filter(campaign=found).order_by("pk")):
            if place in undone:
                deadline_moves.undo(made, None, letters=False)
        found = Campaign.objects.get(pk=found.pk)
        for part in Participation.objects.filter(campaign=found):
            assert deadlines.of_unit(found, part.unit_id).days == (
                part.acknowledge_due,
                part.deploy_due,
                part.report_due,
            )
        wrong = [
            what for what, same in shown(cast, browser, found, cast.first, "officer").items() if not same
        ]
        assert not wrong
        transaction.set_rollback(True)


def test_the_page_shows_whom_a_move_touches_and_undoes_it(cast: Cast, browser: Browser) -> None:
    found = dispatch(cast).campaign
    before = deadlines.of_unit(found, cast.first.pk).report.day
    client, address = browser("coordinator"), f"/office/campaigns/{found.pk}/deadlines/"
    form = {
        "report": day(25).isoformat(),
        "scope": "one",
        "code": cast.first.code,
        "reason": "Bão",
        "letters": "on",
    }
    text, data = asked(client, address, form)
    assert "Phòng Một" in text
    assert f"{day(25):%d/%m/%Y}" in text
    assert "Phòng Hai" not in text
    assert deadlines.of_unit(found, cast.first.pk).report.day == before, "confirmation required, not done"
    assert client.post(address, data).status_code == 302
    assert deadlines.of_unit(found, cast.first.pk).report.day == day(25)
    assert deadlines.of_unit(found, cast.second.pk).report.day == before
    letter = Letter.objects.get(kind="deadline_moved")
    assert letter.to == "mot@unit.example"
    assert all(part in render(letter)[1] for part in (f"{day(25):%d/%m/%Y}", f"{before:%d/%m/%Y}", "Bão"))
    page = client.get(address).content.decode()
    assert "Bão" in page
    assert "this unit alone" in page
    made = DeadlineMove.objects.filter(scope=ONE).latest("pk")
    assert confirmed(client, f"/office/deadlines/{made.pk}/undo/").status_code == 302
    assert deadlines.of_unit(found, cast.first.pk).report.day == before
    assert set(Entry.objects.filter(action__startswith="deadline.").values_list("action", flat=True)) == {
        "deadline.moved",
        "deadline.undone",
    }


def test_a_move_that_changed_meanwhile_is_shown_again(cast: Cast, browser: Browser) -> None:
    found = dispatch(cast).campaign
    client, address = browser("coordinator"), f"/office/campaigns/{found.pk}/deadlines/"
    form = {"report": day(26).isoformat(), "scope": "subtree", "code": cast.centre.code, "reason": "x"}
    _, data = asked(client, address, form)
    tree.create("G06.12.03", "Phòng Mới", cast.centre)
    dispatches.take_part(found, [Unit.objects.get(code="G06.12.03")])
    again = client.post(address, data)
    assert again.status_code == 200
    assert "Something changed meanwhile" in again.content.decode()
    assert deadlines.of_unit(found, cast.first.pk).report.day != day(26)


def test_only_those_who_lead_move(cast: Cast, browser: Browser) -> None:
    found = launched(cast)
    address = f"/office/campaigns/{found.pk}/deadlines/"
    form = {"report": day(26).isoformat(), "reason": "x"}
    refused = [
        ("coordinator", {**form, "scope": "all"}),
        ("coordinator", {**form, "scope": "one", "code": cast.centre.code}),
        ("coordinator", {**form, "scope": "one", "code": cast.other_first.code}),
    ]
    for who, data in refused:
        page = browser(who).post(address, data)
        assert page.status_code == 200
        assert "confirmed" not in page.content.decode(), data
    assert (
        browser("officer").post(address, {**form, "scope": "one", "code": cast.first.code}).status_code == 403
    )
    assert confirmed(browser("coordinator"), address, {**form, "scope": "one", "code": cast.first.code})
    latest = DeadlineMove.objects.latest("pk")
    assert browser("stranger").post(f"/office/deadlines/{latest.pk}/undo/").status_code == 403


def test_what_a_unit_has_done_is_not_overdue(cast: Cast, browser: Browser) -> None:
    """A past day is overdue as long as the unit's duty is not met; a campaign's own day never is."""
    found = launched(cast, acknowledge_due=-3, deploy_due=-1)
    row = Recipient.objects.get(unit=cast.centre, dispatch__campaign=found)
    pages = (
        f"/office/answers/{row.pk}/",
        f"/office/campaigns/{found.pk}/",
        f"/office/campaigns/{found.pk}/deadlines/",
    )

    def overdue() -> list[int]:
        return [browser("coordinator").get(page).content.decode().count("state-late") for page in pages]

    assert overdue() == [2, 0, 0]
    dispatches.take(row, StepKind.ACKNOWLEDGED, by=cast.people["officer"], how=How.PORTAL)
    assert overdue() == [1, 0, 0]
    dispatches.take(row, StepKind.DEPLOYED, by=cast.people["officer"], how=How.PORTAL)
    assert overdue() == [0, 0, 0]
