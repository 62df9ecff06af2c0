"""A unit's letterhead: edited on its page, on every document, stored with submitted reports."""

from __future__ import annotations

import io
from typing import Any

import docx
import pytest

from lamsach.letters.form import parse_form
from lamsach.letters.model import Document, Signature
from lamsach.letters.pdf import to_pdf
from lamsach.portal.audit.models import Entry
from lamsach.portal.letterheads import heads
from lamsach.portal.letterheads.models import Letterhead
from lamsach.portal.reports import drafts, papers
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import freeze
from lamsach.portal.reports.documents import consolidated, document_of
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.models import Report
from lamsach.portal.traces.runs import _letter
from lamsach.portal.units import tree
from lamsach.portal.units.models import Unit
from tests.letters.decree import faults

from .conftest import Browser, Cast
from .samples import case, dispatch, trace

pytestmark = pytest.mark.django_db
GIVEN = {
    "parent_body": "Bộ Minh họa",
    "body": "Trung tâm Công nghệ A",
    "place": "Hà Nội",
    "abbreviation": "ttcna",
    "office": "KTHT",
    "authority": "KT. Giám đốc",
    "position": "Phó Giám đốc",
    "signer": "Nguyễn Văn Minh Họa",
    "copies": "- Như trên;\n- Lãnh đạo Bộ (để b/c);\n\nCổng thông tin điện tử.",
    "address": "Số 1 phố Minh họa, Hà Nội",
}
COPIES = ("Như trên", "Lãnh đạo Bộ (để b/c)", "Cổng thông tin điện tử", "Lưu: VT, KTHT")
SIGNED = Signature("Phó Giám đốc", "Nguyễn Văn Minh Họa", "KT. Giám đốc")


def given(unit: Unit, **changes: Any) -> Letterhead:
    return Letterhead.objects.create(unit=unit, **{**GIVEN, **changes})


def whole(cast: Cast, what: str) -> Document:
    """Make a document of each kind, issued by the centre (the minutes by the room)."""
    sent = dispatch(cast, number="05")
    campaign, day = sent.campaign, tree.today()
    scope, form = Scope(campaign, cast.centre, day), parse_form(campaign.form.definition)
    made: Document | None
    if what == "dispatch":
        made = papers.dispatch_paper(sent)
    elif what == "report":
        made = document_of(drafts.begin(campaign, cast.centre, cast.people["coordinator"]))
    elif what == "consolidated":
        made = consolidated(scope, form, consolidate(form, scope))
    elif what == "reminder":
        made = papers.reminder_paper(campaign, cast.centre, consolidate(form, scope).lines, day)
    else:
        made = papers.minutes_paper(case(cast), day, named=True)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("what", "symbol"),
    [
        ("dispatch", "TTCNA-KTHT"),
        ("report", "BC-TTCNA"),
        ("consolidated", "BC-TTCNA"),
        ("reminder", "TTCNA-KTHT"),
        ("minutes", "BB-TTCNA"),
    ],
)
def test_every_document_has_the_letterhead(what: str, symbol: str, cast: Cast) -> None:
    for unit in (cast.centre, cast.first):
        given(unit)
    made = whole(cast, what)
    head = made.head
    assert (head.parent, head.issuer, head.place) == ("Bộ Minh họa", "Trung tâm Công nghệ A", "Hà Nội")
    assert (made.signature, head.symbol, head.number) == (SIGNED, symbol, 5 if what == "dispatch" else None)
    assert what == "minutes" or made.copies == COPIES
    assert made.address == ("Số 1 phố Minh họa, Hà Nội" if what in ("dispatch", "reminder") else "")
    assert faults(made, to_pdf(made)) == [], "out of Decree 30's ranges"


@pytest.mark.parametrize("what", ["dispatch", "report", "consolidated", "reminder", "minutes"])
def test_without_a_letterhead_the_tree_provides_names(what: str, cast: Cast) -> None:
    made = whole(cast, what)
    unit = cast.first if what == "minutes" else cast.centre
    assert (made.head.issuer, made.head.parent) == (unit.name, unit.parent.name if unit.parent else "")
    assert made.signature.name == ""
    assert made.copies[-1].startswith("Lưu: VT")


def test_the_answer_of_a_trace_has_the_letterhead(cast: Cast) -> None:
    given(cast.first)
    letter = _letter(trace(cast), 0)
    assert (letter.parent, letter.body, letter.place) == ("Bộ Minh họa", "Trung tâm Công nghệ A", "Hà Nội")
    assert (letter.number, letter.position) == ("/TTCNA-KTHT", "KT. Giám đốc\nPhó Giám đốc")
    assert (letter.signer, letter.copies) == ("Nguyễn Văn Minh Họa", COPIES)


