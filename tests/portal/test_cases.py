"""Cases: findings that open one, allowed steps, verification; exemptions, scans, numbers, people."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import zipfile
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from lamsach.errors import InputError, LamsachError
from lamsach.model import DeviceState, MatchStatus, Role
from lamsach.portal.audit.models import Entry
from lamsach.portal.cases import people, states
from lamsach.portal.cases.models import (
    Case,
    CaseState,
    Clarification,
    Exemption,
    Grant,
    Note,
    Rules,
    Span,
    Step,
)
from lamsach.portal.cases.states import ALLOWED, severity
from lamsach.portal.cases.states import Contact as Sum
from lamsach.portal.cases.tally import case_counts, case_counts_by_child
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.cases.upkeep import move, recompute
from lamsach.portal.findings.models import AliveDay, CoverageDay
from lamsach.portal.mail.models import Letter

from .bundles import EVIL, FIREWALL, Contact, day, device, findings, hand_in, work
from .conftest import Cast
from .samples import case as sample_case
from .samples import dispatch

pytestmark = pytest.mark.django_db
ONE = "mac:02:00:00:00:00:01"
S = CaseState


@pytest.fixture
def campaign(cast: Cast) -> Any:
    """A campaign that verifies after seven days."""
    found = dispatch(cast).campaign
    Rules.objects.create(campaign=found, quiet_days=7)
    return found


def found(
    cast: Cast, campaign: Any, *contacts: Contact, state: DeviceState = DeviceState.INFECTED
) -> Case | None:
    """The case opened by these contacts."""
    devices = [device(key, name="PC-01", state=state) for key in {contact.device for contact in contacts}]
    hand_in(cast, campaign, findings(devices, contacts))
    return Case.objects.filter(superseded=None).first()


def backdate(case: Case, after: CaseState, days: int) -> Case:
    """A decision made so many days ago, as if recorded then."""
    at = timezone.now() - timedelta(days=days)
    Step.objects.bulk_create([Step(case=case, at=at, day=day(-days), before=case.state, after=after)])
    recompute([case])
    case.refresh_from_db()
    return case


def cover(case: Case, days: range, observer: str = FIREWALL) -> None:
    CoverageDay.objects.bulk_create(
        [
            CoverageDay(
                campaign=case.campaign,
                unit=case.unit,
                observer=observer,
                day=day(-number),
                lines=5,
                digest="a" * 64,
            )
            for number in days
        ],
        ignore_conflicts=True,
    )
    AliveDay.objects.bulk_create(
        [AliveDay(device=case.device, day=day(-number)) for number in days], ignore_conflicts=True
    )
    recompute([case])
    case.refresh_from_db()


def cleaned(cast: Cast, campaign: Any, days_ago: int = 10) -> Case:
    """A machine seen long ago and cleaned so many days ago."""
    case = found(cast, campaign, Contact(days={day(-20): 5}))
    assert case is not None
    Step.objects.filter(case=case).update(at=timezone.now() - timedelta(days=19), day=day(-19))
    return backdate(case, S.CLEANED, days_ago)


SEVERITIES: list[tuple[list[Sum], int | None]] = [
    ([Sum("outbound", 2, 2)], 1),
    ([Sum("outbound", 1, 1), Sum("outbound", 1, 1)], 1),
    ([Sum("outbound", 9, 1)], 2),
    ([Sum("outbound", 1, 1), Sum("inbound", 50, 50)], 2),
    ([Sum("outbound", 9, 0)], 3),
    ([Sum("resolved", 9, 9)], 4),
    ([Sum("inbound", 9, 9)], None),
    ([], None),
]


@pytest.mark.parametrize(("contacts", "grade"), SEVERITIES)
def test_the_rules_of_severity(contacts: list[Sum], grade: int | None) -> None:
    assert severity(contacts) == grade


def test_a_finding_makes_one_case(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4, day(-2): 1}))
    assert case is not None
    assert (case.state, case.severity, case.count, case.threat) == ("new", 1, 5, "Botnet Ví Dụ")
    assert (case.first_seen, case.last_seen) == (day(-3), day(-2))
    (step,) = case.steps.all()
    assert (step.after, step.user) == ("new", None)
    assert found(cast, campaign, Contact(days={day(-1): 4})) == case
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("contact", "state", "kind"),
    [
        ({"role": Role.INBOUND}, DeviceState.INBOUND, "inbound"),
        ({"device": "unattributed:dns:10.0.0.53"}, DeviceState.UNATTRIBUTED, "unattributed"),
    ],
)
def test_what_accuses_nobody_makes_a_question(
    contact: dict[str, Any], state: DeviceState, kind: str, cast: Cast, campaign: Any
) -> None:
    assert found(cast, campaign, Contact(days={day(-2): 4}, **contact), state=state) is None
    question = Clarification.objects.get()
    assert (question.kind, question.count) == (kind, 4)
    client = cast.client("officer")
    assert client.get("/office/cases/questions/").status_code == 200
    client.post(f"/office/cases/questions/{question.pk}/", {"answer": "Máy chủ DNS hỏi thay máy trạm"})
    assert Clarification.objects.get().answered is not None


def test_what_does_not_count_makes_nothing(cast: Cast, campaign: Any) -> None:
    assert found(cast, campaign, Contact(days={day(-2): 4}, status=MatchStatus.EXCEPTED)) is None
    assert not Clarification.objects.exists()


def test_only_allowed_steps(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    for before, after in itertools.product(CaseState, CaseState):
        start = transaction.savepoint()
        Case.objects.filter(pk=case.pk).update(state=before)
        case.refresh_from_db()
        if after in ALLOWED[before]:
            move(case, after, cast.people["officer"], "đã kiểm tra", unfollowed="máy đã thay mới")
            assert case.steps.last().after == case.state == after, before  # type: ignore[union-attr]
        else:
            with pytest.raises(InputError):
                move(case, after, cast.people["officer"], "đã kiểm tra")
            assert case.steps.count() == 1, (before, after)
        transaction.savepoint_rollback(start)


@pytest.mark.parametrize("computed", [S.VERIFIED, S.BLIND, S.REINFECTED, S.EXCEPTED])
def test_nobody_ticks_what_the_logs_have_to_show(computed: CaseState) -> None:
    assert all(computed not in after for after in ALLOWED.values())


def test_some_steps_need_a_reason(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    with pytest.raises(InputError):
        move(case, S.FALSE_ALARM, cast.people["officer"], "  ")


def test_the_history_cannot_be_changed(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    step = case.steps.get()
    with pytest.raises(LamsachError):
        step.save()
    with pytest.raises(LamsachError):
        step.delete()


def test_quiet_days_with_logs_verify(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 7))
    assert (case.state, case.quiet) == ("cleaned", 6)
    cover(case, range(7, 8))
    assert case.state == "verified"
    assert case.steps.last().computed  # type: ignore[union-attr]


def test_without_logs_it_is_blind_and_never_verified(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    assert case.state == "blind"
    assert case.missing[0]["observer"] == FIREWALL
    cover(case, range(1, 10), "another")
    assert case.state == "blind", "the logs of another observer prove nothing"


def test_a_hole_in_the_logs_delays(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign, 12)
    cover(case, range(8, 12))
    assert case.state == "blind"
    cover(case, range(1, 3))
    assert (case.state, case.quiet) == ("cleaned", 6)
    cover(case, range(3, 4))
    assert case.state == "verified"


def test_a_new_hit_reinfects_also_what_was_verified(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 10))
    assert case.state == "verified"
    found(cast, campaign, Contact(days={day(-1): 1}))
    case.refresh_from_db()
    assert case.state == "reinfected"
    assert [step.after for step in case.steps.filter(computed=True)][-2:] == ["verified", "reinfected"]
    move(case, S.WORKING, cast.people["officer"])
    assert case.state == "working"


def test_a_late_log_corrects_the_past(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign, 12)
    cover(case, range(1, 12))
    assert [span.state for span in case.spans.filter(known_until=None)] == ["new", "cleaned", "verified"]
    found(cast, campaign, Contact(days={day(-9): 2}))
    assert [(span.state, span.valid_from) for span in case.spans.filter(known_until=None)] == [
        ("new", day(-19)),
        ("cleaned", day(-12)),
        ("reinfected", day(-9)),
    ]


def test_the_worker_lets_quiet_days_pass(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 8))
    Case.objects.update(state="cleaned")
    assert recompute_waiting() == 1
    case.refresh_from_db()
    assert case.state == "verified"


def exemption(case: Case, cast: Cast, **values: Any) -> Exemption:
    return Exemption.objects.create(
        campaign=case.campaign,
        unit=values.pop("unit", case.unit),
        indicator=EVIL,
        reason="thử",
        expires=day(30),
        asked_by=cast.people["officer"],
        **values,
    )


def test_an_exception_counts_once_somebody_else_approved_it(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    client = cast.client("officer")
    form = {
        "indicator": EVIL,
        "scope": "unit",
        "reason": "Máy chủ thử nghiệm",
        "expires": day(20).isoformat(),
    }
    assert client.post(f"/office/cases/{case.pk}/exempt/", form).status_code == 302
    requested = Exemption.objects.get()
    client.post(f"/office/cases/exceptions/{requested.pk}/", {"what": "approve"})
    case.refresh_from_db()
    assert case.state == "new", "not by the requester"
    cast.client("coordinator").post(f"/office/cases/exceptions/{requested.pk}/", {"what": "approve"})
    case.refresh_from_db()
    assert case.state == "excepted"
    found(cast, campaign, Contact(days={day(-1): 4}))
    case.refresh_from_db()
    assert case.state == "excepted"
    found(cast, campaign, Contact(days={day(-1): 4}, indicator="other.xyz"))
    case.refresh_from_db()
    assert (case.state, case.indicators) == ("new", 1)
    cast.client("coordinator").post(f"/office/cases/exceptions/{requested.pk}/", {"what": "end"})
    case.refresh_from_db()
    assert case.indicators == 2


def test_an_exception_ends_by_itself(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    made = exemption(case, cast, approved_on=day(-1), device=case.device)
    recompute([case])
    assert case.state == "excepted"
    Exemption.objects.filter(pk=made.pk).update(expires=day(0))
    recompute_waiting()
    case.refresh_from_db()
    assert case.state == "new"


@pytest.mark.parametrize(("where", "state"), [("centre", "excepted"), ("second", "new"), ("other", "new")])
def test_an_exception_reaches_what_stands_under_its_unit(
    where: str, state: str, cast: Cast, campaign: Any
) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    exemption(case, cast, approved_on=day(-1), unit=getattr(cast, where))
    recompute([case])
    assert case.state == state


def test_a_false_alarm_is_not_the_end_for_other_malware(cast: Cast, campaign: Any) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    backdate(case, S.FALSE_ALARM, 2)
    Step.objects.filter(case=case, after="new").update(at=timezone.now() - timedelta(days=5), day=day(-5))
    found(cast, campaign, Contact(days={day(-1): 4}))
    case.refresh_from_db()
    assert case.state == "false_alarm"
    found(cast, campaign, Contact(days={day(-1): 1}, indicator="other.xyz"))
    case.refresh_from_db()
    assert case.state == "new"


def scan(host: dict[str, Any], findings_in: list[Any], actions: list[Any], **changes: Any) -> io.BytesIO:
    """A scanner's bundle."""
    parts = {
        "findings.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in findings_in),
        "skips.jsonl": b"",
        "actions.jsonl": b"".join(json.dumps(row).encode() + b"\n" for row in actions),
        "report.html": b"<html></html>",
    }
    contents = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        for name, data in parts.items()
    }
    text = {"schema": "lamsach-scan/1", "tool_version": "1", "host": host, "contents": contents, **changes}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("manifest.json", json.dumps(text))
        for name, data in parts.items():
            archive.writestr(name, data)
    stream.seek(0)
    return stream


