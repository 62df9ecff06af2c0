"""All numbers and sentences of a report come from one computed object.

A stated number changes all of it or is refused; old figures cause a warning.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lamsach.errors import InputError
from lamsach.portal.campaigns.models import FormDefinition, Participation
from lamsach.portal.findings.models import CoverageDay
from lamsach.portal.reports import documents, drafts
from lamsach.portal.reports.consolidation import consolidate
from lamsach.portal.reports.content import evidence_of, filled_form, form_of
from lamsach.portal.reports.figures import Scope
from lamsach.portal.reports.models import Report
from lamsach.portal.units import tree
from lamsach.portal.units.tree import today

from .bundles import FIREWALL, Contact, day, device, findings, hand_in
from .conftest import Cast
from .samples import dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast) -> Report:
    """A draft of the centre with three rooms: 1 of 4 deployed."""
    tree.create("G06.12.03", "Phòng Bốn", cast.centre)
    campaign = dispatch(cast).campaign
    Participation.objects.filter(campaign=campaign, unit=cast.first).update(
        informed_on=today(), deployed_on=today()
    )
    found = drafts.begin(campaign, cast.centre, cast.people["coordinator"])
    assert "1/4 đơn vị, tổ chức đã triển khai" in found.texts["assessment"]
    return found


def with_row(found: Report, row: dict[str, Any], **more: Any) -> Report:
    """The report with an additional row in its campaign's form."""
    definition = dict(found.form.definition)
    figures = {**definition["figures"], "rows": [*definition["figures"]["rows"], row]}
    FormDefinition.objects.filter(pk=found.form_id).update(
        definition={**definition, "figures": figures, **more}
    )
    return Report.objects.select_related("form", "campaign__form", "unit").get(pk=found.pk)


def sent(found: Report, **stated: int) -> dict[str, Any]:
    """The form with the texts as stored."""
    found.refresh_from_db()
    data: dict[str, Any] = {"version": found.version, "itself": "on"}
    data |= {f"text_{name}": found.texts[name].replace("\n", "\r\n") for name in ("assessment", "proposals")}
    for key, value in stated.items():
        data |= {f"stated_{key}": value, f"reason_{key}": "Báo cáo giấy"}
    return data


def edit(cast: Cast, found: Report, **data: Any) -> str:
    answer = cast.client("coordinator").post(f"/office/reports/{found.pk}/edit/", data)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_a_stated_number_changes_body_table_and_assessment(cast: Cast, draft: Report) -> None:
    assert edit(cast, draft, **sent(draft, informed=4, deployed=4)) == ""
    draft.refresh_from_db()
    text = str(documents.document_of(draft))
    assert "4/4 đơn vị, tổ chức đã triển khai chiến dịch (đạt 100%)" in draft.texts["assessment"]
    assert "1/4" not in text
    assert "triển khai chiến dịch: 4" in text
    back = sent(draft) | {"stated_informed": "", "stated_deployed": ""}
    assert edit(cast, draft, **back) == ""
    draft.refresh_from_db()
    assert "1/4 đơn vị, tổ chức đã triển khai" in draft.texts["assessment"], "and back"


def test_a_text_by_hand_that_says_otherwise_refuses_the_number(cast: Cast, draft: Report) -> None:
    own = sent(draft) | {"text_assessment": "Có 1/4 đơn vị đã triển khai. Đơn vị đang đôn đốc."}
    assert edit(cast, draft, **own) == ""
    page = edit(cast, draft, **sent(draft, deployed=4, informed=4))
    assert "1/4 đơn vị đã triển khai" in page
    assert "contradicts the figures" in page
    draft.refresh_from_db()
    assert [figure.stated for figure in draft.figures.all()] == [None, None], "nothing was saved"
    right = sent(draft, deployed=4, informed=4) | {"text_assessment": "Có 4/4 đơn vị đã triển khai."}
    assert edit(cast, draft, **right) == ""


def test_what_contradicts_is_neither_submitted_nor_counted_anew(cast: Cast, draft: Report) -> None:
    Report.objects.filter(pk=draft.pk).update(
        texts={**draft.texts, "assessment": "Có 3/4 đơn vị đã triển khai."}
    )
    draft.refresh_from_db()
    client, path = cast.client("coordinator"), f"/office/reports/{draft.pk}/"
    assert "3/4 đơn vị đã triển khai" in client.get(path).content.decode(), "shown before"
    answer = client.post(f"{path}step/", {"version": draft.version, "action": "submit"}, follow=True)
    assert "3/4 đơn vị đã triển khai" in answer.content.decode()
    client.post(f"{path}refresh/", {"version": draft.version})
    draft.refresh_from_db()
    assert (draft.state, draft.texts["assessment"]) == ("draft", "Có 3/4 đơn vị đã triển khai.")
    client.post(f"{path}refresh/", {"version": draft.version, "texts": "1"})
    draft.refresh_from_db()
    assert "1/4" in draft.texts["assessment"]
    client.post(f"{path}step/", {"version": draft.version, "action": "submit"})
    draft.refresh_from_db()
    assert draft.state == "submitted"


