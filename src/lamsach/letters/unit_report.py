"""Report of a unit without the portal, from its own findings bundles alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from lamsach.errors import InputError
from lamsach.i18n import format_date, mark
from lamsach.letters.appendix_2022 import APPENDIX_2022
from lamsach.letters.assessment import Evidence, assessment, contradictions, proposals, with_stated
from lamsach.letters.checks import warnings
from lamsach.letters.dispatch import number_and_symbol
from lamsach.letters.findings import Summary, annexes, summarise
from lamsach.letters.fixed_texts import copies
from lamsach.letters.form import Figure, Filled, parse_form
from lamsach.letters.layout import report
from lamsach.letters.model import Document, Head, Signature
from lamsach.model import DeviceState

PARTIAL = mark(
    "A hunt was stopped before its end, so its findings are not complete. Repeat it before you report."
)
OTHERWISE = mark("A given text contradicts the figures of the report.")
OLD_DAYS = 30
OLD = mark(
    "The newest log that was searched is more than a month older than the report. The report "
    "says until when; search newer logs before you send it."
)
BEFORE_DISPATCH = mark(
    "The report is dated before the dispatch that it answers. Check --date and --dispatch-date."
)
UNSEARCHED = mark(
    "No day of a log was searched, so the report can say nothing of machines. Search the "
    "unit's logs before you send it."
)
_OWN_NOTE = "Tính đơn vị báo cáo."


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """Texts around the figures; empty ones remain open or are drafted (`assessment`, `proposals`).

    `to`, `email`: receiver of reports and address; `dispatch`, `dispatch_day`, `dispatch_by`: number, day and
    issuer (else `to`) of the dispatch that requires the report; `symbol`: `05/BC-CNTT`, or `BC-CNTT` while
    the number is open; `authority`: the line before the position (`KT. GIÁM ĐỐC`); `copies`: further
    recipients under `Nơi nhận`.
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


def form_of(texts_around: ReportTexts) -> Filled:
    """Return the empty form, as handed out with the dispatch."""
    answers_dispatch = bool(texts_around.dispatch or texts_around.dispatch_day or texts_around.dispatch_by)
    empty = Filled(parse_form(APPENDIX_2022))
    return replace(
        empty,
        receiver=texts_around.to,
        email=texts_around.email,
        number=texts_around.dispatch or empty.number,
        day=format_date(texts_around.dispatch_day) if texts_around.dispatch_day else empty.day,
        issuer=(texts_around.dispatch_by or texts_around.to) if answers_dispatch else "",
    )


def report_of(
    unit: str,
    bundles: Sequence[Path],
    campaign: str = "",
    informed: int | None = None,
    deployed: int | None = None,
    texts_around: ReportTexts | None = None,
    today: date | None = None,
) -> tuple[Filled, Document, list[str]]:
    """Return the filled form, the report around it, and warnings (English sentences).

    A unit that searched its logs has been informed and has deployed: itself only, unless stated otherwise.
    """
    texts_around = texts_around or ReportTexts()
    summary = summarise(bundles)
    day = today or texts_around.day or date.today()
    figures = {
        name: Figure(1, note=_OWN_NOTE) if count is None else Figure(computed=count, note="")
        for name, count in (("informed", informed), ("deployed", deployed))
    }
    empty = form_of(texts_around)
    known = with_stated(_evidence(unit, campaign, day, figures, summary), empty.form, figures)
    if phrases := contradictions(f"{texts_around.assessment}\n{texts_around.proposals}", known):
        todo = mark("Correct the text, or leave it out: then it is drafted from the figures.")
        raise InputError(OTHERWISE, phrases[0], todo)
    drafts = texts_around.assessment or assessment(known), texts_around.proposals or proposals(known)
    texts = {"unit": unit, "assessment": drafts[0], "proposals": drafts[1]}
    filled = replace(empty, texts=texts, figures=figures, as_of=day)
    number, symbol = number_and_symbol(texts_around.symbol)
    document = report(
        filled,
        Head(unit, texts_around.parent, number, symbol, texts_around.place, texts_around.day, day.year),
        campaign=campaign,
        to=texts_around.to,
        signature=Signature(texts_around.position, texts_around.signer, texts_around.authority),
        copies=copies(texts_around.copies),
        annexes=annexes(summary),
    )
    return filled, document, _warnings(filled, summary, known.last_log, texts_around.dispatch_day)


def _warnings(
    filled: Filled, summary: Summary, last_log: date | None, dispatch_day: date | None
) -> list[str]:
    found = {name: figure.value for name, figure in filled.figures.items()}
    found |= {"found": summary.found, "blind": summary.blind_days}
    sentences = warnings(filled.form.checks, found) + ([PARTIAL] if summary.partial else [])
    day = filled.as_of
    assert day is not None
    if last_log is None or (day - last_log).days > OLD_DAYS:
        sentences.append(OLD if last_log else UNSEARCHED)
    if dispatch_day and day < dispatch_day:
        sentences.append(BEFORE_DISPATCH)
    return sentences


def _evidence(unit: str, campaign: str, day: date, figures: dict[str, Figure], summary: Summary) -> Evidence:
    informed, deployed = figures["informed"].value, figures["deployed"].value
    only_itself = informed == deployed == 1
    days = [day for source in summary.sources for day in (source.first, source.last) if day]
    searched = any(source.days for source in summary.sources)
    return Evidence(
        unit=unit,
        campaign=campaign or "chiến dịch",
        day=day,
        units=1 if only_itself else None,
        informed=informed,
        deployed=deployed,
        found=summary.found if summary.found or searched else None,
        blocked=summary.states.get(DeviceState.BLOCKED, 0),
        unattributed=summary.states.get(DeviceState.UNATTRIBUTED, 0),
        sources=len(summary.sources) if searched else 0,
        unsearched=None if searched else 1,
        first_log=min(days, default=None),
        last_log=max(days, default=None),
        blind=summary.blind_days,
    )
