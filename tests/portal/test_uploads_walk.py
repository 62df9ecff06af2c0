"""Every address that accepts a file, identified by its view's code: files are read outside of transactions.

A workbook bomb is refused before anything is built from it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import openpyxl
import pytest
from django.contrib.messages import constants
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.forms import FileField
from django.forms.forms import DeclarativeFieldsMetaclass
from django.test import Client

from lamsach.errors import LimitError
from lamsach.portal.api.access import issue
from lamsach.portal.jobs.models import Job, JobState
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.support import desk
from lamsach.portal.traces.models import Trace, TraceFile
from lamsach.portal.web.interface import api
from lamsach.portal.worker import load_tasks
from tests.channels.edxml_samples import dispatch as written

from . import bundles, samples
from .conftest import Cast
from .edxml_exchange import key_file
from .exchange_pair import made, partners
from .test_access_walk import ALL, filled
from .test_reports_received import form_of, paper
from .test_uploads import BOMBS
from .transaction_watch import watch
from .walk import stop

_TAKE = {"FILES", "body", "store_upload"}
"""Attributes of a request with its body, and the function of `base.forms` that stores its file."""
_PIECES = {"add_piece", "piece"}
"""Names used by views that receive files in pieces."""


def _reached(function: Any) -> set[str]:
    """Names of attributes and functions used by a view, including its module's functions that it calls."""
    module = sys.modules[function.__module__]
    bodies = {node.name: node for node in _tree(module).body if isinstance(node, ast.FunctionDef)}
    open_, seen, names = [function.__name__], set(), set()
    while open_:
        if (name := open_.pop()) in seen or name not in bodies:
            continue
        seen.add(name)
        for node in ast.walk(bodies[name]):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "request":
                names.add(node.attr)
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                names.add(called)
                open_.append(called)
    return names


@functools.cache
def _tree(module: Any) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _views() -> dict[str, set[str]]:
    found = {}
    for path, pattern in ALL:
        view = inspect.unwrap(pattern.callback)
        if view.__module__.startswith("lamsach.") and (names := _reached(view)) & (_TAKE | _PIECES):
            found[path] = names
    for _, router in api._routers:
        for path, addressed in router.path_operations.items():
            for one in addressed.operations:
                if (names := _reached(inspect.unwrap(one.view_func))) & (_TAKE | _PIECES):
                    found["api" + path] = names
    return found


TAKING = _views()


def _pdf(name: str = "a.pdf") -> Any:
    return SimpleUploadedFile(name, b"%PDF-1.7 made up")


def _text(name: str, text: str) -> Any:
    return SimpleUploadedFile(name, text.encode())


def _planned(cast: Cast) -> Any:
    return {"naming": "counts", "every": "24", "organ_id": "", "url": "",
        "key_file": SimpleUploadedFile("a.p12", key_file("Don vi A")),
        "key_password": "mat khau"}  # fmt: skip


def _exchange(cast: Cast) -> Any:
    samples.dispatch(cast)
    down, _up = partners(cast)
    return SimpleUploadedFile("a.zip", made(down, cast.people["coordinator"]).read_bytes())


def _bundle(cast: Cast) -> bytes:
    one = bundles.device("mac:02:00:00:00:00:09", name="PC-09")
    return bundles.packed(bundles.findings([one], [bundles.Contact(days={bundles.day(-3): 4})])).getvalue()


def _signed(cast: Cast) -> dict[str, Any]:
    pytest.importorskip("pyhanko")
    from tests.letters.test_signature import key_file

    Report.objects.update(state=ReportState.APPROVED)
    return {"key": SimpleUploadedFile("khoa.p12", key_file()), "password": "mat khau"}


def _scanned(cast: Cast) -> dict[str, Any]:
    Report.objects.update(state=ReportState.APPROVED)
    return {"file": _pdf()}


def _drafted(name: str) -> Callable[[Cast], dict[str, Any]]:
    def fields(cast: Cast) -> dict[str, Any]:
        from lamsach.portal.campaigns.models import Dispatch

        Dispatch.objects.update(sent=None)
        return {"file": _pdf(name)}

    return fields


def _traced(cast: Cast) -> dict[str, Any]:
    TraceFile.objects.all().delete()
    Trace.objects.update(listed=None)
    files = {
        "lists": _text("a.txt", LIST),
        "inventory": _text("b.csv", MACHINES),
        "logs": _text("c.log", NAT),
    }
    return {**files, "what": "begin"}


_TOOL = {"name": "A", "publisher": "B", "licence": "C", "systems": "D", "purpose": "E", "version": "1"}
_ASK = {
    "name": "A", "email": "a@person.example", "subject": "Máy chậm quá", "text": "Xin giúp", "offered": "yes",
    "unit_code": "G06.12.01", "phone": "", "once": "x" * 40,
}  # fmt: skip
PEOPLE = "Họ tên,Email\nTrần Văn Thử,thu@person.example\n"
UNITS = "Mã,Tên,Mã cấp trên\nG06.12.07,Phòng Bảy,G06.12\n"
MACHINES = "Tên máy,MAC,Bộ phận\nPC-01,,Kế toán\n"
NAT = "2026-11-10T08:00:00+07:00 fw id=1 srcip=10.1.1.5 transip=203.0.113.7\n"
LIST = "203.0.113.7\n203.0.113.8\n"

