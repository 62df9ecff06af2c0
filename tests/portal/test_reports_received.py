"""Reports from outside: an e-mailed form is stored, and filed by a person; signed data is filed unchanged."""

from __future__ import annotations

import copy
import email
import email.policy
import io
import json
from email.message import EmailMessage
from typing import Any

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lamsach.letters.docx_ import to_docx
from lamsach.letters.form import Figure as FormFigure
from lamsach.letters.form import Filled, parse_form
from lamsach.letters.json_ import to_json
from lamsach.letters.layout import blank, report
from lamsach.letters.model import Head
from lamsach.letters.xlsx import to_xlsx
from lamsach.portal.base.errors import Stale
from lamsach.portal.campaigns.deadlines import of_unit
from lamsach.portal.campaigns.models import Step
from lamsach.portal.mail.inbox import receive
from lamsach.portal.mail.models import IncomingKind, Letter
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action
from lamsach.portal.reports.chain import take as step
from lamsach.portal.reports.consolidation import is_late
from lamsach.portal.reports.content import digest_of, freeze, is_intact, snapshot
from lamsach.portal.reports.files import file_signed, validate
from lamsach.portal.reports.letters import remind_units
from lamsach.portal.reports.models import Received, ReceivedState, Report, ReportState
from lamsach.portal.support.models import Question
from lamsach.portal.units import tree

from .conftest import Browser, Cast
from .mail_samples import address, mail
from .samples import dispatch, due, received
from .samples import report as own_report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reply_address")]
DOCX = "bao-cao.docx"


def form_of(cast: Cast, informed: int = 7, deployed: int = 5, name: str = "Phòng Một") -> Filled:
    return Filled(
        parse_form(dispatch(cast).campaign.form.definition),
        {"unit": name, "assessment": "Đã triển khai đầy đủ.", "proposals": "Không có."},
        {"informed": FormFigure(informed), "deployed": FormFigure(deployed)},
    )


def paper(filled: Filled) -> bytes:
    return to_docx(report(filled, Head(filled.texts["unit"]), campaign="", to=""))


@pytest.mark.parametrize("kind", ["docx", "xlsx", "json"])
@pytest.mark.parametrize("way", ["dispatch", "reminder", "sender"])
def test_an_e_mailed_form_is_kept_at_its_unit_and_campaign(kind: str, way: str, cast: Cast) -> None:
    sent = dispatch(cast)
    filled = form_of(cast)
    made = report(filled, Head("Phòng Một"), campaign="", to="")
    content = {"docx": to_docx(made), "xlsx": to_xlsx(made), "json": to_json(filled)}[kind]
    headers, sender = {}, "ca-nhan@person.example"
    if way == "sender":
        sender = "MOT@unit.example"
    else:
        if way == "reminder":
            remind_units(sent.campaign, [(cast.first, sent.deadline)], "x")
        wanted = "report_due" if way == "reminder" else "dispatch"
        letter = Letter.objects.filter(unit=cast.first, kind=wanted).latest("pk")
        headers = {"to": address(letter)}
    incoming = receive(mail(files={f"a.{kind}": content}, sender=sender, **headers))
    found = Received.objects.get()
    assert (found.campaign, found.unit) == (sent.campaign, cast.first)
    assert found.found_by == ("sender" if way == "sender" else "letter")
    read = {one["key"]: one["value"] if one["value"] is not None else one["raw"] for one in found.values}
    assert read == {
        "unit": "Phòng Một",
        "assessment": "Đã triển khai đầy đủ.",
        "proposals": "Không có.",
        "informed": 7,
        "deployed": 5,
    }
    assert incoming is not None
    assert not Question.objects.exists()
    assert Step.objects.filter(kind="wrote").exists() == (way == "dispatch")
    assert not Report.objects.exists(), "nothing is filed before a person confirms"