def test_a_submitted_report_retains_its_letterhead(cast: Cast) -> None:
    letterhead = given(cast.centre)
    made = drafts.begin(dispatch(cast).campaign, cast.centre, cast.people["coordinator"])
    assert (made.symbol, made.authority, made.signer) == ("BC-TTCNA", "KT. Giám đốc", "Nguyễn Văn Minh Họa")
    stored = take(made, Action.SUBMIT, cast.people["coordinator"], freeze=freeze)
    Letterhead.objects.filter(pk=letterhead.pk).update(
        body="Tên khác", parent_body="Bộ khác", copies="Nơi khác"
    )
    document = document_of(Report.objects.get(pk=stored.pk))
    assert (document.head.issuer, document.head.parent) == ("Trung tâm Công nghệ A", "Bộ Minh họa")
    assert document.copies == COPIES


@pytest.mark.parametrize(
    ("changes", "parent", "symbol", "last"),
    [
        ({"no_parent": True}, "", "BC-TTCNA", "Lưu: VT, KTHT"),
        ({"parent_body": ""}, "Cơ quan điều phối", "BC-TTCNA", "Lưu: VT, KTHT"),
        ({"abbreviation": " "}, "Bộ Minh họa", "", "Lưu: VT, KTHT"),
        ({"office": ""}, "Bộ Minh họa", "BC-TTCNA", "Lưu: VT"),
        ({"copies": "Phòng Hai\nLưu: VT, P2 (3b)."}, "Bộ Minh họa", "BC-TTCNA", "Lưu: VT, P2 (3b)"),
    ],
)
def test_empty_parts_are_left_out(
    changes: dict[str, Any], parent: str, symbol: str, last: str, cast: Cast
) -> None:
    letterhead = given(cast.centre, **changes)
    assert heads.parent_body(cast.centre, letterhead) == parent
    assert heads.symbol(letterhead, heads.REPORT) == symbol
    assert heads.copies(letterhead)[-1] == last
    assert heads.copies(letterhead)[0] == "Như trên"


def test_the_page_in_both_languages(cast: Cast, browser: Browser) -> None:
    address = f"/office/units/{cast.centre.pk}/letterhead/"
    client = browser("coordinator")
    assert address in client.get(f"/office/units/{cast.centre.pk}/").content.decode()
    assert "Letterhead" in client.get(address).content.decode()
    assert client.post(address, {**GIVEN, "version": 0}).status_code == 302
    page = client.get(address).content.decode()
    assert "Trung tâm Công nghệ A" in page
    cast.people["coordinator"].language = "vi"
    cast.people["coordinator"].save()
    assert "Thể thức văn bản" in client.get(address).content.decode()
    assert Entry.objects.filter(action="unit.letterhead").count() == 1
    assert browser("reader").get(address).status_code == 200
    assert browser("reader").post(address, GIVEN).status_code == 403
    assert browser("stranger").get(address).status_code == 404


def test_a_concurrent_edit_is_reported(cast: Cast, browser: Browser) -> None:
    address = f"/office/units/{cast.centre.pk}/letterhead/"
    client = browser("coordinator")
    assert client.post(address, {**GIVEN, "version": 0}).status_code == 302
    assert client.post(address, {**GIVEN, "version": 0, "signer": "Khác"}).status_code == 409
    assert client.post(address, {**GIVEN, "version": 1, "signer": "Khác"}).status_code == 302
    assert client.post(address, {**GIVEN, "version": 1}).status_code == 409
    assert Letterhead.objects.get().signer == "Khác"


def test_a_hostile_letterhead_is_only_text(cast: Cast, browser: Browser) -> None:
    text = '#panic() $x$ <script>alert(1)</script> =1+1 {{7*7}} "'
    given(cast.centre, **dict.fromkeys(GIVEN, text[:40]))
    address = f"/office/units/{cast.centre.pk}/letterhead/"
    client = browser("coordinator")
    assert "<script>alert" not in client.get(address).content.decode()
    page = client.get(f"{address}html/")
    assert "<script>alert" not in page.content.decode()
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert client.get(f"{address}pdf/").content.startswith(b"%PDF")
    assert client.get(f"{address}exe/").status_code == 404
    sent = dispatch(cast, number="05")
    book = client.get(f"/office/dispatches/{sent.pk}/document/docx/").content
    words = "\n".join(cell.text for table in docx.Document(io.BytesIO(book)).tables for cell in table._cells)
    assert text[:40].upper().strip() in words.replace("\n", " ")
