"""Case work: playbooks and their versions, ticks, threats, assignees, reminders, views, search, letter."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation

from lamsach.errors import InputError
from lamsach.model.threat_kinds import kind_of
from lamsach.portal.audit.models import Entry
from lamsach.portal.base.working_time import add_working_hours, is_working_day
from lamsach.portal.cases import playbooks, tasks
from lamsach.portal.cases.models import (
    Case,
    CaseState,
    Note,
    Playbook,
    Reminder,
    SavedView,
    Step,
    ThreatKind,
    Tick,
)
from lamsach.portal.cases.search import fold, terms
from lamsach.portal.cases.upkeep import move, recompute
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.models import Unit

from .bundles import Contact, day, device, findings, hand_in
from .conftest import Cast, remembered
from .samples import case as sample_case

pytestmark = pytest.mark.django_db
S = CaseState
K = ThreatKind


@pytest.fixture
def case(cast: Cast) -> Case:
    return remembered("case", lambda: sample_case(cast))  # type: ignore[no-any-return]


KINDS = [
    ("Mirai", K.BOTNET),
    ("Trojan.Win32.Zbot", K.BOTNET),
    ("Botnet Ví Dụ", K.BOTNET),
    ("RedLine Stealer", K.STEALER),
    ("Lumma", K.STEALER),
    ("AgentTesla", K.STEALER),
    ("XMRig", K.MINER),
    ("CoinMiner", K.MINER),
    ("Qakbot", K.RANSOM),
    ("Cobalt Strike", K.RANSOM),
    ("Ransomware.LockBit", K.RANSOM),
    ("SmokeLoader", K.LOADER),
    ("SocGholish (FakeUpdates)", K.LOADER),
    ("KMSPico", K.LOADER),
    ("Mã độc chưa rõ", K.UNKNOWN),
    ("robotics", K.UNKNOWN),
    ("", K.UNKNOWN),
]


@pytest.mark.one_date
@pytest.mark.parametrize(("threat", "kind"), KINDS)
def test_the_name_tells_the_kind(threat: str, kind: ThreatKind) -> None:
    assert kind_of(threat) == kind


@pytest.mark.one_date
@pytest.mark.parametrize("kind", list(ThreatKind))
def test_every_kind_has_a_playbook_in_both_languages(kind: ThreatKind) -> None:
    steps = [tuple(step.values()) for step in playbooks.built_in(kind)]
    keys = [step[0] for step in steps]
    assert len(keys) == len(set(keys)) >= 7
    assert {"isolate", "evidence", "scan", "remove", "passwords", "patch", "recheck"} <= set(keys)
    for _key, vi, en, vi_how, en_how in steps:
        assert all((vi, en, vi_how, en_how))
        assert not any("!" in text for text in (vi, en, vi_how, en_how))
        assert any(letter in "ăâđêôơưáàảãạếềệốồộớờợứừựấầậắằặíìịúùụýỳ" for letter in vi_how.lower())
        assert en_how.isascii()


@pytest.mark.one_date
def test_a_step_is_ticked_with_a_note_and_a_file(case: Case, cast: Cast) -> None:
    client = cast.client("officer")
    page = client.get(f"/office/cases/{case.pk}/").content.decode()
    assert "0 of 8 steps done" in page
    file = SimpleUploadedFile("ket-qua.txt", b"quet xong")
    client.post(
        f"/office/cases/{case.pk}/ticks/",
        {"step": "isolate", "done": "1", "text": "Đã rút mạng", "file": file},
    )
    note = Note.objects.get()
    tick = Tick.objects.get()
    assert (tick.step, tick.done, tick.version, tick.note, tick.who) == ("isolate", True, 0, note, "Officer")
    assert (note.text, note.file_name) == ("Đã rút mạng", "ket-qua.txt")
    assert "1 of 8 steps done" in client.get(f"/office/cases/{case.pk}/").content.decode()
    client.post(f"/office/cases/{case.pk}/ticks/", {"step": "isolate"})
    assert "0 of 8 steps done" in client.get(f"/office/cases/{case.pk}/").content.decode()
    assert Tick.objects.count() == 2, "ticks remain in the history"
    assert Entry.objects.filter(action="case.ticked").exists()


@pytest.mark.one_date
def test_a_step_that_is_not_there_is_refused(case: Case, cast: Cast) -> None:
    cast.client("officer").post(f"/office/cases/{case.pk}/ticks/", {"step": "made-up", "done": "1"})
    assert not Tick.objects.exists()


def form_of(steps: list[dict[str, str]], basis: int, **changes: str) -> dict[str, Any]:
    """Fields submitted by the editor's page."""
    data: dict[str, Any] = {
        "form-TOTAL_FORMS": len(steps),
        "form-INITIAL_FORMS": len(steps),
        "basis": basis,
    }
    for number, step in enumerate(steps):
        data |= {f"form-{number}-{name}": value for name, value in step.items()}
        data[f"form-{number}-ORDER"] = number + 1
    return data | changes


