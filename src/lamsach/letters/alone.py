"""A unit's report without the portal: its own findings bundles are all the evidence there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from lamsach.i18n import format_date, mark
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.assessment import Evidence, assessment, proposals
from lamsach.letters.checks import warnings
from lamsach.letters.dispatch import number_and_symbol
from lamsach.letters.findings import Summary, annexes, summarise
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import report
from lamsach.letters.model import Document, Head, Signature
from lamsach.letters.words import copies
from lamsach.model import DeviceState

PARTIAL = mark(
    "A hunt was stopped before its end, so its findings are not complete. Repeat it before you report."
)
_ITSELF = "Tính đơn vị báo cáo."


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the figures. What is empty stays open in the document, or is drafted (`assessment`, `proposals`).

    `to`, `email`: who receives reports, and where; `dispatch`, `dispatch_day`, `dispatch_by`: number, day and issuer (else `to`) of the dispatch that asks for the report;
    `symbol`: `05/BC-CNTT`, or `BC-CNTT` while the number is open; `authority`: the line before the position (`KT. GIÁM ĐỐC`); `copies`: further recipients under `Nơi nhận`.
    """

    to: str = ""
    email: str = ""
    dispatch: str = ""
    dispatch_day: date | None = None
    dispatch_by: str = ""
    parent: str = ""
    symbol: str = ""
    place: str = ""
    day: date | None = None
    authority: str = ""
    position: str = ""
    signer: str = ""
    copies: tuple[str, ...] = ()
    assessment: str = ""
    proposals: str = ""


def form_of(around: Around) -> Filled:
    """The empty form, as the dispatch hands it out."""
    asked = bool(around.dispatch or around.dispatch_day or around.dispatch_by)
    empty = Filled(parse_form(APPENDIX_2022))
    return replace(
        empty,
        receiver=around.to,
        email=around.email,
        number=around.dispatch or empty.number,
        day=format_date(around.dispatch_day) if around.dispatch_day else empty.day,
        issuer=(around.dispatch_by or around.to) if asked else "",
    )


def report_of(
    unit: str,
    bundles: Sequence[Path],
    campaign: str = "",
    informed: int | None = None,
    deployed: int | None = None,
    around: Around | None = None,
    today: date | None = None,
) -> tuple[Filled, Document, list[str]]:
    """The filled form, the report around it, and the sentences (English) that warn. A unit that searched its logs has been informed and has deployed: itself, unless more is stated."""
    words = around or Around()
    summary = summarise(bundles)
    day = today or words.day or date.today()
    figures = {
        "informed": Figure(computed=informed, note="") if informed is not None else Figure(1, note=_ITSELF),
        "deployed": Figure(computed=deployed, note="") if deployed is not None else Figure(1, note=_ITSELF),
    }
    known = _evidence(unit, campaign, day, figures, summary)
    texts = {
        "unit": unit,
        "assessment": words.assessment or assessment(known),
        "proposals": words.proposals or proposals(known),
    }
    filled = replace(form_of(words), texts=texts, figures=figures)
    values = {"informed": figures["informed"].value, "deployed": figures["deployed"].value}
    found: dict[str, int | None] = {**values, "found": summary.found, "blind": summary.blind_days}
    number, symbol = number_and_symbol(words.symbol)
    document = report(
        filled,
        Head(unit, words.parent, number, symbol, words.place, words.day, day.year),
        campaign=campaign,
        to=words.to,
        signature=Signature(words.position, words.signer, words.authority),
        copies=copies(words.copies),
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
