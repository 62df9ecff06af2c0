"""A case's page shows how each line leads to the machine, and requires a reason if nothing was done.

A bundle still being read is shown as such.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from lamsach.errors import InputError
from lamsach.model import AddressInterval, Evidence, Reason
from lamsach.portal.cases.models import Case, CaseState, Step
from lamsach.portal.cases.playbooks import followed
from lamsach.portal.cases.proof import held_by, proofs, records_of
from lamsach.portal.cases.upkeep import move
from lamsach.portal.findings.models import Bundle, Device
from lamsach.portal.privacy.retention import _reasons
from lamsach.portal.reports.papers import minutes_paper

from .bundles import Contact, day, device, findings, hand_in
from .conftest import Cast

pytestmark = pytest.mark.django_db
KEY = "mac:02:00:00:00:00:01"


def at(hour: int, number: int = 1) -> datetime:
    return datetime(2022, 9, number, hour, tzinfo=UTC)


LINES = (
    Evidence("2022-09-01T05:00:00+00:00", "fw.log", 1, "srcip=10.1.9.9 dst=bot-c2.xyz"),
    Evidence("2022-09-02T05:00:00+00:00", "fw.log", 2, "srcip=10.1.9.9:5533 dst=bot-c2.xyz"),
    Evidence("2022-09-03T05:00:00+00:00", "fw.log", 3, "srcip=10.1.9.99 dst=bot-c2.xyz"),
    Evidence("2022-09-03T06:00:00+00:00", "fw.log", 4, 'devname="PC-01" dst=bot-c2.xyz'),
    Evidence("2022-09-03T07:00:00+00:00", "dns.log", 5, "client 10.1.0.53 asks bot-c2.xyz"),
)


def found(cast: Cast, campaign: Any) -> Case:
    held = (
        AddressInterval("10.1.9.9", at(4), at(6), "lease"),
        AddressInterval("10.1.9.9", at(0, 2), at(9, 2), "session"),
    )
    reasons = (Reason("forwarded_for", {"forwarder": "10.1.0.53", "count": 3}),)
    made = findings(
        [device(KEY, name="PC-01", ip="10.1.2.3", addresses=held, reasons=reasons)],
        [Contact(KEY, {day(-2): 5})],
    )
    (sighting,) = made.sightings
    object.__setattr__(sighting, "evidence", LINES)
    hand_in(cast, campaign, made)
    return Case.objects.get()


def test_each_line_is_linked_to_the_machine_by_what_is_known(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign)
    records = records_of(case, [case.device_id])
    addresses = held_by(records)
    assert [(one.ip, one.how) for one in addresses] == [("10.1.9.9", "lease"), ("10.1.9.9", "session")]
    shown = [
        (proof.line.line, proof.held and proof.held.how, proof.name, proof.through)
        for proof in proofs(case, [case.device_id], addresses, records)
    ]
    assert shown == [
        (1, "lease", "", ()),
        (2, "session", "", ()),
        (3, None, "", ()),
        (4, None, "PC-01", ()),
        (5, None, "", ("10.1.0.53",)),
    ]


def test_the_page_shows_the_chain_to_the_unit_alone(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign)
    page = cast.client("officer").get(f"/office/cases/{case.pk}/").content.decode()
    assert page.count('class="chain"') == 5
    for text in (
        "DHCP lease",
        "11:00 01/09/2022 – 13:00 01/09/2022",
        "the line names the machine itself",
        "its own log names the machine",
        "shows no address that the machine is known to have had",
    ):
        assert text in page, text
    above = cast.client("coordinator").get(f"/office/cases/{case.pk}/").content.decode()
    assert "10.1.9.9" not in above
    assert "chain" not in above


def test_cleaned_without_a_step_of_the_playbook_asks_why_and_keeps_the_answer(
    cast: Cast, campaign: Any
) -> None:
    case = found(cast, campaign)
    client, path = cast.client("officer"), f"/office/cases/{case.pk}/"
    client.post(path, {"to": "working", "why": ""})
    page = client.get(path).content.decode()
    assert 'name="unfollowed"' in page
    refused = client.post(path, {"to": "cleaned", "why": "Đã quét"})
    assert "No step of the playbook is marked as done." in refused.content.decode()
    assert "Đã quét" in refused.content.decode(), "the reason is stored"
    case.refresh_from_db()
    assert case.state == "working"
    client.post(path, {"to": "cleaned", "why": "Đã quét", "unfollowed": "Máy đã thay ổ cứng"})
    step = Step.objects.get(after="cleaned")
    assert (step.why, step.unfollowed) == ("Đã quét", "Máy đã thay ổ cứng")
    assert "Máy đã thay ổ cứng" in client.get(path).content.decode()
    assert "Máy đã thay ổ cứng" in str(minutes_paper(case, day(0), named=True))
    assert "Máy đã thay ổ cứng" not in cast.client("coordinator").get(path).content.decode()
    _reasons(case)
    assert Step.objects.get(after="cleaned").unfollowed == "-", (
        "erased with the other reasons, but the fact remains"
    )


def test_with_a_step_done_nothing_is_asked_and_nothing_kept(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign)
    client, path = cast.client("officer"), f"/office/cases/{case.pk}/"
    client.post(path, {"to": "working", "why": ""})
    client.post(f"{path}ticks/", {"step": followed(case).items[0].key, "done": "1"})
    assert 'name="unfollowed"' not in client.get(path).content.decode()
    case.refresh_from_db()
    move(case, CaseState.CLEANED, cast.people["officer"], "Đã quét", unfollowed="thừa")
    assert Step.objects.get(after="cleaned").unfollowed == ""


def test_many_at_once_are_asked_too(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign)
    move(case, CaseState.WORKING, cast.people["officer"])
    with pytest.raises(InputError):
        move(case, CaseState.CLEANED, cast.people["officer"], "Đã quét")
    client = cast.client("officer")
    given = {"case": [case.pk], "what": "cleaned", "why": "Đã quét"}
    assert "no reason is given" in client.post("/office/cases/many/", given, follow=True).content.decode()
    client.post("/office/cases/many/", {**given, "unfollowed": "Máy đã thay"})
    assert Step.objects.get(after="cleaned").unfollowed == "Máy đã thay"


def test_a_bundle_that_is_being_read_says_so_and_renews_itself(cast: Cast, campaign: Any) -> None:
    hand_in(cast, campaign, findings([], [], [("FW-A", day(-2))]))
    made = Bundle.objects.get()
    client, path = cast.client("officer"), f"/office/findings/{made.pk}/"
    done = client.get(path).content.decode()
    assert "nothing listed was seen in the days that were searched" in done
    for sign in ("http-equiv", "hx-trigger", "being read"):
        assert sign not in done
    Bundle.objects.update(state="received", counts={})
    waiting = client.get(path).content.decode()
    for sign in (
        '<noscript><meta http-equiv="refresh" content="5"></noscript>',
        'hx-trigger="every 2s"',
        "The bundle is being read",
    ):
        assert sign in waiting
    assert "No machine" not in waiting
    Bundle.objects.update(state="imported", counts={"devices": 0, "covered_days": 0})
    assert "that says nothing about the machines" in client.get(path).content.decode()
    assert not Device.objects.exists()
