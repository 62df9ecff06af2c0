"""What the letter says, independent of how it is written: the head, paragraphs, the annex's two tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lamsach.i18n import format_number, mark, translator
from lamsach.results.safe import clip, visible_line
from lamsach.trace.model import Trace, Why
from lamsach.trace.reasons import CERTAINTIES, WHY, span_text
from lamsach.trace.shown.facts import Facts
from lamsach.trace.shown.rows import numbered

_BLANK = "……"
_LONG_BLANK = "……………………"
MOST_ROWS = 5000
"""How many rows of each kind the annex lists; the others are counted in it."""
Table = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """What the sender states; what is left out stays open to be filled in. `number` is such as `05/TTCNTT-KTHT`. `answers` names the document that
    is answered (`Công văn số 12/ABC ngày 01/11/2026`). `position` is the signer's, such as `GIÁM ĐỐC`, with its authority line (`KT.`) in a line before.
    """

    parent: str = ""
    body: str = ""
    number: str = ""
    place: str = ""
    day: date | None = None
    addressees: Sequence[str] = ()
    answers: str = ""
    position: str = ""
    signer: str = ""
    unit_code: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """The letter in its parts, in order; see Decree 30, Appendix I, part II for their names. `tables` are (title, widths in percent, rows with the
    headings first, note below).
    """

    motto: tuple[str, str]
    parent: str
    body: str
    number: str
    place_and_date: str
    subject: str
    to: str
    addressees: tuple[str, ...]
    paragraphs: tuple[str, ...]
    position: tuple[str, ...]
    signer: str
    copies_label: str
    copies: tuple[str, ...]
    annex: tuple[str, str, str]
    tables: tuple[tuple[str, tuple[int, ...], Table, str], ...]


def content_of(trace: Trace, letter: Letter, language: str) -> Content:
    """The letter's text."""
    _ = translator(language)
    place = _clean(letter.place) or _BLANK
    number = _number(letter.number)
    addressees = tuple(_clean(item) for item in letter.addressees if item.strip()) or (_LONG_BLANK,)
    day = _day(letter.day)
    return Content(
        motto=(_("SOCIALIST REPUBLIC OF VIET NAM"), _("Independence - Freedom - Happiness")),
        parent=_clean(letter.parent).upper(),
        body=_clean(letter.body).upper() or _LONG_BLANK,
        number=_("No.: {number}").format(number=number),
        place_and_date=_("{place}, day {day} month {month} year {year}").format(
            place=place, day=day[0], month=day[1], year=day[2]
        ),
        subject=_("Re: result of checking public addresses reported as connecting to malicious addresses"),
        to=_("To:"),
        addressees=addressees,
        paragraphs=tuple(_paragraphs(trace, letter, language)),
        position=tuple(_clean(line).upper() for line in letter.position.split("\n") if line.strip())
        or (_LONG_BLANK,),
        signer=_clean(letter.signer),
        copies_label=_("Copies to:"),
        copies=(
            f"- {_('As above')};",
            f"- {_('Filed: records office')}{', ' + _clean(letter.unit_code) if letter.unit_code else ''}.",
        ),
        annex=(
            _("Annex"),
            _("RESULT OF CHECKING THE REPORTED PUBLIC ADDRESSES"),
            _("(Enclosed with letter no. {number} of day {day} month {month} year {year})").format(
                number=number, day=day[0], month=day[1], year=day[2]
            ),
        ),
        tables=_tables(trace, language),
    )


def _clean(text: str) -> str:
    return clip(visible_line(text).strip(), 300)


def _number(text: str) -> str:
    """The number and symbol, a number below 10 padded (Decree 30, Appendix I, part II, section 3)."""
    text = _clean(text)
    head, slash, rest = text.partition("/")
    return (
        f"{head.zfill(2) if head.isdecimal() else head or _BLANK}{slash}{rest.upper()}"
        if text
        else f"{_BLANK}/{_BLANK}"
    )


def _day(day: date | None) -> tuple[str, str, str]:
    """Day, month and year; a day below 10 and the months 1 and 2 are padded (Decree 30, Appendix I, part II, section 4)."""
    if day is None:
        return _BLANK, _BLANK, "20…"
    return f"{day.day:02d}", f"{day.month:02d}" if day.month < 3 else str(day.month), str(day.year)


