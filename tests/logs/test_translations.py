"""Every sentence that reading logs may say has its Vietnamese, with the same placeholders."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import lamsach.cli.logs.run
import lamsach.logs
from lamsach.catalogue_vi import VIETNAMESE

_SPEAKING = {"UnreadableError", "LimitError", "UsageError", "LineError", "Problem", "words", "_refuse"}


def sentences() -> Iterator[str]:
    folder = Path(lamsach.logs.__file__).parent
    for path in [*sorted(folder.rglob("*.py")), Path(lamsach.cli.logs.run.__file__)]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                for argument in node.args if name in _SPEAKING else ():
                    if (
                        isinstance(argument, ast.Constant)
                        and isinstance(argument.value, str)
                        and argument.value
                    ):
                        yield argument.value


def test_each_sentence_has_its_vietnamese():
    found = set(sentences())
    assert "The file does not exist." in found
    assert sorted(found - set(VIETNAMESE)) == []
    for sentence in found:
        vietnamese = VIETNAMESE[sentence]
        assert vietnamese != sentence
        assert "!" not in vietnamese
        assert sorted(re.findall(r"\{\w+\}", vietnamese)) == sorted(re.findall(r"\{\w+\}", sentence))
