"""Actions of a portal's users, by the functions that its pages call, and the figures that it shows.

Units are identified by code and dispatches by number, since primary keys differ between portals.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Count, Q
from django.utils import timezone

from lamsach.errors import LamsachError
from lamsach.letters.form import parse_form
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
    Participation,
    Recipient,
    StepKind,
)
from lamsach.portal.campaigns.tally import counts, counts_by_child
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.cases import states, upkeep
from lamsach.portal.cases.coverage import find_unsearched
from lamsach.portal.cases.dashboard import counts_by_day, series
from lamsach.portal.cases.models import Case, CaseState, Grant
from lamsach.portal.cases.tally import CaseCounts, case_counts, case_counts_by_child
from lamsach.portal.cases.tasks import recompute_waiting
from lamsach.portal.exchange import online, transfer, unit_keys
from lamsach.portal.exchange.models import Partner, StatedCounts, shown_counter
from lamsach.portal.findings.intake import Source, store_bundle
from lamsach.portal.findings.models import Way
from lamsach.portal.privacy import granted
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.reports import chain, drafts
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.figures import Scope, compute
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.units import tree
from lamsach.portal.units.models import FOREVER, Membership, Unit, UnitLink
from lamsach.portal.web.bars import campaign_progress
from lamsach.portal.web.tree import tree as drawn
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
        new = [tree.NewUnit(code, f"Đơn vị {code}", made[parent]) for code, parent in by_level[level]]
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


def partners() -> list[list[Any]]:
    """Return the state of each partner."""
    rows = Partner.objects.order_by("code")
    return [
        [
            partner.code,
            shown_counter(partner.sent),
            partner.restored is not None,
            partner.clock_off_s,
            partner.problem,
        ]
        for partner in rows
    ]


def sums(home: str) -> dict[str, int]:
    """Count the units under a unit that acknowledged and deployed, and the machines found."""
    found = counts(the_campaign(), unit(home).pk)
    return {
        "informed": found.informed,
        "deployed": found.deployed,
        "found": case_counts(the_campaign(), unit(home).pk).found,
    }


def figures(home: str, days: list[str]) -> dict[str, Any]:
    """Collect the figures of a unit's home page, board, dashboard and report."""
    campaign_, root = the_campaign(), unit(home)
    code = dict(Unit.objects.values_list("pk", "code"))
    form, scope = parse_form(campaign_.form.definition), Scope(campaign_, root, tree.today())
    together = consolidate(form, scope)
    chart = series(campaign_, root.pk, tree.today())
    home_page = [
        [[part.count for part in shown.machines], [[bar.done, bar.all] for bar in shown.units], shown.late,
         shown.left]
        for shown in campaign_progress(me())
    ]  # fmt: skip
    parts = Participation.objects.filter(
        campaign=campaign_, unit__in=tree.under([root.pk]).values("descendant")
    )
    return {
        "home": home_page,
        "board": [repr(counts(campaign_, root.pk, date.fromisoformat(day))) for day in days],
        "children": {code[pk]: repr(row) for pk, row in counts_by_child(campaign_, root.pk).items()},
        "units": {
            row[0]: [str(value) for value in row[1:]]
            for row in parts.exclude(unit=root).values_list(
                "unit__code", "unit__name", "sent_on", "opened_on", "informed_on", "deployed_on",
                "acknowledge_due", "deploy_due", "report_due"
            )
        },
        "machines": [repr(case_counts(campaign_, root.pk, date.fromisoformat(day))) for day in days],
        "machines by unit": {
            code[pk]: repr(row) for pk, row in case_counts_by_child(campaign_, root.pk).items()
        },
        "one by one": pages(campaign_, root),
        "by day": [[str(day), repr(row)] for day,
            row in counts_by_day(campaign_, root.pk, tree.today()).get(root.pk, [])],
        "chart": [[str(day) for day in chart.days], chart.counts] if chart else None,
        "not searched": sorted(code[pk] for pk in find_unsearched(campaign_, root.pk).tops),
        "report": compute(form, scope),
        "consolidation": [
            [line.unit.code, line.state, line.accepted.edition if line.accepted else 0, str(line.due),
             dict(line.values), line.late]
            for line in together.lines
        ],
        "sums": dict(together.sums),
        "lists": sorted(IndicatorList.objects.filter(withdrawn=None).values_list("name", flat=True)),
        "state": campaign_.state,
        "dispatches": sorted(
            [row.number, str(row.day), sorted(row.recipients.values_list("unit__code", flat=True)), row.steps]
            for row in Dispatch.objects.filter(issuer=root).annotate(steps=Count("recipients__deployed"))
        ),
    }  # fmt: skip


def granted_to(home: str) -> list[str]:
    """List the machines granted to a unit by name, here or by a partner."""
    grants = Grant.objects.filter(to=unit(home), ended=None, until__gt=timezone.now())
    names = set(grants.values_list("case__device__mac", flat=True))
    for view in GrantedView.objects.filter(until__gt=timezone.now()):
        names.add(granted.decrypted(view)["machine"]["mac"])
    return sorted(names)


def pages(campaign_: Campaign, root: Unit) -> dict[str, Any]:
    """Collect the figures of each unit with machines under a unit, in any portal.

    Machines by state on its page and in the tree, days not searched, chart and branches.
    """
    under = tree.descendants(root).exclude(pk=root.pk)
    codes = dict(under.values_list("pk", "code"))
    whole = {pk: case_counts(campaign_, pk) for pk in _with_machines(campaign_, codes)}
    shown = {row.unit.pk: row.machines for row in drawn(campaign_, root, whole).rows}
    charts = {pk: series(campaign_, pk, tree.today()) for pk in whole}
    return {
        codes[pk]: [
            repr(whole[pk]), repr(shown.get(pk)), find_unsearched(campaign_, pk).count, repr(charts[pk]),
            sorted([codes[below], repr(row)] for below,
                row in case_counts_by_child(campaign_, pk).items() if row != CaseCounts()),
        ]
        for pk in whole
        if whole[pk] != CaseCounts()
    }  # fmt: skip


def _with_machines(campaign_: Campaign, codes: dict[int, str]) -> list[int]:
    links = UnitLink.objects.filter(valid_until=FOREVER, ancestor__in=list(codes)).filter(
        Q(descendant__cases__campaign=campaign_) | Q(descendant__in=StatedCounts.objects.values("unit"))
    )
    return sorted(set(links.values_list("ancestor", flat=True)))


def dispatch_numbers(code: str) -> dict[str, int]:
    """Return the primary keys of a unit's dispatches, by number."""
    return dict(Dispatch.objects.filter(issuer__code=code).values_list("number", "pk"))


def reports_of(code: str) -> list[list[Any]]:
    """List a unit's reports: edition, state, digest."""
    return [
        [row.edition, row.state, row.digest]
        for row in Report.objects.filter(unit__code=code).order_by("edition")
    ]
