"""A unit's report without the portal: its own findings bundles are all the evidence there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from lamsach.i18n import mark
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.assessment import Evidence, assessment, proposals
from lamsach.letters.checks import warnings
from lamsach.letters.findings import Summary, annexes, summarise
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import report
from lamsach.letters.model import Document, Head, Signature
from lamsach.model import DeviceState

PARTIAL = mark(
    "A hunt was stopped before its end, so its findings are not complete. Repeat it before you report."
)
_ITSELF = "Tính đơn vị báo cáo."


def report_of(
    unit: str,
    bundles: Sequence[Path],
    campaign: str = "",
    informed: int | None = None,
    deployed: int | None = None,
    around: Mapping[str, str] | None = None,
    today: date | None = None,
) -> tuple[Filled, Document, list[str]]:
    """The filled form, the report around it, and the sentences (English) that warn. A unit that searched its logs has been informed and has deployed: itself, unless more is stated.

    `around`: what stands around the form: `to`, `parent`, `place`, `position`, `signer`.
    """
    words = around or {}
    summary = summarise(bundles)
    day = today or date.today()
    figures = {
        "informed": Figure(computed=informed, note="") if informed is not None else Figure(1, note=_ITSELF),
        "deployed": Figure(computed=deployed, note="") if deployed is not None else Figure(1, note=_ITSELF),
    }
    known = _evidence(unit, campaign, day, figures, summary)
    filled = Filled(
        form=parse_form(APPENDIX_2022),
        texts={"unit": unit, "assessment": assessment(known), "proposals": proposals(known)},
        figures=figures,
    )
    values = {"informed": figures["informed"].value, "deployed": figures["deployed"].value}
    found: dict[str, int | None] = {**values, "found": summary.found, "blind": summary.blind_days}
    document = report(
        filled,
        Head(issuer=unit, parent=words.get("parent", ""), place=words.get("place", ""), year=day.year),
        campaign=campaign,
        to=words.get("to", ""),
        signature=Signature(words.get("position", ""), words.get("signer", "")),
        annexes=annexes(summary),
    )
    warned = warnings(filled.form.checks, found) + ([PARTIAL] if summary.partial else [])
    return filled, document, warned


def _evidence(unit: str, campaign: str, day: date, figures: dict[str, Figure], summary: Summary) -> Evidence:
    informed, deployed = figures["informed"].value, figures["deployed"].value
    only_itself = informed == deployed == 1
    return Evidence(
        unit=unit,
        campaign=campaign or "chiến dịch",
        day=day,
        units=1 if only_itself else None,
        informed=informed,
        deployed=deployed,
        found=summary.found,
        blocked=summary.states.get(DeviceState.BLOCKED, 0),
        unattributed=summary.states.get(DeviceState.UNATTRIBUTED, 0),
        sources=len(summary.sources),
        blind=summary.blind_days,
    )
