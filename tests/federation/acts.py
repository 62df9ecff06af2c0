"""Actions of a portal's users, by the functions that its pages call.

Units are identified by code and dispatches by number, since primary keys differ between portals.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.portal import backup
from lamsach.portal.accounts.models import User
from lamsach.portal.base.roles import Role
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadline_moves import Plan, make, undo
from lamsach.portal.campaigns.dispatches import take_back
from lamsach.portal.campaigns.models import (
    Campaign,
    DeadlineKind,
    DeadlineMove,
    Dispatch,
    How,
    IndicatorList,
    MoveScope,
    Recipient,
    StepKind,
)
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases import states, upkeep
from lamsach.portal.cases.models import Case, CaseState, Grant
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.exchange import online, transfer, unit_keys
from lamsach.portal.exchange.models import Partner
from lamsach.portal.findings.intake import Source, store_bundle
from lamsach.portal.findings.models import Way
from lamsach.portal.privacy import granted
from lamsach.portal.reports import chain, drafts
from lamsach.portal.reports.models import ReportState
from lamsach.portal.units import tree
from lamsach.portal.units.models import Membership, Unit
from tests.portal import bundles

CAMPAIGN = "Chiến dịch làm sạch mã độc"


def me() -> User:
    """Return the portal's only user."""
    return User.objects.get()


def unit(code: str) -> Unit:
    """Return a unit."""
    return Unit.objects.get(code=code)


def work() -> None:
    """Run the waiting jobs."""
    bundles.work()


def begin(units: list[tuple[str, str | None]], since: str, home: str) -> None:
    """Create the user and units (code, parent's code), parents first."""
    person = User.objects.create_user("a@person.example", None, name="A")
    levels: dict[str | None, int] = {None: 0}
    by_level: dict[int, list[tuple[str, str | None]]] = {}
    for code, parent in units:
        levels[code] = levels[parent] + 1
        by_level.setdefault(levels[code], []).append((code, parent))
    made: dict[str | None, Unit | None] = {None: None}
    for level in sorted(by_level):
        new = [
            Unit(code=code, name=f"Đơn vị {code}", parent=made[parent]) for code, parent in by_level[level]
        ]
        made |= {unit.code: unit for unit in tree.create_many(new, date.fromisoformat(since))}
    Membership.objects.create(user=person, unit=unit(home), role=Role.COORDINATOR)


def add_units(units: list[tuple[str, str]]) -> None:
    """Add units (code, parent's code)."""
    for code, parent in units:
        tree.create(code, f"Đơn vị {code}", unit(parent))


def rename(code: str, name: str) -> None:
    """Rename a unit."""
    tree.rename(unit(code), name)


def keys(code: str) -> list[str]:
    """Return the unit's public signing and sealing keys, made if missing."""
    signing = unit_keys.current(unit(code)) or unit_keys.renew(unit(code), me())
    sealed = unit_keys.sealing_key(unit(code)) or unit_keys.renew_sealing(unit(code), me())
    return [signing.public, sealed.public]


def add_partner(ours: str, code: str, above: bool, public: str, recipient: str, url: str) -> None:
    """Add a partner, accepting its files by HTTPS and sending ours to `url`, if any."""
    made = unit_keys.add_partner(
        unit(ours), code, code, above=above, public=public, by=me(), recipient=recipient
    )
    online.connect(made, url, me())


def campaign(owner: str, starts: str, days: dict[str, str | None]) -> None:
    """Create the campaign."""
    begins = date.fromisoformat(starts)
    Campaign.objects.create(
        name=CAMPAIGN, owner=unit(owner), starts=begins, ends=begins + timedelta(days=60),
        form=default_form(), **days
    )  # fmt: skip


def the_campaign() -> Campaign:
    """Return the only campaign."""
    return Campaign.objects.get()


def send(issuer: str, number: str, about: str, deadline: str, whole: bool) -> int:
    """Send a dispatch to the units under a unit; `about`: number of the forwarded dispatch."""
    parent = Dispatch.objects.filter(number=about).first() if about else None
    made = Dispatch.objects.create(
        campaign=the_campaign(), issuer=unit(issuer), parent=parent, number=number, day=tree.today(),
        subject=number, deadline=date.fromisoformat(deadline), created_by=me(), once=number,
    )  # fmt: skip
    return dispatches.send(made, me(), whole=whole)


def knows(number: str) -> bool:
    """Report whether a dispatch has arrived."""
    return Dispatch.objects.filter(subject=number).exists()


def answer(code: str, number: str, kind: str) -> bool:
    """Record a unit's step on a dispatch."""
    copy = Recipient.objects.get(unit__code=code, dispatch__number=number)
    return dispatches.take(copy, StepKind(kind), by=me(), how=How.PORTAL)


def answer_many(codes: list[str], number: str, kind: str) -> int:
    """Record the same step of many units."""
    rows = Recipient.objects.filter(unit__code__in=codes, dispatch__number=number)
    return sum(dispatches.take(row, StepKind(kind), by=me(), how=How.PORTAL) for row in rows)


def withdraw(code: str, number: str) -> bool:
    """Withdraw a unit's statement of deployment."""
    copy = Recipient.objects.get(unit__code=code, dispatch__number=number)
    return take_back(copy, me(), how=How.PORTAL, reason="Nhầm")


def move_deadline(scope: str, code: str, kind: str, day: str) -> None:
    """Move a deadline."""
    anchor = unit(code) if code else None
    make(
        Plan(
            the_campaign(), MoveScope(scope), {DeadlineKind(kind): date.fromisoformat(day)}, anchor, "Lý do"
        ),
        me(),
    )


