"""Pages show texts instead of internal codes: acts, subjects, browsers, menu positions."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.utils import timezone, translation

from lamsach import __version__
from lamsach.indicators.review.decisions import Choice
from lamsach.portal import catalogue_vi
from lamsach.portal.accounts.events import FACTORS
from lamsach.portal.audit.details import ACTS, NAMES, THINGS, action_label, detail_rows
from lamsach.portal.audit.models import Entry
from lamsach.portal.audit.trail import record
from lamsach.portal.awareness import access as awareness
from lamsach.portal.awareness.models import Notice, Person
from lamsach.portal.base.templatetags.page_tags import browser as named
from lamsach.portal.campaigns.models import CampaignState, StepKind
from lamsach.portal.cases.models import CaseState
from lamsach.portal.findings.models import Device
from lamsach.portal.mail.letters import queue_letter
from lamsach.portal.mail.models import Letter
from lamsach.portal.reports.chain import Action

from .conftest import Browser, Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db
PORTAL = Path(catalogue_vi.__file__).parents[1]


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    """Calls of a function by its plain name."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [node for node in found if isinstance(node.func, ast.Name) and node.func.id == name]


def texts(node: ast.AST) -> set[str]:
    """String constants in a piece of code."""
    found = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {text for text in found if isinstance(text, str)}


@cache
def trees() -> list[ast.Module]:
    """Syntax trees of the portal's code."""
    return [ast.parse(path.read_text("utf-8")) for path in PORTAL.rglob("*.py")]


def acts() -> set[str]:
    """Acts recorded by the code as constants: directly, by a name, or through a local function."""
    found: set[str] = set()
    for tree in trees():
        for call in calls(tree, "record"):
            if isinstance(call.args[1], ast.Constant | ast.IfExp):
                found |= texts(call.args[1])
        for place in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            named = {call.args[1].id for call in calls(place, "record") if isinstance(call.args[1], ast.Name)}
            for node in ast.walk(place) if named else ():
                if isinstance(node, ast.Assign) and named & {getattr(to, "id", "") for to in node.targets}:
                    found |= texts(node.value)
            for call in calls(tree, place.name) if named else ():
                found |= {text for given in call.args for text in texts(given)}
    return {act for act in found if re.fullmatch(r"[a-z_]+\.[a-z_]+", act)}


def test_every_act_has_its_words() -> None:
    found = acts() | {
        word.value.value
        for tree in trees()
        for call in calls(tree, "Listing")
        for word in call.keywords
        if word.arg in ("seen", "export") and isinstance(word.value, ast.Constant)
    }
    assert len(found) > 120
    counted = {
        "case": CaseState.values, "dispatch": [*StepKind.values, "reminded"], "report": Action,
        "list": Choice, "campaign": CampaignState.values[1:], "exemption": ("approve", "end"),
        "consent": ("given", "withdrawn"), "canned": ("saved", "withdrawn"),
        "article": ("saved", "withdrawn"), "hunt": ("begun", "stopped"), "trace": ("begun", "stopped"),
    }  # fmt: skip
    found |= {f"{thing}.{act}" for thing, every in counted.items() for act in every} | set(FACTORS)
    missing = sorted(act for act in found if action_label(act) == act)
    assert not missing, " ".join(missing)
    assert sorted(set(THINGS) - {act.split(".")[0] for act in found}) == []
    assert action_label("of a.later version") == "of a.later version"


def test_every_detail_has_its_words() -> None:
    noted = (call for tree in trees() for call in calls(tree, "record"))
    named = {
        word.arg for call in noted for word in call.keywords if word.arg and word.arg not in ("who", "user")
    }
    assert len(named) > 50
    assert sorted(named - set(NAMES)) == []


def test_details_are_told_in_words_and_empty_ones_not_at_all() -> None:
    details = {"count": 2, "search": "", "before": None, "whole": True, "fields": ["a", "b"], "later": 0}
    with translation.override("vi"):
        assert detail_rows(details) == [
            ("số lượng", "2"),
            ("gửi mọi đơn vị", "có"),
            ("mục", "a, b"),
            ("later", "0"),
        ]
    with translation.override("en"):
        assert detail_rows(details)[:2] == [("count", "2"), ("to all units", "yes")]


