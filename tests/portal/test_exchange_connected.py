"""Long-term exchange: withdrawals, moves, returns, repetitions, restores, files by HTTPS.

One database plays both portals, as in `exchange_pair`.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from lamsach.errors import InputError
from lamsach.indicators.releases.seal import load_public_key
from lamsach.portal.campaigns import dispatches
from lamsach.portal.campaigns.deadline_moves import Plan, make, undo
from lamsach.portal.campaigns.deadlines import of_unit
from lamsach.portal.campaigns.dispatches import take_back
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Attachment,
    Campaign,
    DeadlineKind,
    DeadlineMove,
    Dispatch,
    How,
    IndicatorList,
    MoveScope,
    Participation,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.cases.models import Case, Grant, Span
from lamsach.portal.cases.tally import CaseCounts, case_counts, case_counts_by_child
from lamsach.portal.exchange import container, online, returned_files, transfer, unit_keys
from lamsach.portal.exchange.kinds import Arrival, Route
from lamsach.portal.exchange.models import Partner, Sent, StatedCounts, Taken, begin_of, shown_counter
from lamsach.portal.exchange.returned_files import CampaignsBack
from lamsach.portal.privacy import granted
from lamsach.portal.privacy.models import GrantedView
from lamsach.portal.reports import files
from lamsach.portal.reports.chain import Action
from lamsach.portal.reports.chain import take as step
from lamsach.portal.reports.content import freeze
from lamsach.portal.reports.drafts import begin
from lamsach.portal.reports.models import Report, ReportState
from lamsach.portal.units import tree
from lamsach.portal.units.models import UnitLink

from . import bundles, samples
from .bundles import day
from .conftest import Cast
from .exchange_pair import carried, made

Pair = tuple[Partner, Partner]


@pytest.fixture
def copies(cast: Cast, pair: Pair) -> tuple[Campaign, Campaign]:
    """Return the centre's campaign, and the room's copy of it."""
    campaign = samples.dispatch(cast).campaign
    carried(cast, *pair, ["campaigns"])
    copy = Campaign.objects.latest("pk")
    Participation.objects.filter(campaign=copy).exclude(unit=cast.first).delete()
    return campaign, copy


def same(partner: Partner) -> Partner:
    """Reload the partner."""
    return Partner.objects.select_related("unit", "online_by").get(pk=partner.pk)


def answered(cast: Cast, campaign: Campaign) -> Recipient:
    return Recipient.objects.get(unit=cast.first, dispatch__campaign=campaign)


def test_a_withdrawal_survives_an_older_file(
    cast: Cast, pair: Pair, copies: tuple[Campaign, Campaign]
) -> None:
    (down, up), by = pair, cast.people["coordinator"]
    theirs = answered(cast, copies[1])
    dispatches.take(theirs, StepKind.DEPLOYED, how=How.PORTAL, day=day(-1))
    late = made(up, by, ["answers"])
    carried(cast, up, down, ["answers"])
    assert answered(cast, copies[0]).deployed is not None
    take_back(theirs, by, how=How.PORTAL, reason="Nhầm")
    assert carried(cast, up, down, ["answers"]).result == {"answers": {"answers": 1}}
    transfer.accept(same(down), late, by)
    ours = answered(cast, copies[0])
    assert (ours.deployed, ours.acknowledged is not None) == (None, True)
    assert Participation.objects.get(campaign=copies[0], unit=cast.first).deployed_on is None


def test_a_moved_deadline_retains_its_scope(
    cast: Cast, pair: Pair, copies: tuple[Campaign, Campaign]
) -> None:
    """A day for the unit alone does not apply to the units under it; a move undone above is undone below."""
    (down, up), by = pair, cast.people["coordinator"]
    ours, theirs = copies
    below = tree.create("G06.12.01.01", "Tổ Một", cast.first)
    before = of_unit(theirs, below.pk).report.day
    make(Plan(ours, MoveScope.ONE, {DeadlineKind.REPORT: day(50)}, cast.first), by)
    for _ in range(2):
        carried(cast, down, up, ["campaigns"])
        assert of_unit(theirs, cast.first.pk).report.day == day(50)
        assert of_unit(theirs, below.pk).report.day == before
    assert DeadlineMove.objects.filter(campaign=theirs, scope=MoveScope.ONE).count() == 1
    undo(DeadlineMove.objects.get(campaign=ours, scope=MoveScope.ONE), by)
    carried(cast, down, up, ["campaigns"])
    assert of_unit(theirs, cast.first.pk).report.day == before


def test_a_crossing_file_does_not_refile_a_returned_report(cast: Cast) -> None:
    campaign, by = samples.dispatch(cast).campaign, cast.people["officer"]
    found = begin(campaign, cast.first, by)
    for action in (Action.SUBMIT, Action.APPROVE, Action.SEND):
        found = step(found, action, by, freeze=freeze if action == Action.SUBMIT else None)
    content, sent = found.content, timezone.now() - timedelta(days=3)
    Report.objects.update(state=ReportState.DRAFT, digest="")
    first, fresh = files.file_signed(campaign, cast.first, content, by=by, sent=sent)
    assert (fresh, first.sent) == (True, sent), "late or not goes by the day on which it was sent"
    step(first, Action.REFUSE, by, reason="Thiếu")
    assert files.file_signed(campaign, cast.first, content, by=by, sent=sent)[1] is False
    assert Report.objects.get().state == ReportState.RETURNED
    resent, fresh = files.file_signed(campaign, cast.first, content, by=by, sent=timezone.now())
    assert (fresh, resent.state) == (True, ReportState.SENT), "the same words, sent anew"


def test_a_restored_portal_gets_its_statements_back(
    cast: Cast, pair: Pair, copies: tuple[Campaign, Campaign]
) -> None:
    (down, up), by = pair, cast.people["coordinator"]
    theirs = answered(cast, copies[1])
    dispatches.take(theirs, StepKind.DEPLOYED, how=How.PORTAL, day=day(-1))
    carried(cast, up, down, ["standing", "answers"])
    take_back(theirs, by, how=How.PORTAL, reason="as if it had never been said")
    theirs.steps.all().delete()
    Recipient.objects.filter(pk=theirs.pk).update(opened=None, acknowledged=None)
    lost = dict.fromkeys(("opened_on", "informed_on", "deployed_on"))
    Participation.objects.filter(campaign=copies[1], unit=cast.first).update(**lost)
    Sent.objects.filter(partner=up).delete()
    highest = Campaign.objects.latest("pk").pk
    Partner.objects.filter(pk=up.pk).update(sent=0)
    returned_files.begin_epochs()
    Partner.objects.filter(pk=down.pk).update(restored=None, sent=transfer.highest(same(up)))
    assert transfer.offers(same(up)) == []
    hello = made(up, by)
    assert transfer.accept(same(down), hello, by).result == {}
    assert answered(cast, copies[0]).deployed is not None, "nothing was taken away above"
    assert same(down).owes
    assert transfer.missing(same(down)) == []
    assert shown_counter(same(up).sent).endswith("-1")
    result = carried(cast, down, up).result
    assert result["answers-back"] == {"answers": 2}
    assert answered(cast, copies[1]).deployed is not None
    assert same(up).restored is None
    carried(cast, up, down, ["standing"])
    assert not same(down).owes
    new_campaign = samples.dispatch(cast).campaign
    assert new_campaign.pk > highest + returned_files.LEAP - 1, "numbers that others know are not given again"


def test_a_reused_counter_is_distinguished_from_a_replay(cast: Cast, pair: Pair) -> None:
    (down, up), by = pair, cast.people["coordinator"]
    first = made(down, by)
    transfer.accept(same(up), first, by)
    with pytest.raises(InputError, match="The exchange file was accepted before"):
        transfer.accept(same(up), first, by)
    Sent.objects.all().delete()
    Partner.objects.filter(pk=down.pk).update(sent=0)  # an older disk, restored unnoticed
    Partner.objects.filter(pk=down.pk).update(holds={"x": "y"})
    second = made(down, by)
    second.write_bytes(second.read_bytes() + b"\0")
    with pytest.raises(InputError, match="Another file with this number"):
        transfer.accept(same(up), second, by)
    Sent.objects.all().delete()
    Partner.objects.filter(pk=down.pk).update(sent=0)
    assert hashlib.sha256(second.read_bytes()).hexdigest() != Taken.objects.get().sha256
    transfer.accept(same(down), made(up, by), by)
    assert same(down).restored is not None, "the partner has more of our files than we sent"


def test_files_by_https(cast: Cast, pair: Pair, tmp_path: Path) -> None:
    (down, up), by, client = pair, cast.people["coordinator"], Client()

    def handed(path: Path) -> Any:
        return client.post("/exchange/", path.read_bytes(), content_type="application/octet-stream")

    for partner in pair:
        key = unit_keys.renew_sealing(partner.unit, by).public
        Partner.objects.filter(code=partner.unit.code).update(recipient=key)
    file = made(up, by)
    assert handed(file).status_code == 422
    online.connect(same(down), "", by)
    assert handed(Path(__file__)).status_code == 422
    answer = handed(file)
    assert (answer.status_code, Taken.objects.get().partner) == (200, down)
    path = tmp_path / "answer.zip.age"
    path.write_bytes(b"".join(answer.streaming_content))
    assert path.read_bytes().startswith(b"age-encryption.org/")
    transfer.accept(same(up), path, by)
    repeated = handed(file)
    assert repeated.status_code == 200, "the first answer may have been lost"
    assert Taken.objects.filter(partner=down).count() == 1
    assert same(down).clock_off_s == pytest.approx(0, abs=120)
    page = cast.client("coordinator").get(f"/office/exchange/partners/{down.pk}/").content.decode()
    assert "Its files are accepted as they come" in page
    online.disconnect(same(down), by)
    assert handed(file).status_code == 422


@pytest.mark.parametrize(("counter", "text"), [(7, "7"), ((1 << 24) * 86_400 + 3, "200102-3")])
def test_counters_for_people(counter: int, text: str) -> None:
    assert shown_counter(counter) == text
    assert begin_of(counter) + int(text.rpartition("-")[2]) == counter


def lose(campaign: Campaign) -> None:
    """Delete a campaign with everything of it, as if restored from a backup before it."""
    recipients = "recipient__dispatch__campaign"
    for rows, path in (
        *((DeadlineMove, "campaign"), (IndicatorList, "campaign"), (Participation, "campaign")),
        *((AnswerLink, recipients), (Step, recipients)),
        *((Recipient, "dispatch__campaign"), (Attachment, "dispatch__campaign"), (Dispatch, "campaign")),
    ):
        rows.objects.filter(**{path: campaign}).delete()
    Campaign.objects.filter(pk=campaign.pk).delete()


def test_a_restored_portal_above_gets_its_files_back(cast: Cast, pair: Pair) -> None:
    """Changes after the backup return with their primary keys, by the portal's own signature only."""
    (down, up), by = pair, cast.people["coordinator"]
    made(down, by, ["campaigns"])
    dispatch = samples.dispatch(cast)
    campaign = dispatch.campaign
    stored = {"path": default_storage.save("lists/new.txt", ContentFile(b"bot.example")), "size": 11}
    new_list = IndicatorList.objects.create(campaign=campaign, name="new.txt", sha256="0" * 64, **stored)
    make(Plan(campaign, MoveScope.ALL, {DeadlineKind.REPORT: day(50)}, reason="Tết"), by)
    facts = (campaign.pk, dispatch.pk, new_list.pk, DeadlineMove.objects.get(scope=MoveScope.ALL).pk)
    to, issuer = sorted(dispatch.recipients.values_list("unit", flat=True)), dispatch.issuer_id
    carried(cast, down, up, ["campaigns"])
    signed = Path(default_storage.path(same(up).held["campaigns"][2]))
    forged = container.read(
        signed, [load_public_key(unit_keys.current(down.unit).public.encode(), "")], made(up, by).parent
    )
    copy = Campaign.objects.latest("pk")
    copies = set(Dispatch.objects.filter(campaign=copy).values_list("pk", flat=True))
    lose(campaign)
    Sent.objects.filter(partner=down).order_by("-pk").first().delete()
    Partner.objects.filter(pk=down.pk).update(sent=1)
    returned_files.begin_epochs()
    sent = Sent.objects.filter(partner=up).latest("counter").counter
    Partner.objects.filter(pk=up.pk).update(restored=None, sent=sent)
    crossing = made(up, by, ["standing"])
    assert transfer.accept(same(down), crossing, by).result == {}, "its campaign is not here yet"
    carried(cast, down, up)
    back = made(up, by)
    with transfer.checked(same(down), back) as found:
        assert transfer.preview(found)
    good = signed.read_bytes()
    key = unit_keys.opened(unit_keys.current(up.unit))
    with signed.open("wb") as stream:
        container.write(stream, forged.head, key, forged.payloads)
    assert (
        CampaignsBack().store(
            Arrival(same(down), 9, timezone.now(), by), CampaignsBack().offer(Route(same(up)))
        )
        is None
    )
    signed.write_bytes(good)
    assert transfer.accept(same(down), back, by).result["campaigns-back"] == {
        "campaigns": 1, "dispatches": 1, "lists": 1,
        "moves": DeadlineMove.objects.filter(campaign=campaign).count()
    }  # fmt: skip
    again = Campaign.objects.get(pk=campaign.pk)
    assert (again.name, again.owner_id, again.report_due) == (campaign.name, campaign.owner_id, day(50))
    (returned,) = Dispatch.objects.filter(campaign=again)
    assert (
        again.pk,
        returned.pk,
        again.lists.get().pk,
        DeadlineMove.objects.get(campaign=again, scope=MoveScope.ALL).pk,
    ) == facts
    assert (returned.issuer_id, sorted(returned.recipients.values_list("unit", flat=True))) == (issuer, to)
    carried(cast, up, down)
    carried(cast, down, up)
    assert set(Dispatch.objects.filter(campaign=copy).values_list("pk", flat=True)) == copies, "none doubled"


