"""Implementation of `lamsach dispatch read`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath

from rich import box
from rich.table import Table
from rich.text import Text

from lamsach.channels.edxml.labels import KINDS, SIGNATURES, STATUSES
from lamsach.channels.edxml.model import Message, Organ, as_mapping
from lamsach.channels.edxml.reader import read
from lamsach.channels.edxml.tables import tables
from lamsach.channels.xml_input import LARGEST_BYTES
from lamsach.channels.xml_signature import load_certificates
from lamsach.cli.console import emit, output_console, stop_writing, translate
from lamsach.cli.indicators.shared import replacing
from lamsach.errors import OutputError, UnreadableError
from lamsach.i18n import format_date, format_number, language_from_environment, mark
from lamsach.results.safe_text import clip, visible_line


def run(file: Path, folder: Path | None, trust: list[Path], *, as_json: bool) -> None:
    """Read the file, show its contents, save its attached files."""
    trusted = [certificate for path in trust for certificate in load_certificates(_bytes(path), str(path))]
    message = read(_bytes(file), str(file), trusted)
    saved = _save(message, folder) if folder else []
    if on_terminal() and not as_json:
        _show(message)
    else:
        _print(message, saved)
    _ = translate()
    for name in message.missing:
        emit(_("{name}: the manifest names this file, and it is not in the message.").format(name=name))
    if message.signature.verdict == "invalid":
        emit(f"{file}: {_('The signature is not valid.')} {_(message.signature.reason)}")
    for path in saved:
        emit(_("Written: {path}").format(path=path))


def on_terminal() -> bool:
    """Return whether standard output is a terminal."""
    return sys.stdout.isatty()


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UnreadableError(
            "The file cannot be read.", f"{path} ({error.strerror})", "Check its name and its rights."
        ) from None


def _save(message: Message, folder: Path) -> list[Path]:
    """Write the attached files; a different existing file of that name is preserved."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "The folder cannot be made.", f"{folder} ({error.strerror})", "Choose another place."
        ) from None
    saved = []
    for attachment in message.attachments:
        paths = _paths(folder, attachment.name)
        path = next(path for path in paths if _free(path, attachment.content))
        with replacing(path) as stream:
            stream.write(attachment.content)
        saved.append(path)
    return saved


def _paths(folder: Path, name: str) -> Iterator[Path]:
    yield folder / name
    parts, number = PurePosixPath(name), 1
    while True:
        number += 1
        yield folder / f"{parts.stem} ({number}){parts.suffix}"


def _free(path: Path, content: bytes) -> bool:
    if not path.is_symlink() and not path.exists():
        return True
    try:
        return not path.is_symlink() and path.is_file() and path.read_bytes() == content
    except OSError:
        return False


def _print(message: Message, saved: list[Path]) -> None:
    record = as_mapping(message)
    for attachment, path in zip(record["attachments"], saved, strict=False):
        attachment["file"] = str(path)
    try:
        print(json.dumps(record, ensure_ascii=False))
        sys.stdout.flush()
    except BrokenPipeError:
        stop_writing()


def _show(message: Message) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    _ = translate()
    for label, text in _rows(message):
        if text:
            table.add_row(
                _(label), Text("\n".join(visible_line(clip(line, 2000)) for line in text.split("\n")))
            )
    console = output_console()
    console.print(table)
    if message.attachments:
        console.print()
        console.print(_files(message))


def _rows(message: Message) -> Iterator[tuple[str, str]]:
    _ = translate()
    yield mark("Kind"), _(KINDS[message.kind])
    status = tables().statuses.get(message.status, "")
    yield mark("Status"), f"{message.status} {_(STATUSES[status]) if status else ''}".strip()
    yield mark("Number and notation"), message.code
    yield mark("Type"), message.type
    yield mark("Date"), _day(message.date)
    yield mark("Subject"), message.subject
    yield mark("Deadline"), _day(message.due)
    yield mark("From"), _body(message.sender)
    yield mark("To"), "\n".join(map(_body, message.recipients))
    answers = [
        item.document_id
        or " ".join(filter(None, (item.number, item.notation, _day(item.date), item.organ_id)))
        for item in message.responds_to
    ]
    yield mark("Answers"), "\n".join(answers)
    yield mark("Reason"), message.reason
    signature = message.signature
    words = [_(SIGNATURES[signature.verdict]), _(signature.reason), signature.signer]
    yield mark("Signature"), "\n".join(filter(None, words))
    yield mark("Document id"), message.document_id


def _day(value: date | None) -> str:
    return format_date(value) if value else ""


def _body(organ: Organ) -> str:
    return f"{organ.name} ({organ.id})" if organ.name and organ.id else organ.name or organ.id


def _files(message: Message) -> Table:
    _ = translate()
    titles = [_("Attached file"), _("Type"), _("Bytes"), "SHA-256"]
    inside = any(attachment.signature.verdict != "none" for attachment in message.attachments)
    table = Table(*titles, *([_("Signature")] if inside else []), box=box.SIMPLE_HEAD, show_edge=False)
    for attachment in message.attachments:
        size = format_number(len(attachment.content), language_from_environment())
        cells = [attachment.name, attachment.type, size, attachment.sha256]
        cells += [_(SIGNATURES[attachment.signature.verdict])] if inside else []
        table.add_row(*(Text(visible_line(clip(cell, 300)), overflow="fold") for cell in cells))
    return table
