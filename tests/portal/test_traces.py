"""Traces from the browser: list and logs in, search in the worker, results and answer letter, deletion."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from lamsach.portal.audit.models import Entry
from lamsach.portal.jobs import queue
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.traces import files
from lamsach.portal.traces.models import Trace, TraceFile
from lamsach.portal.traces.tasks import forget
from tests.trace.unit_logs import make_unit

from .bundles import work
from .conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(cast: Cast) -> Client:
    return cast.client("officer")


@pytest.fixture
def ready(cast: Cast, client: Client) -> Trace:
    """Create a trace of the first room, without files."""
    values = {
        "unit": cast.first.pk,
        "answers": "Công văn số 12/CQA ngày 04/11/2026",
        "addressee": "Cơ quan A",
        "number": "",
    }
    assert client.post("/office/findings/traces/", values).status_code == 302
    return Trace.objects.get()


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    make_unit(tmp_path)
    return tmp_path


def address(trace: Trace) -> str:
    return f"/office/findings/traces/{trace.pk}/"


def upload(client: Client, trace: Trace, unit: Path) -> None:
    logs = [SimpleUploadedFile(name, (unit / "logs" / name).read_bytes()) for name in ("fw.log", "dhcpd.log")]
    client.post(address(trace), {"logs": logs})
    listed, machines = (
        SimpleUploadedFile(name, (unit / name).read_bytes()) for name in ("list.csv", "machines.csv")
    )
    client.post(address(trace), {"lists": listed, "inventory": machines})


def folder(trace: Trace) -> Path:
    """Return the folder of a trace's files."""
    return Path(settings.DATA) / files.folder(trace)


def remaining(trace: Trace) -> list[Path]:
    return [path for path in folder(trace).rglob("*") if path.is_file()]


def test_from_the_form_to_the_answer(ready: Trace, client: Client, unit: Path) -> None:
    assert 'value="begin"' not in client.get(address(ready)).content.decode()
    upload(client, ready, unit)
    assert 'value="begin"' in client.get(address(ready)).content.decode()
    client.post(address(ready), {"what": "begin"})
    client.post(address(ready), {"what": "begin"})
    assert Job.objects.filter(name="traces.trace").count() == 1
    work()
    ready.refresh_from_db()
    assert (ready.listed, ready.explained, ready.machines, ready.problem) == (8, 6, 6, "")
    assert remaining(ready) == []
    assert "names 8, 6 can be explained" in client.get(address(ready)).content.decode()
    shown = client.get(f"{address(ready)}result/")
    text = shown.content.decode()
    assert "PC-00" in text
    assert "Phòng 1" in text, "the inventory was used"
    assert "fw.log" in text
    assert str(folder(ready).parent) not in text, "the server's folders are nobody's business"
    assert "sandbox" in shown["Content-Security-Policy"]
    assert "'unsafe-inline'" not in shown["Content-Security-Policy"]
    assert Entry.objects.filter(action="trace.viewed").exists()


def test_the_letter_states_the_form_and_names_nobody(ready: Trace, client: Client, unit: Path) -> None:
    upload(client, ready, unit)
    client.post(address(ready), {"what": "begin"})
    work()
    answer = client.get(f"{address(ready)}documents/docx/")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    text = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    for name in ("12/CQA", "Cơ quan A", "PHÒNG MỘT", "TRUNG TÂM A"):
        assert name.lower() in text.lower(), name
    assert "PC-0" not in text
    assert "10.1.0." not in text
    assert b"".join(client.get(f"{address(ready)}documents/pdf/").streaming_content).startswith(b"%PDF-")  # type: ignore[attr-defined]
    assert client.get(f"{address(ready)}documents/exe/").status_code == 404
    assert Entry.objects.filter(action="trace.exported").count() == 2