def _paragraphs(trace: Trace, letter: Letter, language: str) -> list[str]:
    _ = translator(language)

    def number(value: int) -> str:
        return format_number(value, language)

    facts = Facts(trace, language)
    answered = _clean(letter.answers)
    said = [
        _("In answer to {document}, {body} has checked its logs and reports the result as follows:").format(document=answered or _LONG_BLANK, body=_clean(letter.body) or _("the unit")),
        _("1. The authority names {listed} contacts of public addresses; {explained} can be explained, by {machines} machines of the unit; {left} cannot be explained yet.").format(
            listed=number(len(trace.distinct)), explained=number(len(trace.explained)), machines=number(len(trace.devices)), left=number(len(trace.unexplained))
        ),
    ]  # fmt: skip
    if trace.repeated:
        said.append(
            _("{count} rows of the list repeat others and are counted once.").format(
                count=number(trace.repeated)
            )
        )
    if trace.explained:
        sure = Counter(answer.named[0].certainty for answer in trace.explained)
        parts = ", ".join(f"{_(CERTAINTIES[one])}: {number(sure[one])}" for one in CERTAINTIES if sure[one])
        said.append(
            _(
                "2. The machines were found by the records of address translation (NAT) and of address assignment. Certainty of the answers: {parts}."
            ).format(parts=parts)
        )
    if trace.unexplained:
        reasons = Counter(answer.why for answer in trace.unexplained)
        head = (
            _("3. Contacts that cannot be explained yet, by reason:")
            if trace.explained
            else _("2. Contacts that cannot be explained yet, by reason:")
        )
        said.append(head)
        said += [
            f"- {_(WHY[why]).rstrip('.')}: {number(reasons[why])}{'.' if why == _last(reasons) else ';'}"
            for why in Why
            if reasons[why]
        ]
    if trace.skew.shift:
        text = _(
            "The clocks of the unit's logs and of the list differ by {span}; this was taken into account."
        )
        said.append(text.format(span=span_text(trace.skew.shift, language)))
    if any(answer.why in (Why.NO_PORT, Why.NO_TIME, Why.SEVERAL_DEVICES) for answer in trace.unexplained):
        said.append(
            _(
                "For contacts without a port or an exact time, {body} asks the authority to state the source port and the time to the second."
            ).format(body=_clean(letter.body) or _("the unit"))
        )
    if trace.devices:
        said.append(
            _(
                "The machines found are being isolated, checked and cleaned by the unit; the result will be reported in the prescribed form."
            )
        )
    said.append(
        _(
            "The rows are listed in the annex (times are {zone}). For privacy, machines are numbered; the unit keeps the names and the evidence."
        ).format(zone=facts.clock)
    )
    return [*said, _("Respectfully submitted./.")]


def _last(reasons: Counter[Why | None]) -> Why | None:
    return [why for why in Why if reasons[why]][-1]


def _tables(trace: Trace, language: str) -> tuple[tuple[str, tuple[int, ...], Table, str], ...]:
    _ = translator(language)
    facts = Facts(trace, language)
    numbers = {device.key: at for at, device in enumerate(trace.devices, 1)}
    heads = (_("No."), _("Public address"), _("Port"), _("Time"), _("Threat"))
    tables = []
    for explained, title in (
        (True, mark("I. Contacts that are explained")),
        (False, mark("II. Contacts that are not explained yet")),
    ):
        found = list(numbered(trace, explained=explained))
        if not found:
            continue
        rows: list[tuple[str, ...]] = [
            (*heads, *((_("Machine"), _("Certainty")) if explained else (_("Reason"),)))
        ]
        for at, (_number, answer) in enumerate(found[:MOST_ROWS], 1):
            row = answer.row
            cells = (
                str(at),
                row.ip,
                "" if row.port is None else str(row.port),
                facts.time(row),
                facts.text(row.threat, 100),
            )
            if explained:
                item = answer.named[0]
                rows.append(
                    (*cells, _("Machine {number}").format(number=numbers[item.device]), facts.certainty(item))
                )
            else:
                rows.append((*cells, _(WHY[answer.why]) if answer.why else ""))
        left = len(found) - MOST_ROWS
        note = (
            _("{count} further rows are in the unit's full result.").format(
                count=format_number(left, language)
            )
            if left > 0
            else ""
        )
        tables.append(
            (_(title), (6, 19, 9, 19, 20, 14, 13) if explained else (6, 19, 9, 19, 17, 30), tuple(rows), note)
        )
    return tuple(tables)
