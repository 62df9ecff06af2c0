"""Unit pages, tree and map: contents by role, and their queries with many units."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns.deadlines import of_unit
from lamsach.portal.campaigns.models import Participation
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.reports.models import Report
from lamsach.portal.sources.models import Collector, LogSource
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit
from lamsach.portal.web.tiles import branches
from lamsach.portal.web.tree import Row
from lamsach.portal.web.tree import tree as drawn

from . import samples
from .conftest import Cast
from .walk import settled

pytestmark = pytest.mark.django_db


def text(client: Client, path: str) -> str:
    """Extract the text of a page's content."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    body = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_page_shows_a_unit_s_progress(cast: Cast) -> None:
    """Received, acknowledged, forwarded, deployed, reported; machines, logs, letters."""
    sent = samples.dispatch(cast)
    Participation.objects.filter(campaign=sent.campaign, unit=cast.first).update(
        informed_on=tree.today(), deployed_on=None
    )
    page = text(cast.client("coordinator"), f"/office/units/{cast.first.pk}/")
    day = f"{tree.today():%d/%m/%Y}"
    due = of_unit(sent.campaign, cast.first.pk)
    assert (
        f"{sent.campaign.name} ✓ {day} ✓ {day} ○ not yet ○ not yet by {due.deploy.day:%d/%m/%Y} "
        f"○ not begun {due.report.day:%d/%m/%Y}"
    ) in page
    assert "No log of it has been searched yet: what is not found says nothing." in page
    assert "? not searched No log of the unit itself has been searched" in page
    assert "verified clean." not in page, "without logs no number is a good sign"
    assert "mot@unit.example" in page
    report = samples.report(cast)
    samples.case(cast)
    page = text(cast.client("officer"), f"/office/units/{cast.first.pk}/")
    assert "1 machines to be handled" in page
    assert re.search(r"1 ! to be handled 0 ◐ being handled", page)
    CoverageDay.objects.create(
        campaign=sent.campaign, unit=cast.first, observer="FW-01", day=tree.today(), lines=9
    )
    page = text(cast.client("reader"), f"/office/units/{cast.first.pk}/")
    assert f"FW-01 – {tree.today():%d/%m/%Y}" in page
    assert "No log" not in page
    assert (
        f'href="/office/reports/{report.pk}/"'
        in cast.client("officer").get(f"/office/units/{cast.first.pk}/").content.decode()
    )


def test_a_silent_source_is_shown(cast: Cast) -> None:
    collector = Collector.objects.create(unit=cast.first, name="fw01", reported=timezone.now())
    moment = timezone.now() - timedelta(days=2)
    LogSource.objects.create(
        collector=collector, name="FW-NGOAI", kind="syslog", last_seen=moment, silent_since=moment
    )
    page = text(cast.client("reader"), f"/office/units/{cast.first.pk}/")
    assert "FW-NGOAI fw01" in page
    assert "? silent" in page


def test_each_role_sees_its_parts(cast: Cast) -> None:
    """People and letters are for the unit's coordinators, whose view is audited; buttons depend on rights."""
    settled(cast)
    address = f"/office/units/{cast.first.pk}/"
    pages = {who: cast.client(who).get(address).content.decode() for who in cast.people if who != "stranger"}
    assert cast.client("stranger").get(address).status_code == 404
    coordinators = {"administrator", "authority", "coordinator"}
    for mark, allowed in (
        (">Officer</a>", coordinators),
        ('/office/mail/">Letters and addresses</a></p>', coordinators),
        (f"{address}place/", coordinators),
        (f"/office/exchange/units/{cast.first.pk}/key/", coordinators),
        (f'?unit={cast.centre.pk}&amp;q=G06.12.01">Remind or call', coordinators),
        (f"{address}edit/", coordinators | {"officer"}),
        ("/office/awareness/", {"officer"}),
    ):
        assert {who for who, page in pages.items() if mark in page.partition("<main")[2]} == allowed, mark
    looked = Entry.objects.filter(action="people.viewed", unit_id=cast.first.pk)
    assert {entry.who.partition("@")[0] for entry in looked} == coordinators
    officer = pages["officer"].partition("<main")[2].partition("</main>")[0]
    for link in sorted({unescape(link) for link in re.findall(r'href="(/[^"#]+)', officer)}):
        assert cast.client("officer").get(link).status_code == 200, link


