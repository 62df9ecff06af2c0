"""Playbooks of cases: kinds of malware, built-in steps, versions, ticks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.model.threat_kinds import kind_of
from lamsach.portal.audit.models import Entry
from lamsach.portal.cases import playbooks
from lamsach.portal.cases.models import Case, CaseState, Note, Playbook, Step, ThreatKind, Tick
from lamsach.portal.cases.upkeep import recompute

from .bundles import day
from .conftest import Cast

pytestmark = pytest.mark.django_db
S = CaseState
K = ThreatKind
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


@pytest.mark.parametrize(("threat", "kind"), KINDS)
def test_the_name_tells_the_kind(threat: str, kind: ThreatKind) -> None:
    assert kind_of(threat) == kind


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


def test_the_kind_can_be_chosen_and_stays(case: Case, cast: Cast) -> None:
    assert case.kind == "botnet"
    cast.client("officer").post(f"/office/cases/{case.pk}/kind/", {"kind": "stealer"})
    recompute([case])
    assert (case.kind, case.kind_chosen) == ("stealer", True)
    assert playbooks.followed(case).items[1].key == "passwords"


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


def test_the_history_of_ticks_cannot_be_changed(case: Case, cast: Cast) -> None:
    cast.client("officer").post(f"/office/cases/{case.pk}/ticks/", {"step": "isolate", "done": "1"})
    with pytest.raises(LamsachError):
        Tick.objects.get().save()
