"""Rules for every format of lists: damage ends with a clear problem, and nothing is invented."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Problem
from tests.indicators.builders import sheet, workbook
from tests.indicators.document_samples import (
    compound,
    doc,
    docx,
    opendocument,
    paragraph,
    pdf,
    word_table,
    xls,
)

GOLDEN = Path(__file__).parent / "golden"
TABLE = [["Địa chỉ IP", "Mã độc"], ["203.0.113.5", "Mozi"], ["evil-a[.]top", "Mirai"]]
SAMPLES: dict[str, bytes] = {
    "a.docx": docx(paragraph("hxxp://evil-a[.]top/x") + word_table(TABLE)),
    "a.doc": doc("Máy chủ: evil-a[.]top\rIP\x07\x07203.0.113.5\x07\x07\r"),
    "a.ods": opendocument("spreadsheet",
        ("<table:table><table:table-row><table:table-cell><text:p>evil-a.top</text:p></table:table-cell>"
         "</table:table-row></table:table>")),
    "a.xls": compound({"Workbook": xls(TABLE)}),
    "a.xlsx": workbook([sheet({1: TABLE[0], 2: TABLE[1]})]),
    "a.pdf": pdf([["203.0.113.5 evil-a[.]top"], None]),
    "a.msg": compound({"__properties_version1.0": b"x",
        "__substg1.0_1000001F": "evil-a[.]top".encode("utf-16-le")}),
    "a.rtf": b"{\\rtf1\\ansi evil-a[.]top\\par{\\field x}\\'e1\\u273?\\trowd\\intbl 203.0.113.5\\cell\\row}",
    "a.eml": (b"From: a@sender-a.com\nTo: b\nDate: x\nMIME-Version: 1.0\n"
              b"Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain; charset=utf-8\n"
              b"Content-Transfer-Encoding: base64\n\nZXZpbC1hLnRvcA==\n--B--\n"),
}  # fmt: skip
ALL = {**SAMPLES, **{path.name: path.read_bytes() for path in sorted(GOLDEN.iterdir()) if path.is_file()}}


def damaged(data: bytes, seed: int) -> bytes:
    """Return the data cut short, or with a few bytes changed, removed or doubled."""
    chance = random.Random(seed)
    if seed % 4 == 0:
        return data[: chance.randrange(len(data))]
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 12)):
        place = chance.randrange(len(changed))
        kind = chance.randrange(3)
        if kind == 0:
            changed[place] = chance.randrange(256)
        elif kind == 1:
            del changed[place : place + chance.randrange(1, 9)]
        else:
            changed[place:place] = changed[place : place + chance.randrange(1, 40)]
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize("name", ALL)
def test_a_damaged_list_is_read_or_refused(name: str, tmp_path: Path) -> None:
    for seed in range(12):
        path = tmp_path / f"{seed}-{name}"
        path.write_bytes(damaged(ALL[name], seed))
        problems: list[Problem] = []
        for item in read_list(str(path), problems.append):
            assert item.reference is not None
            assert item.reference.document.startswith(str(path))
        assert len(problems) < 20
        assert all(problem.what and problem.where for problem in problems)