def test_a_closed_unit_has_a_page(cast: Cast) -> None:
    samples.dispatch(cast)
    tree.close(cast.second, cast.first, tree.today())
    page = text(cast.client("coordinator"), f"/office/units/{cast.second.pk}/")
    assert "This unit was closed" in page
    assert "Successor: Phòng Một" in page


def test_nothing_of_other_branches_in_tree_and_map(cast: Cast) -> None:
    sent, foreign = samples.dispatch(cast), cast.other.pk
    for who in ("coordinator", "officer", "reader", "helper"):
        client = cast.client(who)
        for view in ("", "view=map&", "view=list&"):
            assert client.get(f"/office/units/?{view}unit={foreign}").status_code == 404, (who, view)
            page = text(client, f"/office/units/?{view}open={foreign}.{cast.other_first.pk}.x.-1&campaign=9")
            assert "Trung tâm B" not in page
            assert "Phòng Ba" not in page
    stranger = text(cast.client("stranger"), f"/office/units/?campaign={sent.campaign_id}")
    assert sent.campaign.name not in stranger
    assert "acknowledged" not in stranger
    assert "Phòng Ba" in text(cast.client("stranger"), f"/office/units/?open={cast.other_first.pk}")
    assert "No campaign yet" in text(cast.client("stranger"), "/office/units/?view=map&by=x")
    own = text(cast.client("stranger"), f"/office/units/{foreign}/")
    assert "It takes part in no campaign yet." in own
    assert sent.campaign.name not in own


def rows(campaign: Any, root: Unit, *opened: Unit) -> dict[str, Row]:
    return {row.unit.name: row for row in drawn(campaign, root, [unit.pk for unit in opened]).rows}


def test_the_tree_opens_and_rolls_up(cast: Cast) -> None:
    """A branch shows the sum of its subtree, and is open only under open ones."""
    campaign = samples.dispatch(cast).campaign
    deep = tree.create("G06.12.01.01", "Tổ Một", cast.first)
    closed = rows(campaign, cast.root)
    assert [(name, row.depth, row.open) for name, row in closed.items()] == [
        ("Cơ quan điều phối", 0, True), ("Trung tâm A", 1, False), ("Trung tâm B", 1, False),
    ]  # fmt: skip
    assert list(rows(campaign, cast.root, cast.first)) == list(closed), "its parent is closed"
    opened = rows(campaign, cast.root, cast.centre, cast.first)
    assert list(opened) == [
        "Cơ quan điều phối", "Trung tâm A", "Phòng Một", "Tổ Một", "Phòng Hai", "Trung tâm B",
    ]  # fmt: skip
    for name, row in opened.items():
        unit = Unit.objects.get(name=name)
        assert row.counts.units == tree.descendants(unit).count(), name
    assert opened["Trung tâm A"].counts.sent == 3, "the rooms, and the centre itself, which issued it"
    assert opened["Phòng Một"].answer == "sent"
    assert opened["Tổ Một"].answer == "missing"
    assert opened["Phòng Một"].toggle == ".".join(str(pk) for pk in sorted((cast.root.pk, cast.centre.pk)))
    assert opened["Trung tâm B"].lack.nothing
    assert deep.pk == opened["Tổ Một"].unit.pk
    page = cast.client("coordinator").get(f"/office/units/?open={cast.first.pk}").content.decode()
    assert 'aria-expanded="true" aria-label="Close Phòng Một"' in page
    assert "Tổ Một" in page


