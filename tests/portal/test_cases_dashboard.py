"""Machine numbers over time compared with a slow count, day by day; chart geometry; pages and their links."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lamsach.portal import base
from lamsach.portal.base.charts import BOTTOM, HEIGHT, TOP, Part, bar, chart, mark_step, spread_labels
from lamsach.portal.campaigns.models import Campaign
from lamsach.portal.cases import campaign_views
from lamsach.portal.cases import dashboard as facts
from lamsach.portal.cases.dashboard import LINES, series
from lamsach.portal.cases.models import Case, CaseState, Rules, Step
from lamsach.portal.cases.tally import case_counts
from lamsach.portal.cases.upkeep import recompute
from lamsach.portal.findings.models import AliveDay
from lamsach.portal.units import tree
from lamsach.portal.units.models import UnitLink
from lamsach.portal.units.tree import today
from tests.chromium import chromium

from .bundles import FIREWALL, Contact, day, device, findings, hand_in
from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db
S = CaseState
STYLE = Path(str(base.__file__)).with_name("static") / "lamsach" / "lamsach.css"


@pytest.fixture
def campaign(cast: Cast) -> Campaign:
    """Three machines of two units: cleaned ten days ago with seven quiet days, cleaned four days ago, new."""
    found = dispatch(cast).campaign
    UnitLink.objects.update(valid_from=day(-60))
    Rules.objects.create(campaign=found, quiet_days=7, alive_days=0)
    for unit, numbers in ((cast.first, (1, 2)), (cast.second, (3,))):
        devices = [device(f"mac:02:00:00:00:00:0{number}", name=f"PC-0{number}") for number in numbers]
        covered = [(FIREWALL, day(-back)) for back in range(1, 11)]
        hand_in(
            cast,
            found,
            findings(devices, [Contact(one.key, {day(-20): 2}) for one in devices], covered),
            unit,
        )
    first = timezone.now() - timedelta(days=19)
    Step.objects.update(at=first, day=day(-19))
    for case, back in zip(Case.objects.order_by("pk"), (10, 4, None), strict=True):
        if back is not None:
            at = timezone.now() - timedelta(days=back)
            Step.objects.bulk_create([Step(case=case, at=at, day=day(-back), before="new", after=S.CLEANED)])
    recompute(list(Case.objects.all()))
    return found


def test_the_series_is_what_counting_day_by_day_gives(cast: Cast, campaign: Campaign) -> None:
    found = series(campaign, cast.centre.pk, today())
    assert found is not None
    assert found.days[0] == day(-19)
    assert found.days[-1] == day(0)
    for place, when in enumerate(found.days):
        slow = case_counts(campaign, cast.centre.pk, when)
        for name in LINES:
            counted = slow.open + slow.handled - slow.cleaned if name == "todo" else getattr(slow, name)
            assert found.counts[name][place] == counted, (name, when)
    assert {name: found.counts[name][-1] for name in LINES} == {
        "todo": 1,
        "cleaned": 2,
        "verified": 1,
        "reinfected": 0,
        "blind": 0,
    }
    tree.move(cast.second, cast.root, day(-3))
    moved = series(campaign, cast.centre.pk, today())
    assert moved is not None
    assert moved.counts["todo"][-6:] == (2, 1, 0, 0, 0, 0), "from that day on the second unit is elsewhere"
    below = series(campaign, cast.second.pk, today())
    assert below is not None
    assert below.counts["todo"][-1] == 1
    assert below.counts["cleaned"][-1] == 0


def test_days_to_clean_and_the_most_work(cast: Cast, campaign: Campaign) -> None:
    assert facts.median_days_to_clean(campaign, cast.centre.pk) == (12, 2)
    assert facts.median_days_to_clean(campaign, cast.second.pk) == (None, 0)
    loads = facts.most_work(campaign, cast.centre.pk, timezone.now())
    assert [(load.unit, load.todo, load.share) for load in loads] == [(cast.second, 1, 100)]


def test_the_calendar_of_logs(cast: Cast, campaign: Campaign) -> None:
    (source,) = facts.calendar(campaign, cast.first.pk, today())
    assert source.observer == FIREWALL
    kinds = ["missing"] * (facts.CALENDAR_DAYS - 10) + ["covered"] * 10
    assert [cell.kind for cell in source.days] == kinds
    assert source.last == day(-1)
    rows = facts.coverage_by_unit(campaign, [cast.first.pk, cast.second.pk], today())
    assert [(row.unit, row.sources, row.missing) for row in rows] == [(cast.first, 1, 0), (cast.second, 1, 0)]


def test_no_search_is_the_widest_gap(cast: Cast, campaign: Campaign) -> None:
    rows = facts.coverage_by_unit(campaign, [cast.first.pk], today(), [cast.second.pk])
    assert [row.unit for row in rows] == [cast.second, cast.first]
    for order, units in (("-gap", [cast.second, cast.first]), ("gap", [cast.first, cast.second])):
        sorted_rows = campaign_views._coverage(campaign).chosen({"sort": order}, rows)
        assert [row.unit for row in sorted_rows] == units


def test_before_the_first_machine(cast: Cast) -> None:
    campaign = dispatch(cast).campaign
    assert series(campaign, cast.centre.pk, today()) is None
    for path in ("dashboard/", "coverage/", "day/", ""):
        page = cast.client("officer").get(f"/office/campaigns/{campaign.pk}/machines/{path}")
        assert page.status_code == 200, path


@pytest.mark.parametrize(
    ("largest", "step"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 5), (40, 10), (51, 20), (4999, 1000)]
)
def test_marks_on_the_axis(largest: int, step: int) -> None:
    assert mark_step(largest) == step


@pytest.mark.parametrize(
    "ends",
    [
        {"a": 30.0, "b": 30.0, "c": 30.0},
        {"a": 266.0, "b": 266.0, "c": 265.0, "d": 266.0, "e": 264.0},
        {"a": 28.0, "b": 266.0},
    ],
)
def test_labels_do_not_touch_and_stay_inside(ends: dict[str, float]) -> None:
    heights = sorted(spread_labels(ends).values())
    assert all(later - earlier >= 16.9 for earlier, later in itertools.pairwise(heights))
    assert heights[0] >= TOP - 1
    assert heights[-1] <= HEIGHT - BOTTOM + 0.1


def test_the_chart_is_zero_based(cast: Cast, campaign: Campaign) -> None:
    found = series(campaign, cast.centre.pk, today())
    assert found is not None
    made = chart(found.days, [(name, name, found.counts[name]) for name in LINES])
    assert made.heights[0].value == 0
    assert made.heights[0].at == HEIGHT - BOTTOM
    assert [line.words for line in made.lines] == list(LINES)
    assert [line.value for line in made.lines] == [found.counts[name][-1] for name in LINES]
    ends = [float(line.points.split()[-1].split(",")[0]) for line in made.lines]
    assert ends == [100] * len(LINES), "every line ends at the right edge"
    one = chart([day(0)], [("good", "", (0,))])
    assert one.lines[0].points == f"0.0,{HEIGHT - TOP - BOTTOM}.0"


@given(st.lists(st.integers(0, 10**6), max_size=8), st.integers(0, 10**7))
def test_a_bar_is_filled_by_its_parts_in_order(counts: list[int], whole: int) -> None:
    made = bar((Part("good", "", count) for count in counts), whole)
    assert [part.count for part in made] == counts
    at = 0.0
    for part in made:
        assert part.x == pytest.approx(at, abs=0.02)
        assert 0 <= part.width <= 100
        at = part.x + part.width
    assert at == pytest.approx(100 * sum(counts) / max(1, whole, sum(counts)), abs=0.02)


@pytest.mark.browser
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_words_of_the_chart_can_be_read_on_a_phone(language: str, cast: Cast, campaign: Campaign) -> None:
    """Texts are at least 12 pixels high and inside the window, including labels and the axis."""
    client = cast.client("coordinator")
    client.cookies["django_language"] = language
    shown = client.get(f"/office/campaigns/{campaign.pk}/machines/dashboard/").content.decode()
    figure = shown[shown.index('<figure class="chart') : shown.index("</figure>")]
    style = STYLE.read_text("utf-8")
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 360, "height": 740})
        page.set_content(
            f"<!doctype html><html><style>* {{ box-sizing: border-box; }} "
            f"{style}</style><main>{figure}</figure></main></html>"
        )
        texts = page.evaluate(SIZES)
    assert len(texts) > 10
    assert [text for text, size, inside in texts if size < 12 or not inside] == []
    shown = {text.strip() for text, _size, _inside in texts}
    assert "0" in shown, "the axis"
    assert {"số máy" if language == "vi" else "machines"} < shown
    assert sum(text.endswith((" đã làm sạch", " cleaned")) for text in shown) == 1


SIZES = """[...document.querySelectorAll(".plot text, .plot li")].map((word) => {
  const box = word.getBoundingClientRect();
  return [word.textContent, parseFloat(getComputedStyle(word).fontSize),
    box.left >= 0 && box.right <= 360, box.width];
}).filter((word) => word[3]).map((word) => word.slice(0, 3))"""


def test_each_number_leads_to_a_list_of_that_length(cast: Cast, campaign: Campaign) -> None:
    client = cast.client("coordinator")
    page = client.get(f"/office/campaigns/{campaign.pk}/machines/dashboard/").content.decode()
    links = re.findall(r'<td class="number"[^>]*><a href="(/office/cases/[^"]+)">([\d,]+)</a>', page)
    assert len(links) > 20
    for target, number in links:
        rows = client.get(target.replace("&amp;", "&")).context["page"]
        assert len(rows) == int(number), target


def numbers_page(client: Any, campaign: Campaign, query: str) -> dict[str, int]:
    page = client.get(f"/office/campaigns/{campaign.pk}/machines/{query}").content.decode()
    return {
        target.replace("&amp;", "&"): int(number)
        for target, number in re.findall(r'href="(/office/cases/\?[^"]+)">(?:<b>)?(\d+)<', page)
    }


@pytest.mark.parametrize("back", [0, 3, 12])
def test_numbers_by_unit_lead_to_lists_too(back: int, cast: Cast, campaign: Campaign) -> None:
    client = cast.client("coordinator")
    found = numbers_page(client, campaign, f"?day={day(-back).isoformat()}")
    assert len(found) >= (7 if back < 12 else 4)  # no 0 is shown for a day by which nothing was searched
    for target, number in found.items():
        assert len(client.get(target).context["page"]) == number, target


def test_a_past_day_is_told_twice(cast: Cast, campaign: Campaign) -> None:
    client = cast.client("coordinator")
    page = client.get(
        f"/office/campaigns/{campaign.pk}/machines/day/?day={day(0).isoformat()}"
    ).content.decode()
    assert "What makes the difference" in page
    assert "Nothing: what is known of this day has not changed" in page
    assert client.get(f"/office/campaigns/{campaign.pk}/machines/day/?day=x").status_code == 200


def test_strangers_see_nothing_of_it(cast: Cast, campaign: Campaign) -> None:
    for path in ("dashboard/", "coverage/", "day/"):
        address = f"/office/campaigns/{campaign.pk}/machines/{path}"
        assert cast.client("stranger").get(address).status_code == 404
        assert cast.client("officer").get(f"{address}?unit={cast.second.pk}").status_code == 404
    assert not AliveDay.objects.exists()
