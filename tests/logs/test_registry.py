"""The registry of formats: lazy imports, and marks that speed up detection without changing it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lamsach.logs.formats import BINARY_FORMATS, FORMATS
from lamsach.logs.reading import detect
from lamsach.logs.reading.detect import Detection, head_lines
from lamsach.runtime.registry import Registry

from .test_binary_formats import SAMPLES

DATA = Path(__file__).parent / "formats" / "data"


def seen(lines: tuple[str, ...]) -> tuple[object, ...]:
    found = detect._of_lines(lines)
    return found.format, found.mixed, found.share, found.lines == lines


def heads() -> list[tuple[str, tuple[str, ...]]]:
    """Yield the first lines of every golden log, of any two of its lines, and of the rare cases' lines."""
    chosen, random_line = [], random.Random(2022)
    for path in sorted(DATA.glob("*/*.log")):
        lines = head_lines(path.read_bytes())
        chosen.append((f"{path.parent.name}/{path.name}", lines))
        chosen += [
            (f"{path.parent.name}/{path.name}: {line[:80]}", (line,))
            for line in random_line.sample(lines, min(2, len(lines)))
        ]
    for path in sorted((DATA.parent).glob("rare_*.jsonl")):
        cases = [json.loads(line)["lines"] for line in path.read_text("utf-8").splitlines()]
        chosen += [(f"{path.name}: {case[-1][:80]}", head_lines("\n".join(case).encode())) for case in cases]
    return chosen


def test_marks_never_change_the_detection(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {name: seen(lines) for name, lines in heads()}
    monkeypatch.setattr(Registry, "marked", lambda self, text, data=b"": iter(()))

    assert {name: seen(lines) for name, lines in heads()} == quick


def test_most_logs_have_a_mark() -> None:
    marked = [
        (name, {f.name for f in FORMATS.marked("\n".join(("", *lines)))})
        for name, lines in heads()
        if ":" not in name
    ]
    assert sum(name.partition("/")[0] in found for name, found in marked) * 4 > len(marked) * 3


def test_every_binary_file_has_its_formats_mark() -> None:
    for data in SAMPLES.values():
        for kind in BINARY_FORMATS:
            assert not kind.recognises(data[:4096]) or kind in list(BINARY_FORMATS.marked("", data[:4096])), (
                kind
            )


@pytest.mark.parametrize(
    "text",
    [
        '[{"EventID":1,"Channel":"Security"}]',
        '{"records":[{"a":1}]}',
        '<Events><Event xmlns="x">',
        '{"Events": [{"EventID": 4624,"Channel":"Security"},{}]}',
    ],
)
def test_mark_of_documents_in_any_encoding(text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be"):
        for space in ("", " ", "\n\t ", "\r\n"):
            head = ("\ufeff" if encoding == "utf-16-be" else "").encode(encoding) + (space + text).encode(
                encoding
            )
            for kind in BINARY_FORMATS:
                assert not kind.recognises(head) or kind in list(BINARY_FORMATS.marked("", head)), (
                    head,
                    kind,
                )


def test_a_registry_is_a_sequence_of_what_it_imports() -> None:
    names = [log_format.name for log_format in FORMATS]
    assert names == list(FORMATS.names)
    assert len(FORMATS) == len(names) == len(set(names))
    assert FORMATS[0].name == names[0]
    assert FORMATS[-2:] == tuple(FORMATS)[-2:]
    assert all(log_format in FORMATS for log_format in FORMATS)
    assert Detection not in FORMATS
    assert FORMATS.named("bind") is FORMATS.only("squid", "bind")[1]
    assert FORMATS.named("no such format") is None
    assert [log_format.name for log_format in FORMATS.without(*names[1:])] == names[:1]


def test_known_log_imports_only_its_format() -> None:
    code = (
        "import sys; from lamsach.logs.reading.detect import detect; "
        "d = detect(b'2026-03-01T10:00:00+07:00 dns1 named[8]: client @0x7f 192.0.2.1#5 (a.example): "
        "query: a.example IN A +E(0)K (192.0.2.9)\\n'); "
        "print(d.format.name, sorted(m for m in sys.modules if m.startswith('lamsach.logs.formats.') "
        "and m.count('.') > 3))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "bind ['lamsach.logs.formats.dns.bind']\n"
