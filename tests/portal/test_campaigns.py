"""Dispatches down the tree: sent once, answered once, counted by one query."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lamsach.portal.audit.models import Entry
from lamsach.portal.base import links
from lamsach.portal.campaigns import dispatches, lists
from lamsach.portal.campaigns.models import (
    AnswerLink,
    Campaign,
    CampaignState,
    Dispatch,
    How,
    IndicatorList,
    Participation,
    Recipient,
    Step,
    StepKind,
)
from lamsach.portal.campaigns.tally import Counts, counts, counts_by_child
from lamsach.portal.campaigns.tasks import remind_by_schedule
from lamsach.portal.mail.letters import render
from lamsach.portal.mail.models import Letter
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit

from .confirmation import asked, confirmed
from .conftest import Cast
from .samples import campaign, dispatch, due

pytestmark = pytest.mark.django_db
Browser = Callable[[str], Client]


def link_of(unit: Unit, kind: StepKind = StepKind.ACKNOWLEDGED) -> str:
    found = AnswerLink.objects.filter(recipient__unit=unit, kind=kind).latest("pk")
    return f"/r/{links.sign(dispatches.PURPOSE, found.nonce)}/"


@pytest.mark.one_date
def test_a_dispatch_goes_to_the_units_directly_under(cast: Cast) -> None:
    sent = dispatch(cast)
    assert {r.unit.code for r in sent.recipients.all()} == {"G06.12.01", "G06.12.02"}
    assert set(Letter.objects.values_list("to", flat=True)) == {"mot@unit.example", "hai@unit.example"}
    assert campaign(cast).state == CampaignState.RUNNING


@pytest.mark.one_date
def test_sending_twice_sends_once(cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    client = browser("coordinator")
    text, data = asked(client, f"/office/dispatches/{draft.pk}/send/", {"to": "near"})
    assert "The campaign begins" in text
    assert "public page is shown to everybody" in text
    assert "Phòng Một" in text
    assert not Recipient.objects.exists(), "confirmation required, not sent"
    for _ in range(2):
        assert client.post(f"/office/dispatches/{draft.pk}/send/", data).status_code == 302
    assert (Recipient.objects.count(), Letter.objects.count(), AnswerLink.objects.count()) == (2, 2, 2)


@pytest.mark.one_date
def test_the_form_sent_twice_writes_one_dispatch(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    address = f"/office/campaigns/{campaign(cast).pk}/dispatches/new/"
    day = tree.today().isoformat()
    later = (tree.today() + timedelta(days=9)).isoformat()
    data = {"issuer": cast.centre.pk, "day": day, "subject": "V/v", "deadline": later, "once": links.nonce()}
    assert client.post(address, data)["Location"] == client.post(address, data)["Location"]
    assert Dispatch.objects.count() == 1


@pytest.mark.one_date
def test_a_link_acknowledges_once_and_brings_a_link_for_deployment(cast: Cast, client: Client) -> None:
    dispatch(cast)
    address = link_of(cast.first)
    page = client.get(address)
    assert "Đề nghị Quý đơn vị triển khai." in page.content.decode()
    assert Recipient.objects.get(unit=cast.first).opened is None, "a mail scanner's GET counts for nothing"
    data = {"kind": "acknowledged", "who": "Nguyễn Thị Thử, chuyên viên"}
    assert client.post(address, data).status_code == 200
    again = client.get(address)
    assert "Đề nghị Quý đơn vị triển khai." in again.content.decode(), "it stays open for reading"
    assert f"đã được dùng để trả lời ngày {tree.today():%d/%m/%Y}" in again.content.decode()
    assert 'name="who"' not in again.content.decode()
    assert client.post(address, data).status_code == 409
    step = Step.objects.get(recipient__unit=cast.first)
    assert (step.kind, step.how, step.who) == ("acknowledged", "link", "Nguyễn Thị Thử, chuyên viên")
    further = link_of(cast.first, StepKind.DEPLOYED)
    assert client.post(further, {"kind": "deployed", "who": "A", "note": "12 máy"}).status_code == 200
    assert Participation.objects.get(unit=cast.first).deployed_on == tree.today()


@pytest.mark.one_date
def test_a_link_answers_for_its_unit_and_step_only(cast: Cast, client: Client) -> None:
    sent = dispatch(cast)
    recipient = sent.recipients.get(unit=cast.first)
    dispatches.remind([recipient])
    dispatches.take(recipient, StepKind.ACKNOWLEDGED, how=How.PAPER)
    recipient.refresh_from_db()
    dispatches.remind([recipient], occasion="x")
    further = link_of(cast.first, StepKind.DEPLOYED)
    assert client.post(further, {"kind": "acknowledged", "who": "A"}).status_code == 200
    assert Recipient.objects.get(pk=recipient.pk).deployed is None
    assert Recipient.objects.get(unit=cast.second).acknowledged is None


@pytest.mark.one_date
@pytest.mark.parametrize("change", ["expired", "other purpose", "cut"])
def test_a_link_that_is_not_right_opens_nothing(change: str, cast: Cast, client: Client) -> None:
    dispatch(cast)
    address = link_of(cast.first)
    if change == "expired":
        AnswerLink.objects.update(expires=timezone.now() - timedelta(seconds=1))
    elif change == "cut":
        address = address[:-3] + "/"
    else:
        address = f"/r/{links.sign('awareness', AnswerLink.objects.latest('pk').nonce)}/"
    assert client.get(address).status_code == 404


def test_a_unit_passes_the_dispatch_on_with_an_earlier_deadline(cast: Cast, browser: Browser) -> None:
    above = Dispatch.objects.create(
        campaign=campaign(cast),
        issuer=cast.root,
        day=tree.today(),
        subject="Từ cơ quan",
        deadline=tree.today() + timedelta(days=20),
        created_by=cast.people["authority"],
        once=links.nonce(),
    )
    dispatches.send(above, cast.people["authority"])
    client = browser("coordinator")
    data: dict[str, Any] = {
        "issuer": cast.centre.pk,
        "day": tree.today().isoformat(),
        "subject": "Chuyển tiếp",
        "body": "Kèm theo.",
        "once": links.nonce(),
    }
    address = f"/office/dispatches/{above.pk}/forward/"
    late = client.post(address, {**data, "deadline": above.deadline.isoformat()})
    assert late.status_code == 200
    assert "earlier than that of your parent unit" in late.content.decode()
    early = (above.deadline - timedelta(days=3)).isoformat()
    made = client.post(address, {**data, "deadline": early})
    confirmed(client, made["Location"] + "send/", {"to": "near"})
    assert Recipient.objects.filter(unit=cast.first, dispatch__parent=above).exists()
    assert Recipient.objects.get(unit=cast.centre).acknowledged is not None
    page = browser("officer").get(made["Location"]).content.decode()
    assert "Từ cơ quan" in page


@pytest.mark.one_date
def test_the_coordinator_records_an_answer_from_paper(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    recipient = sent.recipients.get(unit=cast.first)
    data = {"kind": "deployed", "day": "2022-09-20", "note": "Theo văn bản giấy"}
    browser("coordinator").post(f"/office/answers/{recipient.pk}/", data)
    step = Step.objects.get(recipient=recipient)
    assert (step.how, step.day, step.user) == ("paper", date(2022, 9, 20), cast.people["coordinator"])


@pytest.mark.one_date
def test_the_officer_answers_with_evidence(cast: Cast, browser: Browser) -> None:
    recipient = dispatch(cast).recipients.get(unit=cast.first)
    client = browser("officer")
    client.get(f"/office/dispatches/{recipient.dispatch_id}/")
    proof = SimpleUploadedFile("bien-ban.pdf", b"%PDF-1.7 x")
    client.post(f"/office/answers/{recipient.pk}/", {"kind": "deployed", "evidence": proof})
    opened, deployed = Step.objects.filter(recipient=recipient)
    assert (opened.kind, deployed.kind, deployed.how) == ("opened", "deployed", "portal")
    file = client.get(f"/office/answers/{recipient.pk}/evidence/{deployed.pk}/")
    assert file["Content-Disposition"] == 'attachment; filename="bien-ban.pdf"'


@pytest.mark.one_date
@pytest.mark.parametrize(
    ("name", "content"),
    [("x.exe", b"MZ"), ("x.pdf", b"MZ not a pdf"), ("x.html", b"<script>"), ("x.csv", b"a\x00b")],
)
def test_files_of_other_kinds_are_refused(name: str, content: bytes, cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    file = SimpleUploadedFile(name, content)
    page = browser("coordinator").post(f"/office/dispatches/{draft.pk}/files/", {"file": file}, follow=True)
    assert draft.attachments.count() == 0
    assert name in page.content.decode()


@pytest.mark.one_date
def test_two_who_edit_at_once_second_is_told(cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    data = {
        "issuer": cast.centre.pk,
        "day": draft.day.isoformat(),
        "subject": "Một",
        "deadline": draft.deadline.isoformat(),
        "once": draft.once,
        "version": draft.version,
    }
    client = browser("coordinator")
    assert client.post(f"/office/dispatches/{draft.pk}/edit/", data).status_code == 302
    assert client.post(f"/office/dispatches/{draft.pk}/edit/", {**data, "subject": "Hai"}).status_code == 409
    assert Dispatch.objects.get(pk=draft.pk).subject == "Một"


@pytest.mark.one_date
def test_an_answer_that_is_sent_twice_is_noted_once(cast: Cast, browser: Browser) -> None:
    recipient = dispatch(cast).recipients.get(unit=cast.first)
    client, address = browser("officer"), f"/office/answers/{recipient.pk}/"
    for _ in range(2):
        assert client.post(address, {"kind": "deployed", "note": "12 máy"}).status_code == 302
    assert Step.objects.filter(recipient=recipient, kind="deployed").count() == 1
    client.post(address, {"kind": "deployed", "note": "15 máy"})
    assert Step.objects.filter(recipient=recipient, kind="deployed").count() == 2, "a further note counts"


@pytest.mark.one_date
def test_a_reminder_that_is_pressed_twice_goes_once(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    address = f"/office/campaigns/{sent.campaign_id}/board/remind/"
    client = browser("coordinator")
    _, data = asked(client, address, {"unit": cast.first.pk})
    assert client.post(address, {}).status_code == 302
    assert not Letter.objects.filter(kind="reminder").exists(), "nothing ticked means nobody"
    for turn, status in enumerate((302, 200)):
        assert client.post(address, data).status_code == status
        Letter.objects.filter(kind="reminder").update(key="of another minute")
        assert Letter.objects.filter(kind="reminder").count() == 1, turn
    links = AnswerLink.objects.filter(recipient__unit=cast.first).count()
    assert links == 2, "nor a further link"
    Letter.objects.filter(kind="reminder").update(created=timezone.now() - timedelta(minutes=11))
    assert "reminded in the last two days: Phòng Một" in asked(client, address, {"unit": cast.first.pk})[0]
    confirmed(client, address, {"unit": cast.first.pk})
    assert Letter.objects.filter(kind="reminder").count() == 2
    board = client.get(f"/office/campaigns/{sent.campaign_id}/board/?state=silent").content.decode()
    assert board.count("reminded") == 1
    copy = sent.recipients.get(unit=cast.first)
    assert "Reminders" in client.get(f"/office/answers/{copy.pk}/").content.decode()
    assert "Phòng Hai" in asked(client, address + "?state=silent", {"all": "yes"})[0]


@pytest.mark.one_date
def test_a_dispatch_without_text_and_file_does_not_go_out(cast: Cast, browser: Browser) -> None:
    draft = dispatch(cast, sent=False)
    Dispatch.objects.update(body=" ")
    text, data = asked(browser("coordinator"), f"/office/dispatches/{draft.pk}/send/", {"to": "near"})
    assert "neither a text nor a file" in text
    assert browser("coordinator").post(f"/office/dispatches/{draft.pk}/send/", data).status_code == 200
    assert not Recipient.objects.exists()


@pytest.mark.parametrize(
    ("days", "present", "absent"),
    [(2, "Đôn đốc, hạn", "quá hạn"), (-2, "đã quá hạn trả lời", "trả lời trước ngày")],
)
def test_a_late_letter_says_so(cast: Cast, browser: Browser, days: int, present: str, absent: str) -> None:
    sent = dispatch(cast)
    due(sent.campaign, tree.today() + timedelta(days=days))
    address = f"/office/campaigns/{sent.campaign_id}/board/remind/"
    assert confirmed(browser("coordinator"), address, {"unit": cast.first.pk}).status_code == 302
    text = " ".join(render(Letter.objects.get(kind="reminder")))
    assert present.lower() in text.lower()
    assert absent not in text.lower()
    assert 'chiến dịch "chiến dịch' not in text.lower()


def test_reminders_go_once_for_each_occasion(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = dispatch(cast)
    due(sent.campaign, tree.today() + timedelta(days=3))
    Dispatch.objects.update(sent=timezone.now() - timedelta(days=2))
    monkeypatch.setattr("lamsach.portal.campaigns.tasks.EARLIEST_HOUR", 0)
    monkeypatch.setattr("lamsach.portal.campaigns.tasks.LATEST_HOUR", 24)
    dispatches.take(sent.recipients.get(unit=cast.second), StepKind.DEPLOYED, how=How.PAPER)
    assert (remind_by_schedule(), remind_by_schedule()) == (1, 0)
    assert Letter.objects.filter(kind="reminder").count() == 1


@pytest.mark.one_date
def test_the_board_filters_and_exports(cast: Cast, browser: Browser) -> None:
    sent = dispatch(cast)
    Unit.objects.filter(pk=cast.first.pk).update(name="=HYPERLINK(1)")
    dispatches.take(sent.recipients.get(unit=cast.first), StepKind.DEPLOYED, how=How.PAPER)
    client = browser("coordinator")
    address = f"/office/campaigns/{sent.campaign_id}/board/"
    assert "Phòng Hai" in client.get(address + "?state=silent").content.decode()
    assert "Phòng Hai" not in client.get(address + "?state=deployed").content.decode()
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(address + "export/").content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(min_row=2))
    assert [(row[0].value, row[1].value, row[1].data_type) for row in rows] == [
        ("G06.12.01", "=HYPERLINK(1)", "s"),
        ("G06.12.02", "Phòng Hai", "s"),
    ]
    assert rows[0][8].value.date() == tree.today()  # type: ignore[union-attr]


def test_the_letter_reads_as_a_letter(cast: Cast) -> None:
    dispatch(cast, number="05/TTCNTT-KTHT")
    subject, text = render(Letter.objects.get(to="mot@unit.example"))
    assert subject == "05/TTCNTT-KTHT: V/v triển khai chiến dịch"
    assert text.startswith("Kính gửi: Phòng Một\n")
    assert re.search(r"http://\S+/r/\S+/", text)


@pytest.mark.one_date
def test_a_list_answers_for_its_addresses(cast: Cast) -> None:
    from lamsach.portal.base.uploads import store

    file = SimpleUploadedFile("ds.csv", b"ip\n192.0.2.7\n198.51.100.0/24\n2001:db8::5\nbot-c2.xyz\n")
    stored = store(file)
    made = IndicatorList.objects.create(
        campaign=dispatch(cast).campaign,
        name=stored.name,
        path=stored.path,
        size=stored.size,
        sha256=stored.sha256,
    )
    lists.read_list(made.pk)
    listed = {
        a
        for a in ("192.0.2.7", "192.0.2.8", "198.51.100.200", "2001:db8::5", "::ffff:192.0.2.7", "no")
        if lists.is_listed(a)
    }
    assert listed == {"192.0.2.7", "198.51.100.200", "2001:db8::5", "::ffff:192.0.2.7"}
    Campaign.objects.update(state=CampaignState.CLOSED)
    assert not lists.is_listed("192.0.2.7")


DAY = date(2022, 9, 1)
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["move", "close", "ack", "deploy"]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 20),
    ),
    max_size=12,
)


@pytest.mark.one_date
@given(
    parents=st.lists(st.integers(0, 8), min_size=9, max_size=9),
    operations=OPERATIONS,
    asked=st.integers(0, 25),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_counts_equal_a_slow_reference(
    parents: list[int], operations: list[tuple[str, int, int, int]], asked: int, cast: Cast
) -> None:
    """Over random trees, moves, closings and answers, the query equals a walk of the history."""
    from django.db import transaction

    from lamsach.errors import InputError

    with transaction.atomic():
        units = [tree.create("Z0", "0", None, DAY)]
        history = [(DAY, 0, -1)]
        for i, parent in enumerate(parents, 1):
            units.append(tree.create(f"Z0.{i}", str(i), units[parent % i], DAY))
            history.append((DAY, i, parent % i))
        found = campaign(cast)
        Participation.objects.filter(campaign=found).delete()
        done: dict[str, dict[int, date]] = {"ack": {}, "deploy": {}}
        for kind, a, b, offset in sorted(operations, key=lambda operation: operation[3]):
            day = DAY + timedelta(days=offset + 1)
            if kind == "move" and a and units[a].valid_until > day and units[b].valid_until > day:
                try:
                    tree.move(units[a], units[b], day)
                    history.append((day, a, b))
                except InputError:
                    continue
            elif kind == "close" and a:
                units[a].refresh_from_db()
                try:
                    if not units[a].is_closed:
                        tree.close(units[a], None, day)
                        history.append((day, a, -2))
                        units[a].refresh_from_db()
                except InputError:
                    continue
            elif kind in done:
                done[kind].setdefault(a, day)
        for i in set(done["ack"]) | set(done["deploy"]):
            Participation.objects.create(
                campaign=found,
                unit=units[i],
                informed_on=done["ack"].get(i),
                deployed_on=done["deploy"].get(i),
            )
        day = DAY + timedelta(days=asked)
        expected = slow(history, done, day)
        assert counts(found, units[0].pk, day) == expected
        below = [child for child, parent in tree_on(history, day).items() if parent == 0]
        assert set(counts_by_child(found, units[0].pk, day)) == {units[child].pk for child in below}
        transaction.set_rollback(True)


def tree_on(history: list[tuple[date, int, int]], day: date) -> dict[int, int]:
    """The tree of a day: each unit's parent."""
    places: dict[int, int] = {}
    for since, child, parent in history:
        if since <= day:
            places[child] = parent
    return {child: parent for child, parent in places.items() if parent != -2}