Fields = Callable[[Cast], dict[str, Any]]
FORMS: dict[str, tuple[str, str, Fields]] = {
    "office/tools/": ("authority", "file", lambda cast: {**_TOOL, "file": _pdf()}),
    "office/tools/<int:tool_number>/": ("authority", "file", lambda cast: {**_TOOL, "file": _pdf()}),
    "office/campaigns/<int:campaign_id>/lists/": ("coordinator", "file",
        lambda cast: {"file": _text("a.txt", LIST)}),
    "office/campaigns/<int:campaign_id>/materials/": ("coordinator", "file",
        lambda cast: {"title": "A", "file": _pdf()}),
    "office/dispatches/<int:dispatch_id>/files/": ("coordinator", "file", _drafted("a.pdf")),
    "office/answers/<int:recipient_id>/": (
        "officer", "evidence",
        lambda cast: {"kind": "deployed", "day": bundles.day(0).isoformat(), "note": "", "evidence": _pdf()},
    ),
    "help/": ("", "attached", lambda cast: {**_ASK, "attached": _pdf()}),
    "q/<str:token>/": ("", "attached", lambda cast: {"text": "Thêm", "attached": _pdf()}),
    "office/awareness/<int:campaign_id>/<int:unit_id>/": ("officer", "file",
        lambda cast: {"told": "on", "file": _text("a.csv", PEOPLE)}),
    "office/findings/": (
        "officer", "file",
        lambda cast: {"unit": cast.first.pk, "campaign": samples.dispatch(cast).campaign_id,
            "file": SimpleUploadedFile("a.zip", _bundle(cast))},
    ),
    "office/findings/hunts/<int:hunt_id>/": ("officer", "logs",
        lambda cast: {"logs": _text("a.log", "x\n" * 9)}),
    "office/findings/traces/<int:trace_id>/": ("officer", "lists", _traced),
    "office/cases/<int:case_id>/ticks/": ("officer", "file",
        lambda cast: {"step": "isolate", "done": "on", "text": "", "file": _pdf()}),
    "office/cases/<int:case_id>/notes/": ("officer", "file", lambda cast: {"text": "A", "file": _pdf()}),
    "office/fleet/inventory/<int:fleet_unit_id>/": ("officer", "file",
        lambda cast: {"file": _text("a.csv", MACHINES)}),
    "office/reports/<int:report_id>/read/": (
        "officer", "file", lambda cast: {"file": SimpleUploadedFile("a.docx", paper(form_of(cast)))},
    ),
    "office/reports/<int:report_id>/scan/": ("officer", "file", _scanned),
    "office/reports/<int:report_id>/sign/": ("officer", "key", _signed),
    "office/campaigns/<int:campaign_id>/received/": (
        "coordinator", "file", lambda cast: {"file": SimpleUploadedFile("a.docx", paper(form_of(cast)))},
    ),
    "office/edxml/": (
        "coordinator", "edxml",
        lambda cast: {"unit": cast.centre.pk, "edxml": SimpleUploadedFile("a.edxml", written().encode())},
    ),
    "office/edxml/connections/<int:connection_id>/": (
        "coordinator", "key",
        lambda cast: {"what": "key", "password": "mat khau",
            "key": SimpleUploadedFile("a.p12", key_file("Don vi A"))},
    ),
    "office/malware-reports/units/<int:own_unit_id>/": ("officer", "key_file", _planned),
    "office/exchange/": ("coordinator", "file", lambda cast: {"file": _exchange(cast)}),
    "office/blocklists/<int:kept_list_id>/documents/": ("coordinator", "file",
        lambda cast: {"file": _text("a.txt", LIST)}),
    "office/people/invite/sheet/": (
        "coordinator", "file",
        lambda cast: {"file": _text("a.csv", "Email,Mã đơn vị\na@unit.example,G06.12\n")},
    ),
    "office/units/import/": ("coordinator", "file", lambda cast: {"file": _text("a.csv", UNITS)}),
}  # fmt: skip
"""By address: sender, field of the file, and a valid form."""
PIECES = {
    "office/findings/hunts/<int:hunt_id>/files/<int:hunt_file_id>/",
    "office/findings/traces/<int:trace_id>/files/<int:trace_file_id>/",
    "api/campaigns/{campaign_id}/findings/{sha256}",
}
READS_WORKBOOKS = {
    "office/campaigns/<int:campaign_id>/lists/",
    "office/awareness/<int:campaign_id>/<int:unit_id>/",
    "office/findings/traces/<int:trace_id>/",
    "office/fleet/inventory/<int:fleet_unit_id>/",
    "office/reports/<int:report_id>/read/",
    "office/campaigns/<int:campaign_id>/received/",
    "office/blocklists/<int:kept_list_id>/documents/",
    "office/units/import/",
}