def test_grants_ended_since_the_backup_stay_ended(
    cast: Cast, pair: Pair, copies: tuple[Campaign, Campaign]
) -> None:
    (down, up), by = pair, cast.people["coordinator"]
    device = bundles.device("mac:02:00:00:00:00:01", name="PC-01")
    bundles.hand_in(cast, copies[1], bundles.findings([device], [bundles.Contact(days={day(-3): 4})]))
    given = Grant.objects.create(
        case=Case.objects.get(), to=cast.centre, until=timezone.now() + timedelta(days=3), user=by
    )
    carried(cast, up, down, ["grants"])
    Grant.objects.update(ended=timezone.now())
    assert carried(cast, up, down, ["grants"]).result == {"grants": {"grants": 0}}
    Grant.objects.update(ended=None)  # unknown in the backup
    Sent.objects.filter(partner=up).order_by("-pk").first().delete()
    returned_files.begin_epochs()
    Partner.objects.filter(pk=down.pk).update(restored=None)
    transfer.accept(same(down), made(up, by), by)
    assert carried(cast, down, up).result["grants-back"] == {"grants": 1}
    assert Grant.objects.get(pk=given.pk).ended is not None
    Grant.objects.update(ended=None)
    carried(cast, up, down, ["grants"])
    assert GrantedView.objects.count() == 1
    granted.hide()
    assert (GrantedView.objects.count(), "grants" in same(down).held) == (0, False), (
        "until the next file says it"
    )