def slow(history: list[tuple[date, int, int]], done: dict[str, dict[int, date]], day: date) -> Counts:
    places = tree_on(history, day)
    below = []
    for unit in places:
        at = unit
        while at > 0:
            at = places[at]
        if unit:
            below.append(unit)
    reached = {kind: sum(1 for u in below if u in days and days[u] <= day) for kind, days in done.items()}
    return Counts(units=len(below), informed=reached["ack"], deployed=reached["deploy"])


@pytest.mark.one_date
@pytest.mark.django_db
def test_a_sent_dispatch_that_starts_the_campaign_is_in_the_trail(cast: Cast) -> None:
    sent = dispatch(cast)
    noted = Entry.objects.get(action="campaign.running")
    assert (noted.object_id, noted.details) == (sent.campaign_id, {"occasion": "dispatch"})
    assert noted.who == "coordinator@person.example"


@pytest.mark.one_date
@pytest.mark.django_db
def test_the_word_of_another_persons_form_is_no_error(cast: Cast, browser: Browser) -> None:
    first = dispatch(cast, sent=False)
    day, later = tree.today().isoformat(), (tree.today() + timedelta(days=9)).isoformat()
    data = {
        "issuer": cast.root.pk,
        "day": day,
        "subject": "V/v",
        "body": "x",
        "deadline": later,
        "once": first.once,
    }
    address = f"/office/campaigns/{first.campaign_id}/dispatches/new/"
    assert browser("authority").post(address, data).status_code == 302
    made = Dispatch.objects.exclude(pk=first.pk).get()
    assert made.once != first.once
    assert made.created_by == cast.people["authority"]