@pytest.mark.one_date
def test_the_coordinator_changes_a_playbook_and_machines_keep_theirs(case: Case, cast: Cast) -> None:
    address = f"/office/campaigns/{case.campaign_id}/playbooks/botnet/"
    officer, coordinator = cast.client("officer"), cast.client("coordinator")
    assert coordinator.get(address).status_code == 200
    officer.post(f"/office/cases/{case.pk}/ticks/", {"step": "isolate", "done": "1"})
    steps = playbooks.steps_of(case.campaign_id, "botnet", 0)
    steps.append({"key": "", "vi": "Gọi trực ban", "en": "Call the duty officer", "vi_how": "", "en_how": ""})
    sent = form_of(steps, 0, **{"form-1-DELETE": "1"})
    assert coordinator.post(address, sent).status_code == 302
    made = Playbook.objects.get()
    keys = [step["key"] for step in made.steps]
    assert made.version == 1
    assert keys == [
        "isolate",
        "network",
        "scan",
        "remove",
        "passwords",
        "patch",
        "recheck",
        "call-the-duty-officer",
    ]
    unchanged = playbooks.followed(case)
    assert (unchanged.version, unchanged.newest, unchanged.count) == (0, 1, 1)
    assert coordinator.post(address, sent).status_code == 200, "somebody else saved meanwhile"
    assert Playbook.objects.count() == 1
    assert officer.post(address, sent).status_code == 403
    Tick.objects.all()._raw_delete("default")
    assert playbooks.followed(case).version == 1
    page = officer.get(f"/office/cases/{case.pk}/").content.decode()
    assert "Call the duty officer" in page


@pytest.mark.one_date
def test_the_kind_can_be_chosen_and_stays(case: Case, cast: Cast) -> None:
    assert case.kind == "botnet"
    cast.client("officer").post(f"/office/cases/{case.pk}/kind/", {"kind": "stealer"})
    recompute([case])
    assert (case.kind, case.kind_chosen) == ("stealer", True)
    assert playbooks.followed(case).items[1].key == "passwords"


@pytest.mark.one_date
def test_after_a_reinfection_the_playbook_begins_anew(case: Case, cast: Cast) -> None:
    cast.client("officer").post(f"/office/cases/{case.pk}/ticks/", {"step": "isolate", "done": "1"})
    Step.objects.bulk_create(
        [
            Step(
                case=case,
                at=timezone.now() + timedelta(seconds=1),
                day=day(0),
                after=S.REINFECTED,
                computed=True,
            )
        ]
    )
    book = playbooks.followed(case)
    assert (book.count, book.again) == (0, True)


@pytest.mark.one_date
def test_somebody_takes_a_case_on(case: Case, cast: Cast) -> None:
    client = cast.client("officer")
    officer, stranger = cast.people["officer"], cast.people["stranger"]
    client.post(f"/office/cases/{case.pk}/assign/", {"to": officer.pk})
    case.refresh_from_db()
    assert case.assignee == officer
    with translation.override("en"):
        assert Note.objects.get().display_text == "It is handled by Officer now."
    client.post(f"/office/cases/{case.pk}/assign/", {"to": stranger.pk})
    case.refresh_from_db()
    assert case.assignee == officer, "a stranger may not act for the unit"
    assert 'name="case"' in client.get("/office/cases/?mine=1").content.decode()
    client.post("/office/cases/many/", {"case": case.pk, "what": "nobody"})
    case.refresh_from_db()
    assert case.assignee_id is None
    cast.client("coordinator").post("/office/cases/many/", {"case": case.pk, "what": "mine"})
    case.refresh_from_db()
    assert case.assignee == cast.people["coordinator"]


def working(hour: int) -> datetime:
    """A future moment on a working day, on the portal's clock."""
    at = timezone.localdate() + timedelta(days=30)
    while not (
        is_working_day(at)
        and is_working_day(at + timedelta(days=1))
        and is_working_day(at + timedelta(days=2))
    ):
        at += timedelta(days=1)
    return timezone.make_aware(datetime.combine(at, time(hour)))


