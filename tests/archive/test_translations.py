"""Texts of the archive, the collector and their commands have Vietnamese translations.

With the same placeholders.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from lamsach.catalogue_vi import VIETNAMESE

SOURCE = Path(__file__).parents[2] / "src" / "lamsach"
SPEAKING = {"UnreadableError", "UsageError", "InputError", "OutputError", "LamsachError", "mark", "_", "_say"}


def sentences() -> Iterator[str]:
    commands = [SOURCE / "cli" / f"{name}.py" for name in ("archive", "collect", "retro")]
    for path in [*(SOURCE / "archive").rglob("*.py"), *(SOURCE / "collect").rglob("*.py"), *commands]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for argument in node.args if name in SPEAKING or isinstance(node.func, ast.Call) else ():
                    text = argument.value if isinstance(argument, ast.Constant) else None
                    if isinstance(text, str) and " " in text:
                        yield text


def test_each_sentence_has_its_vietnamese() -> None:
    found = set(sentences())
    assert {"There is no archive.", "The port cannot be listened on."} <= found
    assert sorted(found - set(VIETNAMESE)) == []
    for sentence in found:
        vietnamese = VIETNAMESE[sentence]
        assert "!" not in vietnamese
        assert sorted(re.findall(r"\{\w+\}", vietnamese)) == sorted(re.findall(r"\{\w+\}", sentence))
