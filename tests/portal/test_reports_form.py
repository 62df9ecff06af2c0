"""Editing of the reporting form: rows, texts, wording, checks, annexes; previewed and versioned."""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import docx
import pytest

from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.portal.campaigns.models import Campaign, FormDefinition
from lamsach.portal.campaigns.views import default_form
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.reports import drafts
from lamsach.portal.reports.chain import Action, take
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import digest_of, form_of, freeze, scope_of
from lamsach.portal.reports.documents import consolidated, document_of
from lamsach.portal.reports.figures import Scope, log_rows, rows_of, state_rows
from lamsach.portal.reports.files import validate
from lamsach.portal.reports.form_views import wording_of
from lamsach.portal.units import tree

from .conftest import Browser, Cast
from .samples import case, dispatch, report

pytestmark = pytest.mark.django_db


def posted(campaign: Campaign, **changes: Any) -> dict[str, Any]:
    """The editor's form as submitted by a browser."""
    definition: Mapping[str, Any] = campaign.form.definition
    fields, rows = definition["general"]["fields"], definition["figures"]["rows"]
    data: dict[str, Any] = {"version": campaign.form.version, **wording_of(definition)}
    data |= {"form-TOTAL_FORMS": len(rows) + 2, "form-INITIAL_FORMS": len(rows)}
    data |= {"field-TOTAL_FORMS": len(fields) + 1, "field-INITIAL_FORMS": len(fields)}
    for number, row in enumerate(rows):
        data |= {f"form-{number}-{name}": row.get(name, "") for name in ("key", "label", "source")}
        data[f"form-{number}-basis"] = row.get("basis", "records")
    for number, field in enumerate(fields):
        data |= {f"field-{number}-{name}": field.get(name, "") for name in ("key", "label", "kind")}
    for number in (len(rows), len(rows) + 1):
        data |= {f"form-{number}-source": "manual", f"form-{number}-basis": "records"}
    data[f"field-{len(fields)}-kind"] = "text"
    return {**data, **changes}


def test_changing_a_new_default_form_leaves_the_next_as_it_was(cast: Cast) -> None:
    before = copy.deepcopy(APPENDIX_2022)
    form = default_form()
    form.definition["figures"]["rows"][0]["basis"] = "reports"
    form.definition["checks"].clear()
    assert before == APPENDIX_2022
    form.delete()
    assert default_form().definition == before


def test_saving_it_unchanged_changes_nothing(cast: Cast, browser: Browser) -> None:
    campaign = dispatch(cast).campaign
    before = copy.deepcopy(campaign.form.definition)
    address = f"/office/campaigns/{campaign.pk}/form/"
    assert browser("coordinator").post(address, posted(campaign, keep="1")).status_code == 302
    campaign = Campaign.objects.get(pk=campaign.pk)
    after = campaign.form.definition
    for row in before["figures"]["rows"]:
        row["basis"] = "records"
    assert after == before


