"""Bars by branch and reports by day, compared with a count unit by unit and with the pages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from lamsach.portal.campaigns import tally
from lamsach.portal.campaigns.models import Participation
from lamsach.portal.reports.consolidation import MOST_DAYS, consolidate, received_by_day
from lamsach.portal.reports.content import form_of
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.units.tree import today

from .conftest import Cast
from .samples import dispatch, report

DAYS = st.none() | st.integers(-9, 9)


class Branches(TestCase):
    """For any days of a unit's participation, it is counted once, by its first matching state."""

    @settings(max_examples=12, deadline=None, phases=(Phase.generate,))
    @given(st.lists(st.tuples(DAYS, DAYS, DAYS, DAYS, st.booleans()), min_size=3, max_size=3))
    def test_each_unit_is_counted_once(self, rows: list[tuple[Any, ...]]) -> None:
        cast = Cast()
        campaign, now = dispatch(cast).campaign, today()
        made = report(cast)
        for unit, row in zip((cast.centre, cast.first, cast.second), rows, strict=True):
            if row[4]:
                made.pk, made.unit, made.state, made.edition = None, unit, ReportState.SENT, 2
                made.save(force_insert=True)
        Participation.objects.all().delete()
        wanted = {"late": 0, "reported": 0, "deployed": 0, "informed": 0, "silent": 0}
        for unit, row in zip((cast.centre, cast.first, cast.second), rows, strict=True):
            sent, due, informed, deployed = (
                None if back is None else now + timedelta(days=back) for back in row[:4]
            )
            Participation.objects.create(
                campaign=campaign,
                unit=unit,
                sent_on=sent,
                deploy_due=due,
                informed_on=informed,
                deployed_on=deployed,
            )
            wanted[self.step(now, sent, due, informed, deployed, row[4])] += 1
        found = tally.branches(campaign, cast.root.pk)
        assert found[cast.centre.pk] == {name: count for name, count in wanted.items() if count}
        assert found[cast.other.pk] == {"silent": 2}
        late = sum(one.get("late", 0) for one in found.values())
        assert late == tally.counts(campaign, cast.root.pk).late, "as in the figure above"

    @staticmethod
    def step(now: date, sent: Any, due: Any, informed: Any, deployed: Any, reported: bool) -> str:
        def done(day: date | None) -> bool:
            return day is not None and day <= now

        if done(sent) and due is not None and due < now and not done(deployed):
            return "late"
        if reported:
            return "reported"
        return "deployed" if done(deployed) else "informed" if done(informed) else "silent"


@pytest.mark.django_db
def test_the_board_draws_each_branch_beside_its_numbers(cast: Cast) -> None:
    campaign = dispatch(cast).campaign
    Participation.objects.filter(unit=cast.first).update(deployed_on=today())
    page = cast.client("coordinator").get(f"/office/campaigns/{campaign.pk}/board/")
    assert [(one.unit, one.all) for one in page.context["page"]] == [(cast.first, 1), (cast.second, 1)]
    assert [part.count for part in page.context["whole"]] == [0, 1, 0, 0, 1]
    assert 'class="stack-info" x="0.00" width="100.00"' in page.content.decode()


@pytest.mark.django_db
def test_reports_by_day_against_their_deadlines(cast: Cast) -> None:
    made = report(cast)
    Report.objects.filter(pk=made.pk).update(unit=cast.first)

    def taken() -> Any:
        lines = consolidate(form_of(made), Scope(made.campaign, cast.centre, today())).lines
        return received_by_day(made.campaign, lines, today())

    due = taken().rows[0][0]
    assert taken().rows == ((due, 0, 0, 2),), "a draft is not received"
    yesterday = timezone.make_aware(datetime.combine(today() - timedelta(days=1), time(23, 50)))
    for state, count in ((ReportState.RETURNED, 0), (ReportState.SENT, 1)):
        Report.objects.filter(pk=made.pk).update(state=state, sent=yesterday)
        rows = taken().rows
        assert (rows[-1][:3] == (today() - timedelta(days=1), 1, 1)) is bool(count), state
        assert {line.tone: line.value for line in taken().chart.lines} == {"info": 2, "good": count}
    long_ago = timezone.now() - timedelta(days=400)
    Report.objects.filter(pk=made.pk).update(sent=long_ago)
    line = next(line for line in taken().chart.lines if line.tone == "good")
    assert len(line.points.split()) <= MOST_DAYS
    assert line.value == 1, "earlier arrivals are counted"
    page = cast.client("coordinator").get(
        f"/office/campaigns/{made.campaign_id}/reports/?unit={cast.centre.pk}"
    )
    assert page.content.decode().count('<polyline class="line') == 2
    assert received_by_day(made.campaign, (), today()) is None
