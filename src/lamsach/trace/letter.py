"""Answer to the authority as an official letter (công văn) by Decree 30/2020/NĐ-CP.

It states figures and the reported rows, and numbers the machines; it names no person and no inside address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from lamsach.i18n import format_number, translator
from lamsach.letters.dispatch import number_and_symbol
from lamsach.letters.fixed_texts import day_words, line, number_line
from lamsach.letters.model import (
    Appendix,
    Block,
    Column,
    Document,
    Head,
    Heading,
    Paragraph,
    Signature,
    Table,
)
from lamsach.letters.output import writer_for
from lamsach.results.safe_text import clip, visible_line
from lamsach.trace.formats.facts import Facts
from lamsach.trace.formats.rows import numbered
from lamsach.trace.model import Trace, Why
from lamsach.trace.reasons import CERTAINTIES, WHY, span_text

_ = translator("vi")
_BLANK = "……………………"
MAX_ROWS = 500
"""Maximum rows of each kind in the annex; others are counted there and listed in the unit's workbook."""
_ASKING = (Why.NO_PORT, Why.NO_TIME, Why.SEVERAL_DEVICES)


@dataclass(frozen=True, slots=True)
class Letter:
    """Statements of the sender; empty ones are left blank. `number` is such as `05/TTCNTT-KTHT`.

    `answers` names the document that is answered (`Công văn số 12/ABC ngày 01/11/2026`). `position` is the
    signer's, such as `GIÁM ĐỐC`; a line before it is the authority (`KT. ...`). `copies` are the lines of the
    recipients; by default there are two, the second with `unit_code`.
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
    cases: int = 0
    """Number of machines for which a case was opened."""
    copies: Sequence[str] = ()


def write_letter(result: Trace, stream: BinaryIO, ending: str, letter: Letter) -> None:
    """Write the letter in the format of the ending (`.docx`, `.pdf`)."""
    stream.write(writer_for(ending)(document_of(result, letter)))


def document_of(result: Trace, letter: Letter) -> Document:
    """Build the letter."""
    stated = letter.number.strip()
    number, symbol = number_and_symbol(f"{stated}/" if stated.isdecimal() else stated)
    head = Head(
        issuer=_clean(letter.body) or _BLANK,
        parent=_clean(letter.parent),
        number=number,
        symbol=_clean(symbol).upper(),
        place=_clean(letter.place),
        day=letter.day,
        year=result.finished.year,
    )
    authority, _newline, position = letter.position.rpartition("\n")
    numbered_so = number_line(head).removeprefix("Số: ").strip() or _BLANK
    attached = _("Enclosed with letter no. {number} of {day}, {body}").format(
        number=numbered_so, day=day_words(head.day, head.year), body=head.issuer
    )
    filed = _("Filed: records office")
    return Document(
        head=head,
        subject=_("result of checking public addresses reported as connecting to malicious addresses"),
        blocks=tuple(Paragraph(text) for text in _paragraphs(result, letter)),
        to=tuple(_clean(item) for item in letter.addressees if item.strip()) or (_BLANK,),
        signature=Signature(_clean(position), _clean(letter.signer), _clean(authority)),
        copies=tuple(_clean(copy) for copy in letter.copies)
        or (_("As above"), f"{filed}, {_clean(letter.unit_code)}" if letter.unit_code.strip() else filed),
        appendices=(
            Appendix(
                _("RESULT OF CHECKING THE REPORTED PUBLIC ADDRESSES"),
                attached,
                tuple(_annex(result)),
                landscape=True,
            ),
        ),
    )


def _clean(text: str) -> str:
    return clip(visible_line(text).strip(), 300)


def _number(value: int) -> str:
    return format_number(value, "vi")


def _paragraphs(result: Trace, letter: Letter) -> list[str]:
    facts = Facts(result, "vi")
    body = _clean(letter.body) or _("the unit")
    end = _(
        "The rows are listed in the annex (times are {zone}). For privacy, machines are "
        "numbered; the unit keeps the names and the evidence."
    ).format(zone=facts.clock)
    return [
        *_results(result, body, _clean(letter.answers) or _BLANK),
        *_remarks(result, body, letter.cases),
        end,
        _("Respectfully submitted./."),
    ]


def _results(result: Trace, body: str, answered: str) -> Iterator[str]:
    text = _("In answer to {document}, {body} has checked its logs and reports the result as follows:")
    yield text.format(document=answered, body=body)
    yield _(
        "1. The authority names {listed} contacts of public addresses; {explained} can be "
        "explained, by {machines} machines of the unit; {left} cannot be explained yet."
    ).format(
        listed=_number(len(result.distinct)),
        explained=_number(len(result.explained)),
        machines=_number(len(result.devices)),
        left=_number(len(result.unexplained)),
    )
    if result.repeated:
        text = _("{count} rows of the list repeat others and are counted once.")
        yield text.format(count=_number(result.repeated))
    if result.explained:
        counts = Counter(answer.named[0].certainty for answer in result.explained)
        parts = ", ".join(
            f"{_(CERTAINTIES[key])}: {_number(counts[key])}" for key in CERTAINTIES if counts[key]
        )
        yield _(
            "2. The machines were found by the records of address translation (NAT) and of "
            "address assignment. Certainty of the answers: {parts}."
        ).format(parts=parts)
    if result.unexplained:
        reasons = Counter(answer.why for answer in result.unexplained)
        second = _("2. Contacts that cannot be explained yet, by reason:")
        yield _("3. Contacts that cannot be explained yet, by reason:") if result.explained else second
        listed = [why for why in Why if reasons[why]]
        for why in listed:
            yield f"- {_(WHY[why]).rstrip('.')}: {_number(reasons[why])}{'.' if why == listed[-1] else ';'}"


def _remarks(result: Trace, body: str, cases: int) -> Iterator[str]:
    shifts = dict.fromkeys(span_text(skew.shift, "vi") for _document, skew in result.skews if skew.shift)
    if shifts:
        text = _(
            "The clocks of the unit's logs and of the list differ by {span}; this was taken into account."
        )
        yield text.format(span=", ".join(list(shifts)[:5]))
    if any(answer.why in _ASKING for answer in result.unexplained):
        text = _(
            "For contacts without a port or an exact time, {body} asks the authority to "
            "state the source port and the time to the second."
        )
        yield text.format(body=body)
    if cases:
        text = _("The unit has opened cases for {count} of the machines found.")
        yield text.format(count=_number(cases))
    if result.devices:
        yield _(
            "The unit will isolate, check and clean the machines found, and report the "
            "result in the prescribed form."
        )


def _annex(result: Trace) -> Iterator[Block]:
    machine = (Column(_("Machine"), 1.1), Column(_("Certainty"), 1.3))
    reason = (Column(_("Reason"), 3.5),)
    yield from _annex_part(result, _("I. Contacts that are explained"), machine, explained=True)
    yield from _annex_part(result, _("II. Contacts that are not explained yet"), reason, explained=False)


def _annex_part(
    result: Trace, title: str, further: tuple[Column, ...], *, explained: bool
) -> Iterator[Block]:
    found = list(numbered(result, explained=explained))
    if not found:
        return
    facts = Facts(result, "vi")
    numbers = {device.key: at for at, device in enumerate(result.devices, 1)}
    rows: list[tuple[str, ...]] = []
    for at, (_at, answer) in enumerate(found[:MAX_ROWS], 1):
        row = answer.row
        port = "" if row.port is None else str(row.port)
        cells = (str(at), row.ip, port, facts.time(row), line(facts.text(row.threat, 100)))
        if explained:
            item = answer.named[0]
            name = _("Machine {number}").format(number=numbers[item.device])
            rows.append((*cells, name, facts.certainty(item)))
        else:
            rows.append((*cells, _(WHY[answer.why]) if answer.why else ""))
    shared = (
        Column(_("No."), 0.6, "center"),
        Column(_("Public address"), 1.7),
        Column(_("Port"), 0.8, "center"),
        Column(_("Time"), 1.9, "center"),
        Column(_("Threat"), 1.8),
    )
    yield Heading(title)
    yield Table((*shared, *further), tuple(rows))
    if len(found) > MAX_ROWS:
        text = _("{count} further rows are in the unit's full result.")
        yield Paragraph(text.format(count=_number(len(found) - MAX_ROWS)), italic=True)