def test_a_coordinator_changes_everything_without_code(cast: Cast, browser: Browser) -> None:
    campaign = dispatch(cast).campaign
    client, found = browser("coordinator"), report(cast)
    address = f"/office/campaigns/{campaign.pk}/form/"
    data = posted(
        campaign,
        **{
            "title": "Mẫu báo cáo năm sau",
            "checks": "deployed > informed | Số triển khai <b>vượt</b> số nhận.\n\ninformed > 3",
            "annexes": ["states", "coverage"],
            "note": "",
            "form-2-label": "Số người <b>được truyền thông",
            "form-2-source": "people.told",
            "form-2-basis": "records",
            "field-2-label": "",
            "field-3-label": "Khó khăn, vướng mắc",
        },
    )
    look = client.post(address, {**data, "look": "1"}).content.decode()
    assert "Số người &lt;b&gt;được truyền thông" in look
    assert "Số triển khai &lt;b&gt;vượt" in look
    assert "Preview, not saved yet" in look
    assert FormDefinition.objects.count() == 1
    assert client.post(address, {**data, "keep": "1"}).status_code == 302
    assert client.post(address, {**data, "keep": "1"}).status_code == 409
    assert browser("officer").post(address, {**data, "keep": "1"}).status_code == 403
    form = Campaign.objects.get(pk=campaign.pk).form
    assert (form.version, form.definition["checks"][1]) == (2, {"warn": "informed > 3"})
    found.refresh_from_db()
    assert found.form.version == 1
    browser("officer").post(f"/office/reports/{found.pk}/refresh/", {"version": found.version})
    found.refresh_from_db()
    assert [row.label for row in form_of(found).rows][2] == "Số người <b>được truyền thông"
    assert [f.key for f in form_of(found).fields] == ["unit", "assessment", "r_kho_khan_vuong_mac"]
    assert sorted(f.key for f in found.figures.all())[2] == "r_so_nguoi_b_duoc_truyen_thong"
    found.figures.filter(key="deployed").update(stated=9, reason="x")
    page = browser("officer").get(f"/office/reports/{found.pk}/").content.decode()
    assert "Số triển khai &lt;b&gt;vượt&lt;/b&gt; số nhận." in page


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": "__import__('os')"},
        {"title": ""},
        {"form-0-label": "", "form-1-label": ""},
        {"form-0-source": "shell"},
        {"annexes": ["secrets"]},
        {"form-0-key": "A b"},
        {"form-0-key": "deployed"},
    ],
)
def test_what_is_no_form_is_not_kept(changes: dict[str, Any], cast: Cast, browser: Browser) -> None:
    campaign = dispatch(cast).campaign
    address = f"/office/campaigns/{campaign.pk}/form/"
    assert browser("coordinator").post(address, posted(campaign, keep="1", **changes)).status_code == 200
    assert FormDefinition.objects.count() == 1


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pdf", "html", "odt"])
def test_the_blank_form_is_handed_out(kind: str, cast: Cast, browser: Browser) -> None:
    address = f"/office/campaigns/{dispatch(cast).campaign_id}/form/{kind}/"
    answer = browser("officer").get(address)
    assert answer.status_code == (404 if kind == "odt" else 200)
    if kind == "docx":
        text = "\n".join(p.text for p in docx.Document(io.BytesIO(answer.content)).paragraphs)
        assert "a@unit.example" in text


def covered(cast: Cast, unit: Any, observer: str, days: tuple[int, ...]) -> None:
    CoverageDay.objects.bulk_create(
        CoverageDay(
            campaign=dispatch(cast).campaign,
            unit=unit,
            observer=observer,
            day=tree.today() - timedelta(days=day),
            lines=5,
        )
        for day in days
    )


def test_annexes_hold_counts_and_stay_as_they_were_submitted(cast: Cast) -> None:
    case(cast)
    CoverageDay.objects.all().delete()
    covered(cast, cast.first, "fw-1", (9, 8, 5))
    covered(cast, cast.centre, "dns", (3,))
    campaign = dispatch(cast).campaign
    campaign.form.definition = {**campaign.form.definition, "annexes": ["states", "coverage", "units"]}
    campaign.form.save()
    made = drafts.begin(campaign, cast.centre, cast.people["coordinator"])
    scope = scope_of(made)
    rows = {row[1]: row[2:5] for row in log_rows(scope)}
    assert rows == {
        cast.centre.name: ["1", "1", "0"],
        cast.first.name: ["1", "3", "2"],
        cast.second.name: ["0", "", ""],
    }
    assert state_rows(scope)[0][2] == "1"
    sent = take(made, Action.SUBMIT, cast.people["coordinator"], freeze=freeze)
    assert sent.content is not None
    assert sent.content["annexes"] == rows_of(form_of(made), scope)
    assert digest_of(validate(sent.content, cast.centre)) == sent.digest
    CoverageDay.objects.all().delete()
    titles = [appendix.title for appendix in document_of(sent).appendices]
    assert titles[1:] == ["SỐ MÁY TÍNH, THIẾT BỊ THEO TÌNH TRẠNG", "NHẬT KÝ ĐÃ RÀ SOÁT"]


def test_a_consolidated_report_says_which_logs_were_searched(cast: Cast) -> None:
    covered(cast, cast.first, "fw-1", (2, 1))
    campaign = dispatch(cast).campaign
    scope = Scope(campaign, cast.centre, tree.today())
    form = form_of(report(cast))
    document = consolidated(scope, form, consolidate(form, scope))
    assert "NHẬT KÝ ĐÃ RÀ SOÁT" in [appendix.title for appendix in document.appendices]