def test_logs_may_be_sent_in_pieces(ready: Trace, client: Client, unit: Path) -> None:
    upload(client, ready, unit)
    log = (unit / "logs" / "fw.log").read_bytes()
    TraceFile.objects.filter(name="fw.log").delete()
    page = client.post(f"{address(ready)}files/", {"name": "../../fw.log", "size": len(log)}).json()

    def piece(offset: int, data: bytes) -> int:
        path = f"{address(ready)}files/{page['file']}/?offset={offset}"
        return client.post(path, data, "application/octet-stream").status_code

    assert piece(0, log[:700]) == 200
    assert piece(0, log[:700]) == 409
    client.post(address(ready), {"what": "begin"})
    assert not Job.objects.filter(name="traces.trace").exists(), "half a log proves nothing"
    assert piece(700, log) == 409, "more than was announced"
    assert piece(700, log[700:]) == 200
    client.post(address(ready), {"what": "begin"})
    work()
    assert Trace.objects.get().explained == 6


@pytest.mark.parametrize("missing", ["list", "log"])
def test_a_trace_needs_list_and_logs(missing: str, ready: Trace, client: Client, unit: Path) -> None:
    upload(client, ready, unit)
    TraceFile.objects.filter(kind=missing).delete()
    client.post(address(ready), {"what": "begin"})
    assert not Job.objects.filter(name="traces.trace").exists()


def test_a_list_without_addresses_is_reported(ready: Trace, client: Client, unit: Path) -> None:
    (unit / "list.csv").write_text("một,hai\nba,bốn\n")
    upload(client, ready, unit)
    client.post(address(ready), {"what": "begin"})
    work()
    ready.refresh_from_db()
    assert ready.problem
    assert remaining(ready) == []
    assert "note-error" in client.get(address(ready)).content.decode()
    assert client.get(f"{address(ready)}result/").status_code == 404


def test_a_trace_can_be_stopped_before_and_while_it_runs(
    ready: Trace, client: Client, unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(client, ready, unit)
    client.post(address(ready), {"what": "begin"})
    step = queue.Progress.step

    def stopped(self: queue.Progress, done: int, total: int = 0) -> None:
        Job.objects.filter(pk=self.job.pk).update(cancel_wanted=done > 0)
        step(self, done, total)

    monkeypatch.setattr(queue.Progress, "step", stopped)
    work()
    assert Job.objects.get(name="traces.trace").state == JobState.CANCELLED
    assert remaining(ready) == []
    second = Trace.objects.create(unit=ready.unit, user=ready.user)
    client.post(address(second), {"what": "stop"})
    second.refresh_from_db()
    assert second.files_deleted is not None


def test_a_trace_can_run_twice(ready: Trace, client: Client, unit: Path) -> None:
    upload(client, ready, unit)
    client.post(address(ready), {"what": "begin"})
    work()
    Job.objects.filter(name="traces.trace").update(state=JobState.QUEUED)
    work()
    assert Job.objects.get(name="traces.trace").state == JobState.DONE
    assert Trace.objects.get().explained == 6


def test_old_results_and_files_are_deleted(ready: Trace, client: Client, unit: Path) -> None:
    upload(client, ready, unit)
    forget()
    assert remaining(ready)
    Trace.objects.update(created=timezone.now() - timedelta(days=8))
    forget()
    assert remaining(ready) == []
    done = Trace.objects.create(unit=ready.unit, user=ready.user, listed=8, explained=6)
    path = default_storage.save(
        files.result_path(done, "html"), SimpleUploadedFile("a.html", b"<html></html>")
    )
    forget()
    assert default_storage.exists(path)
    Trace.objects.update(created=timezone.now() - timedelta(days=4000))
    forget()
    assert not default_storage.exists(path)
    done.refresh_from_db()
    assert (done.listed, done.result_deleted is not None) == (8, True)


def test_the_result_can_be_deleted(ready: Trace, client: Client, unit: Path) -> None:
    upload(client, ready, unit)
    client.post(address(ready), {"what": "begin"})
    work()
    client.post(address(ready), {"what": "delete"})
    assert client.get(f"{address(ready)}result/").status_code == 404
    assert "names 8, 6" in client.get(address(ready)).content.decode(), "the counts stay"


@pytest.mark.parametrize("role", ["coordinator", "reader", "administrator", "stranger"])
def test_only_the_unit_itself_sees_its_traces(role: str, ready: Trace, cast: Cast) -> None:
    assert cast.client(role).get(address(ready)).status_code in (403, 404)
