"""Evidence of a quiet day: only with a list that has the address, and only if the machine was seen."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from lamsach.devices.presence import Presence, mark_of
from lamsach.hunt.sets.lists import load_lists
from lamsach.model import ListSummary
from lamsach.portal.audit.models import Entry
from lamsach.portal.campaigns.models import IndicatorList
from lamsach.portal.cases.models import Case, CaseState, Rules
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.findings import contents
from lamsach.portal.findings.identities import unit_key
from lamsach.portal.findings.models import AliveDay, Composition, CoverageDay, Mark
from lamsach.portal.units import tree

from .bundles import EVIL, FIREWALL, ONE, ZONE, Contact, day, device, findings, hand_in
from .case_samples import cleaned
from .conftest import Cast
from .samples import indicator_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("seven_quiet_days")]
MARK = mark_of("mac", "02:00:00:00:00:01")
"""Mark of older bundles, which are still read."""
S = CaseState


def listed(campaign: Any, *values: str) -> IndicatorList:
    """A list of the campaign."""
    text = "\n".join(values).encode()
    return indicator_list(campaign, text, "danh-sach.txt")


def digest_of(*values: str) -> str:
    """Digest stated by a hunt with these domains."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        path.write_text("\n".join(values))
        return load_lists([str(path)]).summary.digest


def quiet(cast: Cast, campaign: Any, days: range, digest: str, alive: bool = True) -> None:
    """A hunt that read the logs of these days (days ago) and found nothing."""
    marks = {MARK: tuple(sorted(day(-number) for number in days))} if alive else {}
    found = findings(
        [],
        [],
        [(FIREWALL, day(-number)) for number in days],
        list=ListSummary(digest, 1, {}, ("annex.xlsx",), 0),
        presence=marks,
    )
    hand_in(cast, campaign, found)


def state(case: Case) -> str:
    case.refresh_from_db()
    return case.state


def test_a_quiet_day_with_another_list_proves_nothing(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(1, 10), "b" * 64)
    assert state(case) == "blind"
    assert case.missing[0]["other_list"] is True
    page = cast.client("officer").get(f"/office/cases/{case.pk}/").content.decode()
    assert "Search it again with the campaign" in page
    quiet(cast, campaign, range(1, 10), "a" * 64)
    assert state(case) == "verified", "a hunt with this list has found the address"


@pytest.mark.parametrize("parts", [(0,), (0, 1), (1, 0), (0, 1, 2)])
def test_any_combination_of_the_campaigns_lists_is_known(
    parts: tuple[int, ...], cast: Cast, campaign: Any
) -> None:
    values = ([EVIL, "second.xyz"], ["third.xyz", EVIL], ["fourth.xyz"])
    for group in values:
        listed(campaign, *group)
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(1, 10), digest_of(*(value for part in parts for value in values[part])))
    assert state(case) == "verified"


def test_a_list_of_the_campaign_without_the_address_proves_nothing(cast: Cast, campaign: Any) -> None:
    listed(campaign, EVIL)
    listed(campaign, "other.xyz")
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(1, 10), digest_of("other.xyz"))
    assert state(case) == "blind"
    assert Composition.objects.filter(digest=digest_of("other.xyz")).exists()
    assert contents.learn(campaign) == 0, "nothing is computed twice"


@pytest.mark.parametrize(
    ("alive", "needed", "expected"), [(True, 3, "verified"), (False, 3, "cleaned"), (False, 0, "verified")]
)
def test_switched_off_is_not_clean(
    alive: bool, needed: int, expected: str, cast: Cast, campaign: Any
) -> None:
    Rules.objects.update(alive_days=needed)
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(1, 10), "a" * 64, alive=alive)
    assert (state(case), case.quiet, case.alive) == (expected, 9, 9 if alive else 0)
    page = cast.client("officer").get(f"/office/cases/{case.pk}/").content.decode()
    assert ("perhaps it was switched off" in page) == (expected == "cleaned")


def test_only_known_machines_are_written_down(cast: Cast, campaign: Any) -> None:
    cleaned(cast, campaign)
    stranger = mark_of("mac", "02:00:00:00:00:99")
    hand_in(cast, campaign, findings([], [], presence={MARK: (day(-3), day(-2)), stranger: (day(-3),)}))
    assert sorted(AliveDay.objects.values_list("day", flat=True)) == [day(-3), day(-2)]


def _bundle(key: bytes, quiet_days: range, named: bool) -> Any:
    """A bundle with this key: of a hunt that found the machine, or of one that only saw it."""
    presence = Presence(ZONE, key)
    days = tuple(sorted(day(-number) for number in quiet_days))
    marks = presence.marks_of("02:00:00:00:00:01", "PC-01", "10.1.2.3")
    one, contact = device(ONE, name="PC-01"), Contact(days={day(-20): 5})
    facts: dict[str, Any] = {"presence_key": presence.key_name, "device_marks": {ONE: marks} if named else {}}
    stranger = presence.marks_of("02:00:00:00:00:99", None, None)[0]
    seen = {marks[0]: days, stranger: days}
    return findings([one] if named else [], [contact] if named else [], presence=seen, **facts)