def test_reminders_go_once_and_then_upwards(case: Case, cast: Cast) -> None:
    due = working(11)
    Case.objects.update(due=due)
    Letter.objects.all().delete()
    assert tasks.remind(due - timedelta(hours=20)) == 0
    assert tasks.remind(due - timedelta(hours=2)) == 1
    assert tasks.remind(due - timedelta(hours=1)) == 0, "once"
    letter = Letter.objects.get()
    assert (letter.kind, letter.to) == ("case_due", "mot@unit.example"), (
        "without an assignee, the unit is notified"
    )
    assert "PC-01" not in "".join(render(letter)), "e-mails contain no machine name"
    Case.objects.update(assignee=cast.people["officer"])
    assert tasks.remind(due + timedelta(minutes=5)) == 1
    late = Letter.objects.latest("pk")
    assert (late.to, late.language) == ("officer@person.example", "en")
    assert render(late)[0] == "Machines overdue: 1"
    assert case.number in render(late)[1]
    above = add_working_hours(due, tasks.ESCALATED_HOURS)
    assert tasks.remind(above - timedelta(minutes=5)) == 0
    assert tasks.remind(above + timedelta(minutes=5)) == 1
    reminder = Letter.objects.latest("pk")
    assert (reminder.kind, reminder.to, reminder.unit) == ("case_above", "a@unit.example", cast.centre)
    assert "Phòng Một" in render(reminder)[1]
    assert tasks.remind(above + timedelta(days=1)) == 0
    assert Case.objects.get().reminded == Reminder.ABOVE


def test_no_reminder_on_a_day_off_or_for_what_is_done(case: Case, cast: Cast) -> None:
    Letter.objects.all().delete()
    Case.objects.update(due=timezone.now() - timedelta(days=30))
    sunday = timezone.localdate() + timedelta(days=(6 - timezone.localdate().weekday()) % 7)
    assert tasks.remind(timezone.make_aware(datetime.combine(sunday, time(10)))) == 0
    Case.objects.update(state=S.CLEANED)
    assert tasks.remind(working(10)) == 0
    Case.objects.update(state=S.NEW)
    Unit.objects.update(email="")
    assert tasks.remind(working(10)) == 0


def test_a_reinfected_case_is_due_again(case: Case, cast: Cast) -> None:
    Step.objects.filter(case=case).update(at=timezone.now() - timedelta(days=3), day=day(-3))
    Case.objects.update(due=timezone.now() - timedelta(days=9), reminded=Reminder.ABOVE)
    at = timezone.now() - timedelta(days=2)
    Step.objects.bulk_create([Step(case=case, at=at, day=day(-2), before="new", after=S.CLEANED)])
    hand_in(cast, case.campaign, findings([device("mac:02:00:00:00:00:01")], [Contact(days={day(-1): 3})]))
    case.refresh_from_db()
    assert case.state == "reinfected"
    assert case.due > timezone.now()
    assert case.reminded == Reminder.NONE