def wrapped(content: bytes, way: str) -> bytes:
    """The e-mail as written by other programs."""
    plain = mail(files={"a.docx": content})
    if way == "named by an encoded word":
        word = "=?UTF-8?B?QsOhbyBjw6FvLkRPQ1g=?="
        return plain.replace(b'filename="a.docx"', f'filename="{word}"'.encode())
    if way == "named in the type alone":
        bare = plain.replace(
            b'Content-Disposition: attachment; filename="a.docx"', b"Content-Disposition: inline"
        )
        return bare.replace(b"application/octet-stream", b'application/octet-stream; name="a.DOCX"')
    outer = EmailMessage()
    outer["From"], outer["To"], outer["Message-ID"] = (
        "mot@unit.example",
        "l@lamsach.example",
        "<o@unit.example>",
    )
    inner = email.message_from_bytes(plain, policy=email.policy.default)
    if way == "signed (S/MIME)":
        outer.set_content("x")
        outer.clear_content()
        outer.make_mixed()
        for name in ("Message-ID", "From", "To", "Subject"):
            del inner[name]
        outer.attach(inner)
        signature = EmailMessage()
        signature.set_content(b"0", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
        outer.attach(signature)
        outer.replace_header(
            "Content-Type", 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256'
        )
    else:
        outer.set_content("Chuyển tiếp.")
        outer.add_attachment(inner)
    return outer.as_bytes()


@pytest.mark.parametrize(
    "way",
    ["named by an encoded word", "named in the type alone", "signed (S/MIME)", "forwarded as a message"],
)
def test_an_e_mailed_form_is_found_however_it_is_wrapped(way: str, cast: Cast) -> None:
    dispatch(cast)
    receive(wrapped(paper(form_of(cast)), way))
    found = Received.objects.get()
    assert found.unit == cast.first
    assert [one["value"] for one in found.values if one["value"] is not None] == [7, 5]
    assert found.name.lower().endswith(".docx")


def test_the_name_in_the_form_tells_the_unit_of_an_unknown_sender(cast: Cast) -> None:
    receive(mail(files={DOCX: paper(form_of(cast, name="  phòng   HAI "))}, sender="la@elsewhere.example"))
    receive(mail(files={DOCX: paper(form_of(cast, name="Phòng Không Có"))}, sender="la@elsewhere.example"))
    assert list(Received.objects.order_by("pk").values_list("unit", "found_by")) == [
        (cast.second.pk, "name"),
        (None, ""),
    ]


def test_a_json_states_its_unit_by_code(cast: Cast) -> None:
    filled = form_of(cast, name="Tên khác")
    for code, unit in (("G06.12.02", cast.second.pk), ("G06.13", None), ([], None)):
        Received.objects.all().delete()
        receive(mail(files={"a.json": to_json(filled, {"unit_code": code})}, sender="la@elsewhere.example"))
        assert Received.objects.get().unit_id == unit


def test_the_same_file_is_kept_once_and_other_files_make_a_question(cast: Cast) -> None:
    content = paper(form_of(cast))
    for _ in range(2):
        receive(mail(files={DOCX: content}))
    assert Received.objects.count() == 1
    empty = to_docx(blank(Filled(parse_form(dispatch(cast).campaign.form.definition))))
    other = io.BytesIO()
    docx.Document().save(other)
    hostile = {
        "a.docx": b"PK\x03\x04 broken",
        "b.json": b"[" * 100_000,
        "c.xlsx": b"",
        "d.json": b'{"schema":1}',
    }
    for files in ({"mau.docx": empty}, {"khac.docx": other.getvalue()}, hostile):
        made = receive(mail(files=files))
        assert made is not None
        assert made.kind == IncomingKind.QUESTION
    assert Received.objects.count() == 1
    assert Question.objects.count() == 3


def test_a_program_may_send_a_report_and_gets_no_answer(cast: Cast) -> None:
    made = receive(mail(files={DOCX: paper(form_of(cast))}, Auto_Submitted="auto-generated"))
    assert made is not None
    assert (made.kind, made.target[:9]) == (IncomingKind.AUTOMATIC, "received:")


def confirm(client: Client, found: Received, **changes: Any) -> Any:
    data = {f"value_{one['key']}": one["value"] for one in found.values if one["value"] is not None}
    data |= {
        "campaign": found.campaign_id,
        "code": found.unit.code if found.unit else "",
        "text_assessment": "Đã làm.",
    }
    return client.post(f"/office/reports/received/{found.pk}/", {**data, **changes})


def test_a_person_confirms_and_the_report_goes_the_ordinary_way(cast: Cast, browser: Browser) -> None:
    receive(mail(files={DOCX: paper(form_of(cast))}))
    found = Received.objects.get()
    client = browser("coordinator")
    assert "7" in client.get(f"/office/reports/received/{found.pk}/").content.decode()
    assert client.get(f"/office/reports/received/{found.pk}/file/").status_code == 200
    answer = confirm(client, found, value_informed=6)
    made = Report.objects.get()
    assert answer["Location"] == f"/office/reports/{made.pk}/"
    assert (made.state, made.unit, made.scan_sha256, is_intact(made)) == (
        ReportState.SENT, cast.first, found.sha256, True,
    )  # fmt: skip
    figure = made.figures.get(key="informed")
    assert (figure.computed, figure.stated) == (0, 6)
    assert DOCX in figure.reason
    assert made.texts["assessment"] == "Đã làm."
    assert confirm(client, found).status_code == 409
    made.refresh_from_db()
    client.post(f"/office/reports/{made.pk}/receive/", {"version": made.version, "action": "accept"})
    assert Report.objects.get().state == ReportState.FROZEN


def test_who_may_see_and_file(cast: Cast, browser: Browser) -> None:
    found = received(cast)
    nowhere = Received.objects.create(
        key="x", way="mail", name="a", path="b", sha256="c", received=found.received
    )
    for name, own, lost in (
        ("coordinator", 200, 404),
        ("authority", 200, 200),
        ("stranger", 404, 404),
        ("officer", 404, 404),
        ("reader", 404, 404),
    ):
        client = browser(name)
        assert client.get(f"/office/reports/received/{found.pk}/").status_code == own, name
        assert client.get(f"/office/reports/received/{nowhere.pk}/").status_code == lost, name
    wrong = confirm(browser("coordinator"), found, code="G06.13.01")
    assert "No unit is found here by this code or name." in wrong.content.decode()
    assert not Report.objects.exists()


def test_what_is_no_report_is_set_aside(cast: Cast, browser: Browser) -> None:
    found = received(cast)
    browser("coordinator").post(f"/office/reports/received/{found.pk}/", {"dismiss": "1"})
    found.refresh_from_db()
    assert (found.state, Report.objects.count()) == (ReceivedState.DISMISSED, 0)
    assert (
        "Waits for confirmation"
        in browser("coordinator").get("/office/reports/received/?state=all").content.decode()
    )


def test_a_file_is_taken_by_hand(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    address = f"/office/campaigns/{dispatch(cast).campaign_id}/received/"
    content = paper(form_of(cast, name="Phòng Hai"))
    answer = client.post(address, {"file": SimpleUploadedFile("a.docx", content)})
    found = Received.objects.get()
    assert (answer["Location"], found.unit) == (f"/office/reports/received/{found.pk}/", cast.second)
    for bad in (SimpleUploadedFile("a.docx", b"PK\x03\x04"), SimpleUploadedFile("a.exe", b"MZ")):
        assert client.post(address, {"file": bad}, follow=True).status_code == 200
    assert Received.objects.count() == 1


def test_people_at_work_on_the_report_are_not_run_over(cast: Cast, browser: Browser) -> None:
    own = own_report(cast)
    step(own, Action.SUBMIT, cast.people["officer"], freeze=freeze)
    confirm(browser("coordinator"), received(cast))
    own.refresh_from_db()
    assert (own.state, Received.objects.get().state) == (ReportState.SUBMITTED, ReceivedState.WAITING)


def signed(cast: Cast, informed: int = 9, **changes: Any) -> dict[str, Any]:
    """Report data signed by the first room's own portal."""
    made = own_report(cast)
    content = copy.deepcopy(snapshot(made))
    Report.objects.filter(pk=made.pk).exclude(state=ReportState.FROZEN)
    content["figures"][0] |= {"computed": informed, "value": informed}
    return json.loads(json.dumps({**content, **changes}))  # type: ignore[no-any-return]


def test_signed_data_is_filed_as_it_is_and_once(cast: Cast) -> None:
    content = signed(cast)
    campaign = dispatch(cast).campaign
    made, fresh = file_signed(campaign, cast.first, content, who="Phòng Một")
    assert (made.state, made.digest, fresh) == (ReportState.SENT, digest_of(content), True)
    assert made.content == content
    assert file_signed(campaign, cast.first, content) == (made, False)
    newer = signed(cast, informed=10)
    again, _ = file_signed(campaign, cast.first, newer)
    assert (again.pk, again.content) == (made.pk, newer)
    step(again, Action.ACCEPT, cast.people["coordinator"])
    third, _ = file_signed(campaign, cast.first, signed(cast, informed=11, correction="Báo thiếu"))
    assert (third.edition, third.correction, third.state) == (2, "Báo thiếu", ReportState.SENT)
    assert file_signed(campaign, cast.first, newer)[1] is False
    assert [s.action for s in made.steps.all()] == [
        "submit", "approve", "send", "refuse", "submit", "approve", "send", "accept",
    ]  # fmt: skip


def test_signed_data_waits_while_people_here_work_on_the_report(cast: Cast) -> None:
    content = signed(cast)
    step(own_report(cast), Action.SUBMIT, cast.people["officer"], freeze=freeze)
    with pytest.raises(Stale):
        file_signed(dispatch(cast).campaign, cast.first, content)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "other"},
        {"unit": {"code": "G06.13", "name": "x"}},
        {"edition": -1},
        {"edition": True},
        {"as_of": "tomorrow"},
        {"texts": []},
        {"texts": {"a": "x" * 20_001}},
        {"texts": {"a": "\x00"}},
        {"figures": "x"},
        {"figures": [{"key": "a"}]},
        {"figures": [{"key": "a", "label": "", "source": "", "computed": 1, "stated": None, "reason": "",
            "note": "", "value": 2}]},
        {"parts": [{}]},
        {"letterhead": "x"},
        {"letterhead": {"parent": "A", "body": "B", "copies": "x"}},
        {"letterhead": {"parent": "A", "body": "B" * 301, "copies": []}},
        {"letterhead": {"parent": "A", "body": "B", "copies": [7]}},
    ],
)  # fmt: skip
def test_signed_data_is_still_the_other_sides_word(change: dict[str, Any], cast: Cast) -> None:
    content = {**signed(cast), **change}
    with pytest.raises((ValueError, KeyError)):
        validate(content, cast.first)


def test_a_filed_report_is_late_when_it_came_late(cast: Cast) -> None:
    content, found = signed(cast), dispatch(cast).campaign
    drafts.begin(found, cast.first, None)
    due(found, tree.today().replace(year=2020))
    made, _ = file_signed(found, cast.first, content)
    day = of_unit(made.campaign, cast.first.pk).report.day
    assert is_late(made, day, tree.today())
