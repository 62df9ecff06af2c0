"""The letter as PDF, set by typst (Apache-2.0, https://typst.app/docs/reference/) from a template of ours and the letter's texts as data.

The texts are handed over as JSON, never as markup, so that nothing in a list can be taken for a command.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from typing import BinaryIO

from lamsach.errors import OutputError
from lamsach.trace.letter.content import Letter, content_of
from lamsach.trace.model import Trace


def write_pdf(trace: Trace, stream: BinaryIO, language: str, letter: Letter) -> None:
    """Write the letter. Raises OutputError when it cannot be set."""
    import typst

    template = resources.files("lamsach.trace.letter").joinpath("letter.typ").read_bytes()
    data = json.dumps(asdict(content_of(trace, letter, language)), ensure_ascii=False)
    safe = data.encode("utf-8", "replace").decode("utf-8")
    try:
        made = typst.compile(
            template,
            sys_inputs={"letter": safe, "language": language},
            timestamp=int(trace.finished.timestamp()),
        )
    except (typst.TypstError, RuntimeError, ValueError) as error:
        raise OutputError(
            "The letter could not be set as PDF.", "", "Write it as DOCX (-o answer.docx)."
        ) from error
    assert isinstance(made, bytes)
    stream.write(made)