@pytest.mark.one_date
def test_views_are_kept_and_are_ones_own(case: Case, cast: Cast) -> None:
    client = cast.client("officer")
    sent = {"name": "Gấp", "query": "show=late&severity=1&page=7&evil=%3Cscript%3E"}
    assert client.post("/office/cases/views/", sent).status_code == 302
    view = SavedView.objects.get()
    assert view.query == "severity=1&show=late"
    assert "Gấp" in client.get("/office/cases/").content.decode()
    assert "Gấp" not in cast.client("coordinator").get("/office/cases/").content.decode()
    assert cast.client("coordinator").post(f"/office/cases/views/{view.pk}/delete/").status_code == 404
    client.post(f"/office/cases/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


SEARCHES = [
    ("officer", "pc-01", True),
    ("officer", "10.1.2", True),
    ("officer", "bot-c2", True),
    ("officer", "PHONG MOT", True),
    ("officer", "phòng một pc-01", True),
    ("officer", "ví dụ", True),
    ("officer", "rut mang", True),
    ("officer", "pc-01 khong co", False),
    ("officer", "%", False),
    ("coordinator", "bot-c2", True),
    ("coordinator", "phong mot", True),
    ("coordinator", "pc-01", False),
    ("coordinator", "rut mang", False),
    ("stranger", "bot-c2", False),
]


@pytest.mark.one_date
@pytest.mark.parametrize(("who", "text", "hit"), SEARCHES)
def test_the_search_finds_cases_by_rights(who: str, text: str, hit: bool, case: Case, cast: Cast) -> None:
    cast.client("officer").post(f"/office/cases/{case.pk}/notes/", {"text": "Đã rút mạng"})
    page = cast.client(who).get("/office/cases/", {"show": "all", "q": text}).content.decode()
    assert (f"/office/cases/{case.pk}/" in page) == hit


@pytest.mark.one_date
@pytest.mark.parametrize("prefix", ["", "m", "M", "0000", "M000"])
def test_the_search_by_number(prefix: str, case: Case, cast: Cast) -> None:
    page = cast.client("coordinator").get("/office/cases/", {"show": "all", "q": f"{prefix}{case.pk}"})
    assert f"/office/cases/{case.pk}/" in page.content.decode()


@pytest.mark.one_date
def test_words_are_folded() -> None:
    assert fold("  Đà\tNẴNG \x00 ") == "da nang"
    assert len(terms("a " * 99)) == 8


def test_the_letter_can_be_printed(case: Case, cast: Cast) -> None:
    from pypdf import PdfReader

    client = cast.client("officer")
    client.post(f"/office/cases/{case.pk}/person/", {"person_name": "Trần Thị Thử", "person_email": ""})
    response = client.get(f"/office/cases/{case.pk}/letter/")
    assert response["Content-Type"] == "application/pdf"
    pages = PdfReader(io.BytesIO(response.content)).pages
    text = pages[0].extract_text().replace("\n", " ")
    assert len(pages) == 1
    for part in ("Dear Trần Thị Thử", "PC-01", case.number, "Tell us here"):
        assert part in text, part
    assert Entry.objects.filter(action="case.letter_printed").exists()
    assert cast.client("coordinator").get(f"/office/cases/{case.pk}/letter/").status_code == 403


@pytest.mark.one_date
def test_paging_gives_each_case_once(case: Case, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from lamsach.portal.cases import views

    monkeypatch.setattr(views, "PER_PAGE", 2)
    devices = [device(f"mac:02:00:00:00:01:{n:02d}") for n in range(4)]
    hand_in(cast, case.campaign, findings(devices, [Contact(one.key, {day(-2): 1}) for one in devices]))
    client, seen = cast.client("officer"), []
    for page in ("1", "2", "3", "99"):
        seen.append([row.pk for row in client.get("/office/cases/", {"page": page}).context["page"]])
    assert sorted(number for page in seen[:3] for number in page) == sorted(
        Case.objects.values_list("pk", flat=True)
    )
    assert seen[3] == seen[2]


@pytest.mark.one_date
@pytest.mark.parametrize(
    "query", ["show=todo", "show=found", "show=handled&day=2022-09-01", "show=x&day=x&unit=x&kind=x"]
)
def test_what_other_pages_count_can_be_listed(query: str, case: Case, cast: Cast) -> None:
    assert cast.client("officer").get(f"/office/cases/?{query}").status_code == 200
    assert cast.client("officer").get(f"/office/cases/export/?{query}").status_code == 200


@pytest.mark.one_date
def test_a_person_cannot_be_given_a_case_of_another_branch(case: Case, cast: Cast) -> None:
    from django.test import RequestFactory

    from lamsach.portal.cases.people import assign

    request = RequestFactory().get("/")
    request.user = cast.people["officer"]
    with pytest.raises(InputError):
        assign(case, cast.people["stranger"], request)


@pytest.mark.one_date
def test_the_history_of_ticks_cannot_be_changed(case: Case, cast: Cast) -> None:
    from lamsach.errors import LamsachError

    cast.client("officer").post(f"/office/cases/{case.pk}/ticks/", {"step": "isolate", "done": "1"})
    with pytest.raises(LamsachError):
        Tick.objects.get().save()


def test_a_case_of_a_past_day_is_listed_by_its_state_then(case: Case, cast: Cast) -> None:
    Step.objects.filter(case=case).update(at=timezone.now() - timedelta(days=5), day=day(-5))
    move(case, S.WORKING, cast.people["officer"])
    listed = {
        (show, when): f"/office/cases/{case.pk}/"
        in cast.client("officer").get("/office/cases/", {"show": show, "day": when}).content.decode()
        for show in ("open", "working")
        for when in (day(-1).isoformat(), "")
    }
    yesterday = day(-1).isoformat()
    assert listed == {
        ("open", yesterday): True,
        ("working", yesterday): False,
        ("open", ""): False,
        ("working", ""): True,
    }
    assert isinstance(day(0), date)
