"""Two portals exchanging edXML files only by folders: a ministry's, and one shared by its sixty units."""

from __future__ import annotations

import shutil
from pathlib import Path

from .edxml_exchange import key_file, pem
from .test_exchange_two_portals import Portal, portal

UNITS = 60
BEGIN = """
import datetime
from lamsach.portal.edxml import actions, carrier, outbox as edxml, secrets
from lamsach.portal.edxml.models import Connection, Message, State
from lamsach.portal.reports import chain, drafts
from lamsach.portal.reports.models import Received, Report
from lamsach.portal.jobs.queue import run_next
from lamsach.portal.worker import load_tasks
from lamsach.portal.mail.models import Letter
from lamsach.portal.units.models import Unit
load_tasks()
rooms = [room] + tree.create_many(
    [Unit(code=f"G06.12.{n:02d}", name=f"Phòng số {n}", parent=centre) for n in range(2, %d + 1)]
)
key, signer = secrets.lock_key(%r, "mat khau")
c = Connection.objects.create(
    unit=centre, name="lien-thong", locked_key=key, certificates=%r, must_be_signed=True, created_by=me
)
def work():
    while run_next():
        pass
    done = carrier.carry(Connection.objects.get())
    while run_next():
        pass
    return done
"""
SEND = """
m = Campaign.objects.create(
    name="Chiến dịch", owner=centre, starts=day(-9), ends=day(20), report_due=day(21), form=default_form()
)
d = Dispatch.objects.create(
    campaign=m,
    issuer=centre,
    number="12/TTCNTT-KTHT",
    day=day(-1),
    subject="V/v làm sạch mã độc",
    deadline=day(9),
    created_by=me,
    once="1",
)
from django.core.files.base import ContentFile
from lamsach.portal.base.uploads import store
held = ContentFile(b"evil.example\\n198.51.100.9\\n", name="danh-sach.txt")
kept = store(held)
Attachment.objects.create(dispatch=d, name=kept.name, path=kept.path, size=kept.size, sha256=kept.sha256)
dispatches.send(d, me)
edxml.queue_dispatch(d, Connection.objects.get(), me)
edxml.queue_dispatch(d, Connection.objects.get(), me)
out = work()
"""
ANSWER = """
dispatch = Dispatch.objects.get()
for number, copy in enumerate(Recipient.objects.filter(dispatch=dispatch).order_by("unit__code")):
    dispatches.take(copy, StepKind.ACKNOWLEDGED, by=me, how=How.PORTAL)
    if number == 2:
        dispatches.take(copy, StepKind.FORWARDED, by=me, how=How.PORTAL)
    if number < 20:
        dispatches.take(copy, StepKind.DEPLOYED, by=me, how=How.PORTAL, note="Đã phát động")
    if number == 1:
        from lamsach.portal.campaigns.dispatches import take_back
        take_back(copy, me, how=How.PORTAL, reason="Nhầm")
out = work()
"""
REPORT = """
for number, unit in enumerate(rooms[:2], 1):
    report = drafts.begin(dispatch.campaign, unit, me)
    for action in ("submit", "approve"):
        report.refresh_from_db()
        chain.take(report, chain.Action(action), me, freeze=drafts.freeze if action == "submit" else None)
    Report.objects.filter(pk=report.pk).update(number=number, symbol="BC-P1", day=day(0))
    report.refresh_from_db()
    chain.take(report, chain.Action("send"), me)
out = work()
"""
STATES = """
rows = Recipient.objects.filter(dispatch=d)
out = [rows.filter(**{f"{name}__isnull": False}).count() for name in ("opened", "acknowledged", "deployed")]
"""


def carried(sender: Path, receiver: Path) -> int:
    """Move one portal's outgoing files to the other's incoming ones; return their number."""
    found = sorted((sender / "edxml/lien-thong/out").glob("*.edxml"))
    goal = receiver / "edxml/lien-thong/in"
    goal.mkdir(parents=True, exist_ok=True)
    for path in found:
        shutil.move(path, goal / path.name)
    return len(found)


