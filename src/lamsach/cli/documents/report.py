"""`lamsach report`: the campaign's form and the unit's report around it, from findings bundles only."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from lamsach.cli.command_line import Exit, Option
from lamsach.cli.console import emit, translate
from lamsach.cli.options import Identities, keys_for, moment, zone_of
from lamsach.errors import UsageError
from lamsach.i18n import mark

if TYPE_CHECKING:
    from lamsach.channels.avreport.model import Naming
    from lamsach.letters.form import Filled
    from lamsach.letters.model import Document
    from lamsach.letters.unit_report import ReportTexts

AVREPORT = "avreport"
"""The word for the national centre as the receiver."""


def report(
    output: Annotated[
        list[Path],
        Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the report; the end of the name chooses its kind: .docx, .pdf, .xlsx, .html "
            "or .json; the malware report: .xml, or a folder. May be repeated.",
        ),
    ],
    unit: Annotated[str, Option("--unit", metavar="NAME", help="The reporting unit's name.")] = "",
    findings: Annotated[
        list[Path] | None,
        Option("--findings", metavar="BUNDLE", help="A findings bundle (.zip) of a hunt. May be repeated."),
    ] = None,
    identity: Identities = None,
    blank: Annotated[bool, Option("--blank", help="Write the empty form, to hand out.")] = False,
    campaign: Annotated[
        str, Option("--campaign", metavar="NAME", help="The campaign's name, as the dispatch has it.")
    ] = "",
    informed: Annotated[
        int | None,
        Option("--informed", min=0, help="Units that received the campaign. Default: the unit itself."),
    ] = None,
    deployed: Annotated[
        int | None,
        Option("--deployed", min=0, help="Units that deployed the campaign. Default: the unit itself."),
    ] = None,
    assessment: Annotated[
        str, Option("--assessment", metavar="TEXT", help="The assessment, instead of the drafted one.")
    ] = "",
    proposals: Annotated[
        str, Option("--proposals", metavar="TEXT", help="The proposals, instead of the drafted ones.")
    ] = "",
    to: Annotated[
        str,
        Option(
            "--to",
            metavar="UNIT",
            help="Who receives the report; avreport: the national centre, as the malware report of "
            "letter 2290/BTTTT-CATTT.",
        ),
    ] = "",
    email: Annotated[
        str, Option("--email", metavar="ADDRESS", help="Where reports are sent by e-mail.")
    ] = "",
    dispatch: Annotated[
        str,
        Option(
            "--dispatch",
            metavar="NUMBER",
            help="Number and symbol of the dispatch that asks for the report, such as 1298/CATTT-NCSC.",
        ),
    ] = "",
    dispatch_date: Annotated[
        str | None, Option("--dispatch-date", metavar="DATE", help="The day of that dispatch.")
    ] = None,
    dispatch_by: Annotated[
        str,
        Option(
            "--dispatch-by",
            metavar="UNIT",
            help="Who issued that dispatch. Default: who receives the report.",
        ),
    ] = "",
    parent: Annotated[
        str, Option("--parent", metavar="UNIT", help="The body above the unit, for the head of the report.")
    ] = "",
    symbol: Annotated[
        str,
        Option(
            "--symbol",
            metavar="SYMBOL",
            help="Number and symbol of the report, such as 05/BC-CNTT; without a number its place "
            "stays open.",
        ),
    ] = "",
    place: Annotated[
        str, Option("--place", metavar="PLACE", help="The place in the head, such as Hà Nội.")
    ] = "",
    day: Annotated[
        str | None,
        Option("--date", metavar="DATE", help="The day of the report. Default: its place stays open."),
    ] = None,
    authority: Annotated[
        str,
        Option(
            "--authority",
            metavar="TEXT",
            help="A line before the position, such as KT. GIÁM ĐỐC. Mostly empty.",
        ),
    ] = "",
    position: Annotated[str, Option("--position", metavar="TEXT", help="The position of who signs.")] = "",
    signer: Annotated[str, Option("--signer", metavar="NAME", help="The name of who signs.")] = "",
    copies: Annotated[
        list[str] | None,
        Option(
            "--copy",
            metavar="NAME",
            help="A recipient under Nơi nhận, between Như trên and Lưu: VT. May be repeated.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        Option(
            "--since",
            metavar="DATE",
            help="Malware report: from this day or time on. Default: a day before its end.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        Option(
            "--until",
            metavar="DATE",
            help="Malware report: to this day (included) or before this time. Default: now.",
        ),
    ] = None,
    names: Annotated[bool, Option("--names", help="Malware report: machines by address and name.")] = False,
    pseudonyms: Annotated[
        bool,
        Option(
            "--pseudonyms", help="Malware report: machines by stable names that only the unit's key explains."
        ),
    ] = False,
    counts_only: Annotated[
        bool, Option("--counts-only", help="Malware report: machines are not named.")
    ] = False,
    organ_id: Annotated[
        str,
        Option(
            "--organ-id", metavar="CODE", help="Malware report: the unit's identifier, such as 000.00.00.G22."
        ),
    ] = "",
    sign_with: Annotated[
        str,
        Option(
            "--sign-with",
            metavar="KEY",
            help="Malware report: sign with this PKCS#12 file, or pkcs11:... for a token; password "
            "or PIN is in LAMSACH_KEY_PASSWORD, or asked for.",
        ),
    ] = "",
    send: Annotated[
        str,
        Option(
            "--send", metavar="URL", help="Malware report: send it to this address, and keep the receipt."
        ),
    ] = "",
) -> None:
    """Fill in the campaign's reporting form from findings bundles.

    Example: lamsach report --unit "Phòng Hành chính" --findings findings.zip -o bao-cao.docx -o bao-cao.pdf
    """
    if to == AVREPORT:
        from lamsach.cli.documents.avreport_run import ReportRequest, run

        naming = naming_of(names=names, pseudonyms=pseudonyms, counts=counts_only)
        asked = ReportRequest(unit, organ_id, email, naming, since, until, sign_with, send)
        raise Exit(run(findings or [], output, asked, identity))
    from lamsach.letters.output import writer_for
    from lamsach.letters.unit_report import ReportTexts

    for path in output:
        if path.suffix.lower() != ".json":
            writer_for(path.suffix)
    texts_around = ReportTexts(
        to=to,
        email=email,
        dispatch=dispatch,
        dispatch_day=_day(dispatch_date),
        dispatch_by=dispatch_by,
        parent=parent,
        symbol=symbol,
        place=place,
        day=_day(day),
        authority=authority,
        position=position,
        signer=signer,
        copies=tuple(copies or ()),
        assessment=assessment,
        proposals=proposals,
    )
    filled, document = (
        _blank(texts_around)
        if blank
        else _filled(unit, findings or [], identity, campaign, informed, deployed, texts_around=texts_around)
    )
    for path in output:
        _write(filled, document, path)
        emit(translate()("Written: {path}").format(path=path))


def naming_of(*, names: bool, pseudonyms: bool, counts: bool) -> Naming:
    """Return how machines are named. Raises UsageError unless exactly one way was chosen."""
    from lamsach.channels.avreport.model import Naming

    chosen = [way for way, wanted in zip(Naming, (names, pseudonyms, counts), strict=True) if wanted]
    if len(chosen) != 1:
        raise UsageError(
            mark("The unit decides whether and how the report names machines."),
            "--names, --pseudonyms, --counts-only",
            mark("Give one of them."),
        )
    return chosen[0]


def _day(text: str | None) -> date | None:
    """Parse a day from the command line."""
    found = moment(text, zone_of("UTC"), end=False)
    return found.date() if found else None


def _blank(texts_around: ReportTexts) -> tuple[Filled, Document]:
    from lamsach.letters.layout import blank as blank_document
    from lamsach.letters.unit_report import form_of

    filled = form_of(texts_around)
    return filled, blank_document(filled)


def _filled(
    unit: str,
    findings: list[Path],
    identity: list[Path] | None,
    campaign: str,
    informed: int | None,
    deployed: int | None,
    *,
    texts_around: ReportTexts,
) -> tuple[Filled, Document]:
    from lamsach.letters.unit_report import report_of
    from lamsach.results.sealed.files import open_plain

    if not unit.strip() or not findings:
        raise UsageError(
            mark("A report needs the unit's name and at least one findings bundle."),
            "--unit, --findings",
            mark("Give both, or --blank for the empty form."),
        )
    with ExitStack() as stack:
        plain = [stack.enter_context(open_plain(path, keys_for(path, identity, None))) for path in findings]
        filled, document, warned = report_of(unit, plain, campaign, informed, deployed, texts_around)
    _ = translate()
    for sentence in warned:
        emit(_("Check: {sentence}").format(sentence=_(sentence)))
    return filled, document


def _write(filled: Filled, document: Document, path: Path) -> None:
    if path.suffix.lower() != ".json":
        from lamsach.letters.output import write

        write(document, path)
        return
    from lamsach.letters.json_ import to_json
    from lamsach.results.atomic import atomic_file

    with atomic_file(path) as stream:
        stream.write(to_json(filled))