def test_the_map_has_a_tile_for_each_unit(cast: Cast) -> None:
    """Symbols and figures agree, and no unit without logs is good."""
    samples.case(cast)
    campaign = samples.campaign(cast)
    for kind in ("answers", "machines"):
        found = branches(campaign, cast.root, kind)
        assert [branch.unit.name for branch in found] == ["Cơ quan điều phối", "Trung tâm A", "Trung tâm B"]
        tiles = [tile for branch in found for tile in branch.tiles]
        assert sorted(tile.name for tile in tiles) == sorted(Unit.objects.values_list("name", flat=True))
        assert sum(sum(branch.sums) for branch in found) == len(tiles)
        assert len({(id(branch), tile.x, tile.y) for branch in found for tile in branch.tiles}) == len(tiles)
    tones = {
        tile.name: (tile.key, tile.tone)
        for branch in branches(campaign, cast.root, "machines")
        for tile in branch.tiles
    }
    assert tones["Phòng Một"] == ("open", "bad")
    assert tones["Phòng Hai"] == ("not_searched", "unsearched")
    page = cast.client("authority").get("/office/units/?view=map").content.decode()
    assert page.count("<use ") == 6
    assert page.count('tabindex="-1"') == 6, "the table is for the keyboard, six tiles are not in its way"
    assert '<td class="number" data-label="sent, not acknowledged">2</td>' in page


def test_the_first_page_draws_bars(cast: Cast) -> None:
    """Units reached, deployed and reported in the own subtree; machines by state; unsearched days."""
    sent = samples.dispatch(cast)
    campaign = sent.campaign
    campaign.state = "running"
    campaign.save()
    samples.case(cast)
    Participation.objects.filter(campaign=campaign, unit=cast.first).update(informed_on=tree.today())
    Report.objects.create(
        campaign=campaign, unit=cast.second, form=campaign.form, as_of=tree.today(), state="sent"
    )
    page = text(cast.client("coordinator"), "/office/")
    assert "30 days until the reports are due." in page
    assert (
        "reached: have acknowledged 1 of 2 units have deployed 0 of 2 units have reported 1 of 2 units"
        in page
    )
    assert "1 ! to be handled" in page
    assert re.search(r"0 ✓ verified clean .* [12] ○ units not searched", page)
    own = cast.client("officer").get("/office/").content.decode()
    assert "have deployed" not in own, "no units are under a room"
    assert 'class="stack-bad" x="0.00" width="100.00"' in own
    assert "stack" not in cast.client("stranger").get("/office/").content.decode()


def test_many_units_ask_no_more_questions(cast: Cast) -> None:
    """2,001 units under a centre need as many queries as 20, and at most 25."""
    campaign = samples.dispatch(cast).campaign
    samples.case(cast)
    client = cast.client("coordinator")
    opened = f"{cast.first.pk}.{cast.second.pk}"
    addresses = (
        f"/office/units/?open={opened}", "/office/units/?view=map", "/office/units/?view=map&by=machines",
        "/office/units/?view=list", f"/office/units/{cast.centre.pk}/",
    )  # fmt: skip

    def asked() -> list[int]:
        counted = []
        for address in addresses:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert client.get(address).status_code == 200
            counted.append(len(queries))
        return counted

    grow(cast, 20)
    asked()
    few = asked()
    grow(cast, 2001)
    assert Unit.objects.count() > 2001
    assert asked() == few
    assert max(few[:4]) <= 25, dict(zip(addresses, few, strict=True))
    assert few[4] <= 50
    shown = drawn(campaign, cast.centre, [cast.first.pk, cast.second.pk])
    assert len(shown.rows) == 500
    assert shown.more == Unit.objects.filter(code__startswith="G06.12").count() - 500
    assert "more units are in the open branches" in client.get(addresses[0]).content.decode()
    assert Counter(row.depth for row in shown.rows).keys() == {0, 1, 2}


def grow(cast: Cast, upto: int) -> None:
    """Add rooms under the first one, some with the dispatch."""
    begin = Unit.objects.filter(parent=cast.first).count()
    made = tree.create_many(
        [
            Unit(code=f"G06.12.01.{number:04d}", name=f"Tổ {number}", parent=cast.first)
            for number in range(begin, upto)
        ]
    )
    campaign = samples.campaign(cast)
    Participation.objects.bulk_create(
        Participation(campaign=campaign, unit=unit, sent_on=tree.today()) for unit in made[::2]
    )