def test_machines_of_single_units_go_up(cast: Cast, pair: Pair, copies: tuple[Campaign, Campaign]) -> None:
    """Counts without names: the centre's page of a unit under the room equals the room's."""
    (down, up), (ours, theirs) = pair, copies
    below = tree.create("G06.12.01.01", "Tổ Một", cast.first, day(-90))
    UnitLink.objects.update(valid_from=day(-100))
    devices = [bundles.device(f"mac:02:00:00:00:00:{n:02x}", name=f"PC-{n}") for n in range(3)]
    for part, ago in ((devices[:1], 3), (devices, 5)):
        found = bundles.findings(part, [bundles.Contact(item.key, {day(-ago): 4}) for item in part])
        bundles.hand_in(cast, theirs, found, below)
        carried(cast, up, down, ["standing", "counts"])
        for ago_shown in range(8):
            shown = [case_counts(item, below.pk, day(-ago_shown)) for item in (ours, theirs)]
            assert shown[0] == shown[1], ago_shown
        assert case_counts(ours, below.pk).found == len(part)
        assert case_counts_by_child(ours, cast.first.pk) == {below.pk: case_counts(theirs, below.pk)}
    assert case_counts(ours, cast.centre.pk).found == 3, "each machine once"
    rows = StatedCounts.objects.count()
    carried(cast, up, down, ["counts"])
    assert StatedCounts.objects.count() <= rows + 1, "nothing but the day's own word"
    names = [item.name for item in devices]
    assert not [row for row in StatedCounts.objects.all() if any(name in str(row.counts) for name in names)]
    Span.objects.filter(campaign=theirs).delete()
    carried(cast, up, down, ["counts"])
    assert case_counts(ours, below.pk) == CaseCounts()