QUARANTINE = {"action": "quarantine", "outcome": "done"}


@pytest.mark.parametrize(
    ("rows", "actions", "state"),
    [
        ([], [], "new"),
        ([{"level": "malicious", "sentence": "x"}], [], "new"),
        ([{"level": "malicious"}], [QUARANTINE], "working"),
        ([{"level": "malicious"}], [{"action": "quarantine", "outcome": "failed"}], "new"),
    ],
)
@pytest.mark.parametrize(
    "host", [{"macs": ["02-00-00-00-00-01"]}, {"name": "pc-01.unit.example", "macs": []}]
)
def test_a_scan_goes_to_the_case_of_its_machine(
    host: dict[str, Any], rows: list[Any], actions: list[Any], state: str, cast: Cast, campaign: Any
) -> None:
    case = found(cast, campaign, Contact(days={day(-3): 4}))
    assert case is not None
    bundle = hand_in(cast, campaign, scan(host, rows, actions))
    assert (bundle.state, bundle.problem, bundle.kind) == ("imported", "", "scan")
    case.refresh_from_db()
    assert case.state == state
    note = Note.objects.get()
    assert note.details["findings"] == len(rows)


def test_a_clean_scan_cleans_nothing(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    hand_in(cast, campaign, scan({"name": "PC-01"}, [], []))
    case.refresh_from_db()
    assert case.state == "blind"


@pytest.mark.parametrize(
    "changes", [{"schema": "other/9"}, {"contents": {}}, {"contents": {"findings.jsonl": {}}}]
)
def test_a_hostile_scan_is_refused(changes: dict[str, Any], cast: Cast, campaign: Any) -> None:
    found(cast, campaign, Contact(days={day(-3): 4}))
    bundle = hand_in(cast, campaign, scan({"name": "PC-01"}, [], [], **changes))
    assert bundle.state == "refused"
    assert not Note.objects.exists()


def test_a_scan_of_an_unknown_machine_says_so(cast: Cast, campaign: Any) -> None:
    bundle = hand_in(cast, campaign, scan({"name": "KHAC"}, [], []))
    assert bundle.state == "imported"
    assert bundle.problem


def test_the_numbers_of_any_day_and_subtree(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 10))
    hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-1): 2})]), cast.second)
    now = case_counts(campaign, cast.centre.pk)
    assert (now.found, now.open, now.handled, now.cleaned, now.verified, now.blind) == (2, 1, 1, 1, 1, 0)
    before = case_counts(campaign, cast.first.pk, day(-11))
    assert (before.found, before.cleaned) == (0, 0), "the unit was not in the tree then"
    by_child = case_counts_by_child(campaign, cast.centre.pk)
    assert {unit: (row.found, row.verified) for unit, row in by_child.items()} == {
        cast.first.pk: (1, 1),
        cast.second.pk: (1, 0),
    }
    assert case_counts(campaign, cast.other.pk).found == 0
    assert case_counts(campaign, cast.root.pk).found == 2


