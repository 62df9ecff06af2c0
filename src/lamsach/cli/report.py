"""`lamsach report`: the campaign's form and the unit's report around it, from findings bundles alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lamsach.cli.console import tell, translate
from lamsach.errors import UsageError
from lamsach.i18n import mark

if TYPE_CHECKING:
    from lamsach.letters.form import Filled
    from lamsach.letters.model import Document


def report(
    output: Annotated[
        list[Path],
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the report; the end of the name chooses its kind: .docx, .pdf, .xlsx, .html or .json. May be repeated.",
        ),
    ],
    unit: Annotated[str, typer.Option("--unit", metavar="NAME", help="The reporting unit's name.")] = "",
    findings: Annotated[
        list[Path] | None,
        typer.Option(
            "--findings", metavar="BUNDLE", help="A findings bundle (.zip) of a hunt. May be repeated."
        ),
    ] = None,
    blank: Annotated[bool, typer.Option("--blank", help="Write the empty form, to hand out.")] = False,
    campaign: Annotated[
        str, typer.Option("--campaign", metavar="NAME", help="The campaign's name, as the dispatch has it.")
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="UNIT", help="Who receives the report.")] = "",
    parent: Annotated[
        str,
        typer.Option("--parent", metavar="UNIT", help="The body above the unit, for the head of the report."),
    ] = "",
    informed: Annotated[
        int | None,
        typer.Option("--informed", min=0, help="Units that received the campaign. Default: the unit itself."),
    ] = None,
    deployed: Annotated[
        int | None,
        typer.Option("--deployed", min=0, help="Units that deployed the campaign. Default: the unit itself."),
    ] = None,
    place: Annotated[str, typer.Option("--place", help="The place in the head, such as Hà Nội.")] = "",
    position: Annotated[str, typer.Option("--position", help="The position of who signs.")] = "",
    signer: Annotated[str, typer.Option("--signer", help="The name of who signs.")] = "",
) -> None:
    """Fill in the campaign's reporting form from findings bundles.

    Example: lamsach report --unit "Phòng Hành chính" --findings findings.zip -o bao-cao.docx -o bao-cao.pdf
    """
    from lamsach.letters.writing import writer_for

    for path in output:
        if path.suffix.lower() != ".json":
            writer_for(path.suffix)
    filled, document = (
        _blank()
        if blank
        else _filled(
            unit,
            findings or [],
            campaign,
            informed,
            deployed,
            to=to,
            parent=parent,
            place=place,
            position=position,
            signer=signer,
        )
    )
    for path in output:
        _write(filled, document, path)
        tell(translate()("Written: {path}").format(path=path))


def _blank() -> tuple[Filled, Document]:
    from lamsach.letters.appendix_2022 import APPENDIX_2022
    from lamsach.letters.form import Filled, parse_form
    from lamsach.letters.layout import blank as blank_document

    filled = Filled(parse_form(APPENDIX_2022))
    return filled, blank_document(filled)


def _filled(
    unit: str,
    findings: list[Path],
    campaign: str,
    informed: int | None,
    deployed: int | None,
    **around: str,
) -> tuple[Filled, Document]:
    from lamsach.letters.alone import report_of

    if not unit.strip() or not findings:
        raise UsageError(
            mark("A report needs the unit's name and at least one findings bundle."),
            "--unit, --findings",
            mark("Give both, or --blank for the empty form."),
        )
    filled, document, warned = report_of(unit, findings, campaign, informed, deployed, around=around)
    _ = translate()
    for sentence in warned:
        tell(_("Check: {sentence}").format(sentence=_(sentence)))
    return filled, document


def _write(filled: Filled, document: Document, path: Path) -> None:
    if path.suffix.lower() != ".json":
        from lamsach.letters.writing import write

        write(document, path)
        return
    from lamsach.letters.json_ import to_json
    from lamsach.results.atomic import atomic_file

    with atomic_file(path) as stream:
        stream.write(to_json(filled))