def test_late_evidence_changes_nothing_until_the_figures_are_counted_anew(cast: Cast, draft: Report) -> None:
    before = str(documents.document_of(draft))
    hand_in(
        cast,
        draft.campaign,
        findings([device("mac:02:00:00:00:00:01")], [Contact(days={day(-2): 3})], [(FIREWALL, day(-2))]),
    )
    draft.refresh_from_db()
    assert str(documents.document_of(draft)) == before
    assert edit(cast, draft, **sent(draft, informed=2)) == ""
    draft.refresh_from_db()
    assert "phát hiện" not in draft.texts["assessment"], "from the same object as the table"
    drafts.refresh(draft, cast.people["coordinator"], draft.version, texts=False)
    assert "phát hiện 1 máy" in Report.objects.get(pk=draft.pk).texts["assessment"]


def test_units_that_were_not_searched_are_in_the_assessment_and_the_annexes(
    cast: Cast, draft: Report
) -> None:
    CoverageDay.objects.create(
        campaign=draft.campaign, unit=cast.first, observer=FIREWALL, day=day(-1), lines=1
    )
    row = {"key": "dark", "label": "Đơn vị chưa rà soát", "source": "cases.unsearched"}
    draft = with_row(draft, row, annexes=["states", "coverage"])
    drafts.refresh(draft, cast.people["coordinator"], draft.version, texts=True)
    found = Report.objects.select_related("form", "campaign", "unit").get(pk=draft.pk)
    assert {f.key: f.computed for f in found.figures.all()}["dark"] == 2
    text = str(documents.document_of(found))
    assert "Còn 2 đơn vị, cùng các đơn vị trực thuộc, chưa có nhật ký được rà soát" in text
    assert "không phát hiện" not in text
    assert "Chưa rà soát: không có nhật ký" in text
    page = cast.client("coordinator").get(f"/office/reports/{found.pk}/why/dark/").content.decode()
    assert "Phòng Hai" in page


def test_numbers_of_machines_that_cannot_be_are_refused(cast: Cast, draft: Report) -> None:
    hand_in(cast, draft.campaign, findings([device("mac:02:00:00:00:00:01")], [Contact(days={day(-2): 3})]))
    draft = with_row(draft, {"key": "clean", "label": "Máy đã làm sạch", "source": "cases.cleaned"})
    drafts.refresh(draft, cast.people["coordinator"], draft.version, texts=True)
    wanted = {"clean": {"stated": 2, "reason": "x", "note": ""}}
    with pytest.raises(InputError):
        drafts.save(draft, cast.people["coordinator"], draft.version, {}, wanted)


@pytest.mark.parametrize(("days", "old"), [(3, False), (31, True)])
def test_old_figures_are_shown_with_their_day_and_a_warning(
    days: int, old: bool, cast: Cast, draft: Report
) -> None:
    when = today() - timedelta(days=days)
    for state in ("draft", "submitted", "approved"):
        Report.objects.filter(pk=draft.pk).update(as_of=when, state=state)
        page = cast.client("coordinator").get(f"/office/reports/{draft.pk}/").content.decode()
        assert (f"The figures are as of {when:%d/%m/%Y}, {days} days ago." in page) is old, state
    found = Report.objects.get(pk=draft.pk)
    assert f"số liệu tính đến ngày {when:%d/%m/%Y}" in str(documents.document_of(found))


def test_the_consolidated_report_takes_no_text_with_other_figures(cast: Cast, draft: Report) -> None:
    scope = Scope(draft.campaign, cast.centre, today())
    result = consolidate(form_of(draft), scope)
    own = filled_form(draft)
    text = str(documents.consolidated(scope, form_of(draft), result, own))
    assert "1/4" not in text, "no report was accepted: the sums are 0"
    assert "chưa có nhật ký được rà soát" in text


def test_a_report_of_an_older_version_is_counted_when_it_is_read(cast: Cast, draft: Report) -> None:
    Report.objects.filter(pk=draft.pk).update(measured={})
    found = Report.objects.get(pk=draft.pk)
    assert (evidence_of(found).units, evidence_of(found).deployed) == (4, 1)
    assert "1/4" in str(documents.document_of(found))
    assert edit(cast, found, **sent(found)) == ""