def test_states_are_told_in_the_readers_words() -> None:
    """States of the app of the act.

    A value with different meanings in several apps remains as stored.
    """
    with translation.override("vi"):
        assert detail_rows({"before": "working"}, "case.cleaned") == [("trước", "Đang xử lý")]
        assert detail_rows({"before": "no-such-state"}, "case.cleaned") == [("trước", "no-such-state")]
        assert detail_rows({"role": "officer"}, "role.changed")[0][1] == "Cán bộ phụ trách"


def test_who_made_a_token_and_from_where_is_kept(cast: Cast, browser: Browser) -> None:
    client = browser("coordinator")
    client.post(f"/office/units/{cast.first.pk}/tokens/", {"name": "SIEM"}, REMOTE_ADDR="192.0.2.7")
    noted = Entry.objects.get(action="token.issued")
    assert (noted.who, noted.address) == ("coordinator@person.example", "192.0.2.7")


def test_the_trail_speaks_the_readers_language(cast: Cast, browser: Browser) -> None:
    record(cast.people["officer"], "dispatch.sent")
    page = browser("administrator").get("/office/audit/", HTTP_ACCEPT_LANGUAGE="vi").content.decode()
    assert "dispatch.sent" in page, "the code by which one filters"
    with translation.override("vi"):
        assert action_label("dispatch.sent") == "Công văn: đã gửi"
    assert len(ACTS) > 90


def test_a_letter_that_waits_shows_its_subject(cast: Cast, browser: Browser) -> None:
    queue_letter("case_due", to="mot@unit.example", key="k", unit=cast.first, context={"count": 3, "late": 1})
    queue_letter("plain", to="hai@unit.example", key="l", unit=cast.second, context={"subject": "x"})
    Letter.objects.filter(key="l").update(context={})
    page = browser("coordinator").get("/office/mail/").content.decode()
    assert "case_due" not in page
    assert re.search(r"(Machines overdue|Máy quá hạn xử lý): 3", page)
    assert ">–</td>" in page, "one that was taken back keeps no words"


def test_the_footer_names_the_product_on_every_page(cast: Cast, browser: Browser) -> None:
    campaign = dispatch(cast).campaign
    for path in (
        f"/office/campaigns/{campaign.pk}/playbooks/botnet/",
        f"/office/campaigns/{campaign.pk}/form/",
    ):
        page = browser("coordinator").get(path).content.decode()
        assert f"Lamsach {__version__}</p>" in page, path


def test_who_confirmed_was_told(cast: Cast) -> None:
    campaign = dispatch(cast).campaign
    person = Person.objects.create(unit=cast.first, name="Người A", email="a@person.example")
    moment = timezone.now()
    Notice.objects.create(campaign=campaign, unit=cast.first, person=person, planned=moment, confirmed=moment)
    assert awareness.branches(campaign, [cast.first.pk]) == {cast.first.pk: (1, 0, 0)}


def test_an_address_of_nobody_shows_no_key(cast: Cast, browser: Browser) -> None:
    device = Device.objects.create(unit=cast.first, key="unattributed:stated:192.0.2.9", ip="192.0.2.9")
    page = browser("officer").get(f"/office/findings/devices/{device.pk}/").content.decode()
    assert "192.0.2.9" in page
    assert "unattributed" not in page


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
         "Chrome, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Windows NT 10.0) coc_coc_browser/120 Chrome/114 Safari/537.36", "Cốc Cốc, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iOS"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.5", "curl/8.5"),
        ("", "–"),
        ("x" * 900, "x" * 80),
    ],
)  # fmt: skip
def test_a_browser_in_two_words(agent: str, expected: str) -> None:
    assert named(agent) == expected


def test_the_name_of_a_key_is_asked_for_in_the_readers_language(cast: Cast, browser: Browser) -> None:
    from lamsach.portal.accounts.factors import AddKeyForm

    with translation.override("vi"):
        assert str(AddKeyForm.base_fields["name"].label) == "Tên khóa"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("unattributed:?:FW-01", "not known (log of FW-01)"),
        ("unattributed:?", "no machine known"),
        ("unattributed:dns:192.0.2.53", "192.0.2.53"),
        ("unattributed:public:2001:db8::1", "2001:db8::1"),
        ("mac:02:00:00:00:00:01", "02:00:00:00:00:01"),
    ],
)
def test_a_stand_in_is_called_by_its_place(key: str, expected: str) -> None:
    with translation.override("en"):
        assert str(Device(key=key)) == expected