def test_dispatch_statuses_and_reports_by_folders(tmp_path: Path) -> None:
    above, below = tmp_path / "ministry", tmp_path / "units"
    with portal(above) as ministry, portal(below) as units:
        ministry.run(BEGIN % (UNITS, key_file("Bo A"), pem("Don vi A")))
        units.run(BEGIN % (UNITS, key_file("Don vi A"), pem("Bo A")))
        assert ministry.run(SEND) == {"taken": 0, "sent": 1, "problems": 0}
        assert carried(above, below) == 1
        _refused_when_changed(below, units)
        assert units.run("out = work()") == {"taken": 1, "sent": UNITS, "problems": 0}
        assert units.run("m = Message.objects.get(outgoing=False, kind='new'); out = [m.state, "
                         "m.signature, m.number, m.due.isoformat()]")[:3] == ["waiting", "valid",
                             "12/TTCNTT-KTHT"]  # fmt: skip
        assert units.run(
            "from lamsach.portal.lists.models import Document; out = [d.name for d in Document.objects.all()]"
        ) == ["danh-sach.txt"]
        assert units.run("actions.file(m, None, me); out = [Campaign.objects.get().owner.code, "
                         "Recipient.objects.count(), Attachment.objects.count()]") == ["G06.12", UNITS,
                             3]  # fmt: skip
        assert carried(below, above) == UNITS
        assert ministry.run("out = work()") == {"taken": UNITS, "sent": 0, "problems": 0}
        assert ministry.run(STATES) == [UNITS, 0, 0]
        assert units.run(ANSWER)["sent"] == UNITS + 1 + 20 + 1
        assert carried(below, above) == UNITS + 22
        assert ministry.run("out = work()") == {"taken": UNITS + 22, "sent": 0, "problems": 0}
        assert ministry.run(STATES) == [UNITS, UNITS, 19]
        assert ministry.run(
            "s = Step.objects.filter(recipient__unit=rooms[0]).order_by('pk'); out = [[x.kind, x.how, "
            "x.who, x.note] for x in s]"
        ) == [
            ["opened", "api", "Phòng Một", ""],
            ["acknowledged", "api", "Phòng Một", ""],
            ["deployed", "api", "Phòng Một", "Đã phát động"],
        ]
        assert units.run(REPORT) == {"taken": 0, "sent": 2, "problems": 0}
        assert carried(below, above) == 2
        assert ministry.run("out = work()") == {"taken": 2, "sent": 2, "problems": 0}
        got = ministry.run(
            "out = [[r.unit.code, r.found_by, r.name, r.state] for r in Received.objects.order_by('pk')]"
        )
        assert got == [
            ["G06.12.01", "code", "bao-cao-G06.12.01.json", "waiting"],
            ["G06.12.02", "code", "bao-cao-G06.12.02.json", "waiting"],
        ]
        assert ministry.run("out = Letter.objects.exclude(to='').count()") == 0
        assert units.run("out = Letter.objects.count()") == 0
        _back_and_forth(ministry, units, above, below)


def _refused_when_changed(below: Path, units: Portal) -> None:
    """A file with a changed byte is refused and set aside; the right one is accepted afterwards."""
    (path,) = (below / "edxml/lien-thong/in").glob("*.edxml")
    right = path.read_bytes()
    path.write_bytes(right.replace("V/v làm sạch mã".encode(), "V/v làm sạch mb".encode(), 1))
    units.run("from lamsach.portal.edxml import folders; folders.UNFINISHED_S = 0")
    assert units.run("out = work()") == {"taken": 0, "sent": 0, "problems": 1}
    assert units.run("out = [[m.state, m.kind, m.number] for m in Message.objects.all()]") == [
        ["refused", "", ""]
    ]
    assert "signature" in (below / "edxml/lien-thong/in/refused" / path.with_suffix(".txt").name).read_text(
        "utf-8"
    )
    path.write_bytes(right)


def _back_and_forth(ministry: Portal, units: Portal, above: Path, below: Path) -> None:
    """A replacement joins the same campaign, a repeated file counts once, a revocation waits."""
    replaced = """
old = Message.objects.get(outgoing=True, kind="new")
e = Dispatch.objects.create(
    campaign=m,
    issuer=centre,
    number="13/TTCNTT-KTHT",
    day=day(0),
    subject="V/v thay thế",
    deadline=day(12),
    created_by=me,
    once="2",
)
dispatches.send(e, me)
edxml.queue_dispatch(e, Connection.objects.get(), me, kind="replace", about=old, reason="Sửa thời hạn")
edxml.queue_revocation(old, me, "Ban hành nhầm")
out = work()
"""
    assert ministry.run(replaced)["sent"] == 2
    carried(above, below)
    assert units.run("out = work()")["taken"] == 4  # two of them: the reports arrived
    assert units.run(
        "out = [Campaign.objects.count(), [d.number for d in Dispatch.objects.order_by('pk')]]"
    ) == [1, ["12/TTCNTT-KTHT", "13/TTCNTT-KTHT"]]
    assert units.run("out = [[m.kind, m.state, m.reason] for m in "
                     "Message.objects.filter(kind__in=('replace', 'revoke')).order_by('pk')]") == [
                         ["replace", "taken", "Sửa thời hạn"],
                         ["revoke", "waiting", "Ban hành nhầm"]]  # fmt: skip
    for path in (below / "edxml/lien-thong/in/taken").glob("*.edxml"):
        shutil.copy(path, below / "edxml/lien-thong/in" / path.name)
    assert units.run("out = work()")["taken"] == 0