def test_every_day_has_one_state(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    spans = list(Span.objects.filter(case=case, known_until=None))
    assert all(one.valid_until == two.valid_from for one, two in pairwise(spans))
    assert spans[0].valid_from == day(-19)


def test_a_parent_sees_no_names_until_the_unit_grants_it(cast: Cast) -> None:
    case = sample_case(cast)
    above, own = cast.client("coordinator"), cast.client("officer")
    for path in ("/office/cases/", f"/office/cases/{case.pk}/", "/office/cases/export/"):
        hidden = b"".join(above.get(path)).decode()
        assert "PC-01" not in hidden, path
        assert "10.1.2.3" not in hidden, path
        assert case.number in hidden, path
        assert "PC-01" in b"".join(own.get(path)).decode(), path
    assert above.get(f"/office/findings/devices/{case.device_id}/").status_code == 403
    assert 'name="case"' not in above.get("/office/cases/?q=PC-01").content.decode()
    assert 'name="case"' in own.get("/office/cases/?q=PC-01").content.decode()
    grant = {"what": "grant", "to": cast.centre.pk, "days": 3, "reason": "Hỗ trợ"}
    own.post(f"/office/privacy/cases/{case.pk}/", grant)
    assert "PC-01" in above.get(f"/office/cases/{case.pk}/").content.decode()
    Grant.objects.update(until=timezone.now())
    assert "PC-01" not in above.get(f"/office/cases/{case.pk}/").content.decode()
    assert Entry.objects.filter(action="case.viewed").exists()
    assert Entry.objects.filter(action="cases.exported").exists()


def test_many_at_once(cast: Cast, campaign: Any) -> None:
    keys = [f"mac:02:00:00:00:01:{number:02x}" for number in range(5)]
    hand_in(
        cast, campaign, findings([device(key) for key in keys], [Contact(key, {day(-2): 3}) for key in keys])
    )
    numbers = list(Case.objects.values_list("pk", flat=True))
    other = sample_stranger(cast)
    client = cast.client("officer")
    client.post("/office/cases/many/?show=open", {"case": [*numbers, other], "what": "working", "why": ""})
    assert Case.objects.filter(state="working").count() == 5
    assert Case.objects.get(pk=other).state == "new"
    page = client.get("/office/cases/?show=working").content.decode()
    assert page.count('name="case"') == 5
    client.post("/office/cases/many/", {"case": numbers, "what": "cleaned", "why": ""})
    assert not Case.objects.filter(state="cleaned").exists(), "a reason is missing"


def sample_stranger(cast: Cast) -> int:
    campaign = dispatch(cast).campaign
    hand_in(cast, campaign, findings([device(ONE)], [Contact(days={day(-1): 2})]), cast.other)
    return int(Case.objects.get(unit=cast.other).pk)


def test_the_person_gets_a_letter_and_answers(cast: Cast) -> None:
    case = sample_case(cast)
    client = cast.client("officer")
    form = {"person_name": "Nguyễn Văn Thử", "person_email": "thu@person.example", "write": "1"}
    client.post(f"/office/cases/{case.pk}/person/", form)
    case.refresh_from_db()
    assert case.state == "told"
    letter = Letter.objects.get(kind="machine")
    assert letter.to == "thu@person.example"
    from lamsach.portal.mail.letters import render

    subject, text = render(letter)
    assert case.number in subject
    assert letter.context["address"] in text
    token = letter.context["address"].split("/m/")[1].strip("/")
    from django.test import Client

    anybody = Client()
    page = anybody.get(f"/m/{token}/")
    assert page.status_code == 200
    assert "PC-01" not in page.content.decode(), "a forwarded link reveals no name"
    thanks = anybody.post(f"/m/{token}/", {"what": "ran", "words": "<script>"}, follow=True)
    assert "cases/person_thanks.html" in [template.name for template in thanks.templates]
    note = Note.objects.get()
    assert note.text == people.ANSWERS["ran"]
    case.refresh_from_db()
    assert case.state == "told", "an answer is a note, not a proof"
    shown = client.get(f"/office/cases/{case.pk}/").content.decode()
    assert "&lt;script&gt;" in shown
    assert anybody.get(f"/m/{token}x/").status_code == 404


def test_a_file_is_kept_and_only_the_unit_gets_it(cast: Cast) -> None:
    case = sample_case(cast)
    client = cast.client("officer")
    file = SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.7 x")
    client.post(f"/office/cases/{case.pk}/notes/", {"text": "Biên bản", "file": file})
    note = Note.objects.get()
    got = client.get(f"/office/cases/files/{note.pk}/")
    assert b"".join(got) == b"%PDF-1.7 x"
    assert cast.client("coordinator").get(f"/office/cases/files/{note.pk}/").status_code == 403
    bad = SimpleUploadedFile("a.exe", b"MZ")
    client.post(f"/office/cases/{case.pk}/notes/", {"text": "", "file": bad})
    assert Note.objects.count() == 1


def test_rules_of_the_campaign(cast: Cast, campaign: Any) -> None:
    case = cleaned(cast, campaign)
    cover(case, range(1, 4))
    client = cast.client("coordinator")
    client.post(
        f"/office/campaigns/{campaign.pk}/machines/rules/",
        {"quiet_days": 3, "alive_days": 3, "blind_after": 2},
    )
    work()
    case.refresh_from_db()
    assert case.state == "verified"
    assert client.get(f"/office/campaigns/{campaign.pk}/machines/?day=2022-99-99").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/office/cases/?severity=9&campaign=x&unit=99999999999999999999&show=nix&q=%27",
        "/office/cases/export/?q==1",
    ],
)
def test_strange_filters_are_harmless(path: str, cast: Cast) -> None:
    assert cast.client("officer").get(path).status_code == 200


def test_exported_texts_are_no_formulas(cast: Cast, campaign: Any) -> None:
    hand_in(
        cast,
        campaign,
        findings([device("name:=cmd|1", name="=cmd|1")], [Contact("name:=cmd|1", {day(-2): 3})]),
    )
    text = b"".join(cast.client("officer").get("/office/cases/export/")).decode()
    assert "'=cmd|1" in text


def test_every_state_has_a_look_and_its_steps() -> None:
    assert set(states.TONES) == set(CaseState) == set(ALLOWED)