def test_marks_of_a_key_that_the_portal_has_not_are_those_of_its_own_bundles(
    cast: Cast, campaign: Any
) -> None:
    """A computer with its own key: its first bundle names the machine, the next only shows it was on."""
    key, another = bytes(32), bytes([1]) * 32
    hand_in(cast, campaign, _bundle(key, range(8, 9), named=True))
    hand_in(cast, campaign, _bundle(key, range(3, 5), named=False))
    hand_in(cast, campaign, _bundle(another, range(6, 7), named=False))
    assert sorted(AliveDay.objects.values_list("day", flat=True)) == [day(-8), day(-4), day(-3)]
    assert not Mark.objects.filter(key=Presence(ZONE, another).key_name).exists()


def test_marks_of_the_portals_key_find_every_machine_that_it_has(cast: Cast, campaign: Any) -> None:
    hand_in(cast, campaign, _bundle(bytes(32), range(8, 9), named=True))
    hand_in(cast, campaign, _bundle(unit_key(cast.first.pk), range(3, 5), named=False))
    hand_in(cast, campaign, _bundle(unit_key(cast.second.pk), range(6, 7), named=False))
    assert sorted(AliveDay.objects.values_list("day", flat=True)) == [day(-8), day(-4), day(-3)]


def test_the_units_own_people_take_its_key(cast: Cast) -> None:
    address = f"/office/findings/units/{cast.first.pk}/key/"
    answer = cast.client("officer").get(address)
    assert answer.content.decode().strip() == unit_key(cast.first.pk).hex()
    assert unit_key(cast.first.pk) != unit_key(cast.second.pk)
    assert Entry.objects.filter(action="unit_key.exported", object_id=cast.first.pk).exists()
    assert cast.client("coordinator").get(address).status_code == 403
    assert cast.client("stranger").get(address).status_code == 404


def test_a_name_of_two_machines_shows_neither(cast: Cast, campaign: Any) -> None:
    two = [device(f"mac:02:00:00:00:00:0{n}", name="PC-01") for n in (1, 2)]
    contacts = [Contact(one.key, {day(-20): 2}) for one in two]
    hand_in(cast, campaign, findings(two, contacts, presence={mark_of("name", "pc-01"): (day(-3),)}))
    assert not AliveDay.objects.exists()


def test_the_days_before_a_reinfection_are_told(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-4): 1})]))
    assert state(case) == "reinfected"
    step = case.steps.last()
    assert step is not None
    assert step.details["quiet"] == 6
    page = cast.client("officer").get(f"/office/cases/{case.pk}/").content.decode()
    assert "It had been quiet for 6 days." in page


def test_what_is_missing_is_said_in_words(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(5, 10), "a" * 64)
    page = cast.client("officer").get(f"/office/cases/{case.pk}/").content.decode()
    first = day(-4)
    assert f"No firewall log of FW-A from Phòng Một since {first:%A}, {first:%d/%m/%Y}." in page


def test_coverage_of_a_day_is_kept_for_each_list(cast: Cast, campaign: Any) -> None:
    for digest in ("a" * 64, "b" * 64, "a" * 64):
        quiet(cast, campaign, range(1, 3), digest)
    assert CoverageDay.objects.count() == 4


def test_a_list_that_comes_after_the_hunts_counts_from_then_on(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(1, 10), digest_of(EVIL, "later.xyz"))
    assert state(case) == "blind"
    listed(campaign, EVIL, "later.xyz")
    recompute_waiting()
    assert state(case) == "verified"


@pytest.mark.parametrize("content", [b"%PDF-1.7 broken", b"", b"\x00" * 50])
def test_a_list_that_cannot_be_read_stops_nothing(content: bytes, cast: Cast, campaign: Any) -> None:
    path = default_storage.save("files/broken", ContentFile(content))
    for place in (path, "files/gone"):
        IndicatorList.objects.create(
            campaign=campaign, name="hong.pdf", path=place, size=1, sha256=f"{len(place):064x}"
        )
    listed(campaign, EVIL)
    case = cleaned(cast, campaign)
    quiet(cast, campaign, range(1, 10), digest_of(EVIL))
    assert state(case) == "verified"


def test_a_units_new_name_is_found(cast: Cast, campaign: Any) -> None:
    cleaned(cast, campaign)
    tree.rename(cast.first, "Phòng Khác")
    recompute_waiting()
    page = cast.client("coordinator").get("/office/cases/", {"show": "all", "q": "phong khac"})
    assert len(page.context["page"]) == 1
