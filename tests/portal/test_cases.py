"""Cases: findings and scans that open or move one, severity, allowed steps, lists and exports."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import transaction

from lamsach.errors import InputError, LamsachError
from lamsach.model import DeviceState, MatchStatus, Role
from lamsach.portal.cases import states
from lamsach.portal.cases.models import Case, CaseState, Clarification, Note
from lamsach.portal.cases.states import ALLOWED, severity
from lamsach.portal.cases.upkeep import move
from lamsach.portal.findings.models import Sighting

from .bundles import Contact, day, device, findings, hand_in, scan
from .case_samples import found, opened
from .conftest import Cast

pytestmark = pytest.mark.django_db
S = CaseState


def _seen(role: str, count: int, passed: int) -> Sighting:
    return Sighting(role=role, count=count, passed=passed)


SEVERITIES: list[tuple[list[Sighting], int | None]] = [
    ([_seen("outbound", 2, 2)], 1),
    ([_seen("outbound", 1, 1), _seen("outbound", 1, 1)], 1),
    ([_seen("outbound", 9, 1)], 2),
    ([_seen("outbound", 1, 1), _seen("inbound", 50, 50)], 2),
    ([_seen("outbound", 9, 0)], 3),
    ([_seen("resolved", 9, 9)], 4),
    ([_seen("inbound", 9, 9)], None),
    ([], None),
]


@pytest.mark.parametrize(("contacts", "grade"), SEVERITIES)
def test_the_rules_of_severity(contacts: list[Sighting], grade: int | None) -> None:
    assert severity(contacts) == grade


def test_a_finding_makes_one_case(cast: Cast, campaign: Any) -> None:
    case = opened(cast, campaign, Contact(days={day(-3): 4, day(-2): 1}))
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
    case = opened(cast, campaign)
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
    case = opened(cast, campaign)
    with pytest.raises(InputError):
        move(case, S.FALSE_ALARM, cast.people["officer"], "  ")


def test_the_history_cannot_be_changed(cast: Cast, campaign: Any) -> None:
    case = opened(cast, campaign)
    step = case.steps.get()
    with pytest.raises(LamsachError):
        step.save()
    with pytest.raises(LamsachError):
        step.delete()


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
    case = opened(cast, campaign)
    bundle = hand_in(cast, campaign, scan(host, rows, actions))
    assert (bundle.state, bundle.problem, bundle.kind) == ("imported", "", "scan")
    case.refresh_from_db()
    assert case.state == state
    note = Note.objects.get()
    assert note.details["findings"] == len(rows)


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