def undo_move(scope: str, code: str) -> bool:
    """Undo the last move of this scope."""
    anchor = unit(code) if code else None
    last = DeadlineMove.objects.filter(scope=scope, unit=anchor, undone=None, ended=None).first()
    return last is not None and undo(last, me()) is not None


def add_list(name: str, values: list[str]) -> None:
    """Add a list to the campaign."""
    content = "\n".join(values).encode()
    path = default_storage.save(f"lists/{name}", ContentFile(content))
    IndicatorList.objects.create(
        campaign=the_campaign(), name=name, path=path, size=len(content), sha256=name, read=timezone.now()
    )


def withdraw_list(name: str) -> None:
    """Withdraw a list."""
    IndicatorList.objects.filter(name=name, withdrawn=None).update(withdrawn=timezone.now())


def findings(code: str, machines: list[int], days: list[str], covered: list[str]) -> int:
    """Import a hunt's findings of a unit: machines by number, days of contacts, searched days."""
    devices = [bundles.device(_key(code, number), name=f"PC-{number}") for number in machines]
    seen = {date.fromisoformat(day): 3 for day in days}
    contacts = [bundles.Contact(device.key, dict(seen)) for device in devices] if seen else []
    logs = [(bundles.FIREWALL, date.fromisoformat(day)) for day in covered]
    found = bundles.findings(devices if seen else [], contacts, logs)
    source = Source(unit(code), the_campaign(), Way.UPLOAD, me())
    store_bundle(bundles.packed(found), "findings.zip", source)
    work()
    return Case.objects.filter(unit__code=code).count()


def _key(code: str, number: int) -> str:
    digest = sum(ord(letter) * 31**place for place, letter in enumerate(code)) % (1 << 32)
    text = f"{digest:08x}{number:04x}"
    return "mac:" + ":".join(text[place : place + 2] for place in range(0, 12, 2))


def _case(code: str, number: int) -> Case:
    return Case.objects.get(unit__code=code, device__key=_key(code, number), superseded=None)


def step(code: str, number: int, to: str) -> bool:
    """Move a case to a state, if allowed."""
    case = _case(code, number)
    if not states.may_move(case, CaseState(to)):
        return False
    upkeep.move(case, CaseState(to), me(), "Lý do", unfollowed="Lý do")
    return True


def grant(code: str, number: int, to: str, until: str) -> None:
    """Grant a unit above the name of a machine."""
    from datetime import datetime

    Grant.objects.create(
        case=_case(code, number),
        to=unit(to),
        reason="Kiểm tra",
        until=datetime.fromisoformat(until),
        user=me(),
    )


def end_grant(code: str, number: int) -> None:
    """End the grant."""
    Grant.objects.filter(case=_case(code, number), ended=None).update(ended=timezone.now())


def report(code: str) -> str:
    """Write and send a unit's report, or the correction of an accepted one; return its state."""
    found = drafts.newest(the_campaign(), unit(code))
    if found is None:
        found = drafts.begin(the_campaign(), unit(code), me())
    elif found.state == ReportState.FROZEN:
        found = drafts.correct(found, me(), "Sửa số liệu")
        drafts.refresh(found, me(), found.version, texts=True)
    if found.state not in (ReportState.DRAFT, ReportState.RETURNED):
        return str(found.state)
    if found.state == ReportState.RETURNED:
        drafts.refresh(found, me(), found.version, texts=True)
    for action in ("submit", "approve", "send"):
        found.refresh_from_db()
        freeze = drafts.freeze if action == "submit" else None
        chain.take(found, chain.Action(action), me(), freeze=freeze)
    return "sent"


def judge(code: str, action: str) -> bool:
    """Accept or return a unit's sent report."""
    found = drafts.newest(the_campaign(), unit(code))
    if found is None or found.state != ReportState.SENT:
        return False
    chain.take(found, chain.Action(action), me(), reason="Thiếu" if action == "refuse" else "")
    return True


def close_campaign() -> None:
    """End the campaign."""
    Campaign.objects.update(state="closed")


def night() -> None:
    """Run the nightly tasks."""
    recompute_waiting()
    granted.forget()


def _partner(code: str) -> Partner:
    return Partner.objects.select_related("unit", "online_by").get(code=code)


def make_file(code: str, path: str, news: bool) -> int:
    """Write the next file for a partner; return its counter."""
    sent = transfer.make(_partner(code), Path(path), me(), news=news)
    return sent.counter


def take_file(code: str, path: str) -> str:
    """Accept a file of a partner; return the reason of a refusal, or nothing."""
    try:
        transfer.accept(_partner(code), Path(path), me())
    except LamsachError as problem:
        return problem.what
    return ""


def answer_file(path: str, target: str) -> str:
    """Receive a file by HTTPS and write the answer; return the reason of a refusal, or nothing."""
    try:
        online.receive(Path(path), Path(target))
    except LamsachError as problem:
        return problem.what
    return ""


def call(code: str) -> str:
    """Exchange files with a partner by HTTPS; return the problem, or nothing."""
    return "" if online.exchange(_partner(code)) else _partner(code).problem


def serve_https(certificate: str, cut_every: int) -> str:
    """Serve the portal's address for partners' files over TLS; every `cut_every`-th answer is cut."""
    from tests.federation.tls import serve

    return serve(certificate, cut_every)


def back_up(path: str) -> int:
    """Make a backup."""
    return backup.backup(Path(path))