def test_every_view_that_takes_a_file_is_walked() -> None:
    assert set(TAKING) == set(FORMS) | PIECES


def test_every_form_with_a_file_is_one_of_a_view_that_is_walked() -> None:
    used = set().union(*TAKING.values())
    forms = {
        name: kind
        for module in [found for path, found in sys.modules.items() if path.startswith("lamsach.portal.")]
        for name, kind in vars(module).items()
        if isinstance(kind, DeclarativeFieldsMetaclass) and kind.__module__ == module.__name__
    }
    fields = {
        name: {key for key, field in kind.base_fields.items() if isinstance(field, FileField)}
        for name, kind in forms.items()
    }
    with_files = {name for name, files in fields.items() if files}
    assert len(with_files) >= 14
    assert with_files <= used


class _Watch:
    """Transactions open while a file is read, recorded from `begin` on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.around, self.read = 1000, 0
        watch(monkeypatch, self._is_open)

    def _is_open(self) -> bool:
        self.read += 1
        return len(connection.atomic_blocks) > self.around

    def begin(self) -> None:
        self.around, self.read = len(connection.atomic_blocks), 0

    def rest(self) -> None:
        self.around = 1000


@pytest.fixture
def watched(db: Any, monkeypatch: pytest.MonkeyPatch) -> _Watch:
    load_tasks()
    return _Watch(monkeypatch)


def _address(path: str, cast: Cast) -> str:
    if "<str:token>" in path:
        return urlsplit(desk.address_of(samples.question(cast))).path
    return filled(path, cast)


def _client(cast: Cast, name: str) -> Client:
    return cast.client(name) if name else Client()


def _work(since: int) -> list[Job]:
    """Run the queued jobs; returns those that failed."""
    while run_next():
        pass
    return list(Job.objects.filter(pk__gt=since, state=JobState.FAILED))


def _last() -> int:
    return Job.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def test_no_transaction_is_open_while_an_upload_is_read(cast: Cast, watched: _Watch) -> None:
    for path, (name, _field, fields) in FORMS.items():
        with stop(path):
            watched.rest()
            address, sent = _address(path, cast), fields(cast)
            last, client = _last(), _client(cast, name)
            watched.begin()
            answer = client.post(address, sent)
            assert answer.status_code == 302 or (
                path in ("help/", "office/reports/<int:report_id>/read/", "office/people/invite/sheet/")
                and answer.status_code == 200
            ), (answer.status_code, _problems(answer))
            assert _errors(client) == [], path
            assert watched.read, "the file was not read"
            assert _work(last) == []


def _errors(client: Client) -> list[str]:
    """Errors shown on the next page."""
    response = client.get("/office/", follow=True)
    return (
        [str(one) for one in response.context["messages"] if one.level >= constants.ERROR]
        if response.context and "messages" in response.context
        else []
    )


def _problems(answer: Any) -> Any:
    form = (answer.context or {}).get("form")
    return form.errors if form is not None else answer.content[:500]


def test_no_transaction_is_open_while_pieces_become_a_whole(cast: Cast, watched: _Watch) -> None:
    with stop("pieces"):
        data = _bundle(cast)
        campaign = samples.dispatch(cast).campaign
        token = issue(cast.first, "máy quét", cast.people["officer"])
        sha256 = hashlib.sha256(data).hexdigest()
        watched.begin()
        answer = Client().put(
            f"/api/campaigns/{campaign.pk}/findings/{sha256}?offset=0&size={len(data)}",
            data, content_type="application/octet-stream", headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert json.loads(answer.content)["received"] == len(data)
        assert _work(0) == []


def test_a_bomb_is_refused_at_every_address(
    cast: Cast, watched: _Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = BOMBS["one row of many cells"]()
    refused: list[str] = []

    def built(*_: Any, **__: Any) -> Any:
        raise AssertionError("openpyxl was given the bomb")

    def limit(self: LimitError, *args: Any) -> None:
        refused.append(args[0])
        super(LimitError, self).__init__(*args)

    for path, (name, field, fields) in FORMS.items():
        with stop(path), monkeypatch.context() as patched:
            watched.rest()
            address, sent = _address(path, cast), fields(cast)
            sent[field] = SimpleUploadedFile("a.xlsx", bomb)
            client, last = _client(cast, name), _last()
            patched.setattr(openpyxl, "load_workbook", built)
            patched.setattr(LimitError, "__init__", limit)
            refused.clear()
            watched.begin()
            assert client.post(address, sent).status_code < 500
            _work(last)
            assert bool(refused) >= (path in READS_WORKBOOKS), "the bomb was not refused"
