"""Accounting for every value: each value that a list's text shows is accepted or refused, unchanged.

Values that an author defanged next to the listed ones are accepted. Documents of every format are built from
drawn values; the fixtures, and the samples where available, are compared with `shown_values`, which reads
plain text.
"""

from __future__ import annotations

import csv
import html
import io
import json
import re
import tempfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem, Refusal
from tests.indicators.builders import archive, sheet, workbook
from tests.indicators.document_samples import docx, opendocument, paragraph, pdf, word_table
from tests.indicators.shown_values import shown, text_of

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = Path(__file__).parents[2] / ".." / "shared" / "samples"
EXEMPT = {"hashes.csv"}
"""Index of a MISP feed, which is refused as a whole."""


class Shown(NamedTuple):
    """A value, and its spelling."""

    value: str
    written: str
    defanged: bool


class Row(NamedTuple):
    """A row of a document: listed value, a sentence with another value, a link to read."""

    listed: Shown
    noted: Shown
    note: str
    link: Shown


HEADINGS = ("Indicator", "Description", "source_url")
SENTENCES = (
    "{}",
    "connects to {} on port 80",
    "C2: {}; see below",
    "first stage ({}), then sleeps",
    "máy nhiễm kết nối đến {}",
    "drops %windir%\\system32\\x.exe from {}",
)


def _defanged(value: str) -> str:
    return value.replace("http://", "hxxp://").replace(".", "[.]")


@st.composite
def values(draw: st.DrawFn, *, link: bool = False) -> Shown:
    """Draw an address, a name, a URL (which may hold commas) or a digest, plain or defanged."""
    number = draw(st.integers(0, 10**9))
    kind = "link" if link else draw(st.sampled_from(("ip", "domain", "url", "digest")))
    if kind == "digest":
        value = f"{number:x}f".rjust(draw(st.sampled_from((32, 40, 64))), "a")
        return Shown(value, value, defanged=False)
    name = f"evil-{number:x}.top"
    value = {
        "ip": f"203.0.113.{number % 254 + 1}",
        "domain": name,
        "url": f"http://{name}/a{draw(st.sampled_from(('', ',b', ';c=1')))}/{number % 97}.php",
        "link": f"https://vendor-{number:x}.net/post/{number % 89}",
    }[kind]
    defanged = not link and draw(st.booleans())
    return Shown(value, _defanged(value) if defanged else value, defanged)


ROWS = st.lists(
    st.builds(Row, values(), values(), st.sampled_from(SENTENCES), values(link=True)),
    min_size=2,
    max_size=5,
    unique_by=(lambda row: row.listed.value, lambda row: row.noted.value),
)


def _cells(rows: list[Row]) -> list[list[str]]:
    return [[row.listed.written, row.note.format(row.noted.written), row.link.written] for row in rows]


def _csv(rows: list[Row], delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([HEADINGS, *_cells(rows)])
    return text.getvalue().encode()


def _markdown(rows: list[Row]) -> bytes:
    lines = ["# Report", "", "|".join(HEADINGS), "|".join("---" for _ in HEADINGS)]
    return "\n".join([*lines, *("|".join(["", *cells, ""]) for cells in _cells(rows))]).encode()


def _asciidoc(rows: list[Row]) -> bytes:
    """Merge one listed value over the first two rows; the second's own is in its description."""
    first, *later_rows = _cells(rows)
    merged = [
        f".2+|{first[0]}",
        f"|{first[1]}",
        f"|{first[2]}",
        f"|also {later_rows[0][0]}",
        f"|{later_rows[0][2]}",
    ]
    lines = [f"|{cell}" for cells in later_rows for cell in cells]
    headings = "".join(f"|{heading} " for heading in HEADINGS)
    return "\n".join(
        ["= Report", "", '[cols="1,2,1"]', "|===", headings, "", *merged, *lines, "|==="]
    ).encode()


def _html(rows: list[Row]) -> bytes:
    table = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"
        for cells in [list(HEADINGS), *_cells(rows)]
    )
    field = html.escape(rows[0].noted.written, quote=True)
    nav = rows[0].link.written
    return (
        f"<html><body><nav>{nav}</nav><table>{table}</table><form><input "
        f'value="{field}"></form></body></html>'
    ).encode()


def _docx(rows: list[Row]) -> bytes:
    entry = escape(rows[0].noted.written, {'"': "&quot;"})
    choice = (
        '<w:p><w:r><w:fldChar><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry '
        f'w:val="-"/><w:listEntry w:val="{entry}"/></w:ddList></w:ffData></w:fldChar></w:r></w:p>'
    )
    return docx(paragraph("Report") + word_table([list(HEADINGS), *_cells(rows)]) + choice)


def _opendocument(rows: list[Row], kind: str) -> bytes:
    table = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in cells)
        + "</table:table-row>"
        for cells in [list(HEADINGS), *_cells(rows)]
    )
    field = escape(rows[0].noted.written, {'"': "&quot;"})
    form = f'<f:text xmlns:f="urn:oasis:names:tc:opendocument:xmlns:form:1.0" f:current-value="{field}"/>'
    return opendocument(kind, f"<table:table>{table}</table:table>{form}")


def _rtf(rows: list[Row]) -> bytes:
    def plain(text: str) -> str:
        text = re.sub(r"([\\{}])", r"\\\1", text)
        return "".join(letter if letter.isascii() else f"\\u{ord(letter)}?" for letter in text)

    lines = [
        "\\trowd\\intbl " + "".join(f"{plain(cell)}\\cell " for cell in cells) + "\\row"
        for cells in [list(HEADINGS), *_cells(rows)]
    ]
    footer = "{\\footer " + plain(rows[0].link.written) + "\\par}"
    return ("{\\rtf1\\ansi " + footer + "Report\\par " + "\n".join(lines) + "\\pard\\par}").encode()


def _json(rows: list[Row]) -> bytes:
    return json.dumps([dict(zip(HEADINGS, cells, strict=True)) for cells in _cells(rows)]).encode()


def _xml(rows: list[Row]) -> bytes:
    entries = "".join(
        "<entry>"
        + "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(HEADINGS, cells, strict=True))
        + "</entry>"
        for cells in _cells(rows)
    )
    return f"<?xml version='1.0'?><entries>{entries}</entries>".encode()


def _text(rows: list[Row]) -> bytes:
    return "".join(f"# {link}\n{listed} # {note}\n" for listed, note, link in _cells(rows)).encode()


def _hosts(rows: list[Row]) -> bytes:
    blocked = "".join(f"0.0.0.0 blocked-{place}.top\n" for place in range(9))
    return (blocked + "".join(f"# {listed} {note} {link}\n" for listed, note, link in _cells(rows))).encode()


def _mail(rows: list[Row]) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@unit.example", "b@unit.example", "list"
    message["Date"] = "Mon, 2 Mar 2026 10:00:00 +0700"
    message.set_content("".join(f"{listed}\n{note}\n{link}\n" for listed, note, link in _cells(rows)))
    message.add_attachment(_csv(rows), maintype="text", subtype="csv", filename="list.csv")
    return message.as_bytes()


def _with_field(data: bytes, text: str) -> bytes:
    """Return a PDF with a form whose one field holds a text."""
    writer = PdfWriter(clone_from=io.BytesIO(data))
    field = {"/Type": "/Annot", "/Subtype": "/Widget", "/FT": "/Tx", "/V": text}
    named = DictionaryObject(
        {
            NameObject(key): TextStringObject(value) if key == "/V" else NameObject(value)
            for key, value in field.items()
        }
    )
    place = writer._add_object(named)
    writer.pages[0][NameObject("/Annots")] = ArrayObject([place])
    form = DictionaryObject({NameObject("/Fields"): ArrayObject([place])})
    writer.root_object[NameObject("/AcroForm")] = form
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _pdf(rows: list[Row]) -> bytes:
    lines = [line for cells in _cells(rows) for line in cells]
    return pdf([[line.replace("máy nhiễm kết nối đến", "may nhiem ket noi den") for line in lines]])


def _pdf_form(rows: list[Row]) -> bytes:
    """Put the first row on the page, the others in a field of its form."""
    lines = [cell for cells in _cells(rows[1:]) for cell in cells]
    return _with_field(_pdf(rows[:1]), "\n".join(lines))


ACCEPTING_FORMATS: dict[str, Callable[[list[Row]], bytes]] = {
    "list.csv": _csv,
    "list.tsv": lambda rows: _csv(rows, "\t"),
    "list.md": _markdown,
    "list.adoc": _asciidoc,
    "list.html": _html,
    "list.xlsx": lambda rows: workbook([sheet(dict(enumerate([HEADINGS, *_cells(rows)], 1)))]),
    "list.docx": _docx,
    "list.odt": lambda rows: _opendocument(rows, "text"),
    "list.ods": lambda rows: _opendocument(rows, "spreadsheet"),
    "list.rtf": _rtf,
    "list.eml": _mail,
    "list.pdf": _pdf,
    "form.pdf": _pdf_form,
}
"""Formats that accept defanged values in a description."""
NAMES: dict[str, Callable[[list[Row]], bytes]] = {
    "list.json": _json,
    "list.xml": _xml,
    "list.txt": _text,
    "hosts": _hosts,
}
"""Formats in which a description only mentions values."""


def _read(path: Path) -> tuple[set[str], set[str]]:
    problems: list[Problem] = []
    found = list(read_list(str(path), problems.append))
    assert problems == []
    assert all(item.reason for item in found if isinstance(item, Refusal))
    accepted = {item.value for item in found if isinstance(item, Indicator)}
    return accepted, {item.value for item in found if isinstance(item, Refusal)}


@settings(max_examples=15, deadline=None)
@given(rows=ROWS)
def test_a_documents_values_are_accepted_or_refused(rows: list[Row]) -> None:
    every = {item.value for row in rows for item in (row.listed, row.noted, row.link)}
    with tempfile.TemporaryDirectory() as folder:
        for name, make in {**ACCEPTING_FORMATS, **NAMES}.items():
            path = Path(folder) / name
            path.write_bytes(make(rows))
            accepted, refused = _read(path)
            assert every - accepted - refused == set(), name
            assert {value for value in accepted if not value.startswith("blocked-")} <= every, name
            if name in ACCEPTING_FORMATS:
                assert {row.noted.value for row in rows if row.noted.defanged} <= accepted, name
            if name in ACCEPTING_FORMATS and name not in ("list.eml", "list.pdf", "form.pdf"):
                assert {row.listed.value for row in rows} <= accepted, name
                assert not accepted & {row.link.value for row in rows}, name


@settings(max_examples=40, deadline=None)
@given(
    hosts=st.lists(st.integers(0, 10**6), min_size=2, max_size=9, unique=True),
    paths=st.lists(st.text("abc123,;~=/", min_size=1, max_size=20), min_size=9, max_size=9),
    mark=st.sampled_from(",;~"),
)
def test_a_list_of_urls_is_not_cut(hosts: list[int], paths: list[str], mark: str) -> None:
    urls = [f"http://c2-{host}.top/a{mark}{path}/x.php" for host, path in zip(hosts, paths, strict=False)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        path.write_text("\n".join(urls) + "\n")
        assert _read(path)[0] == {re.sub(r"^(http://[^/]+)/+", r"\1/", url) for url in urls}


def test_urls_within_tables_stay_whole_and_columns_stay_columns(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    cases = {
        "date,url,threat\n2026-01-01,http://c2-a.top/a,b/c.php,Mirai\n2026-01-02,http://c2-b.top/a,Mirai\n": {
            "http://c2-a.top/a,b/c.php",
            "http://c2-b.top/a",
        },
        "url\nhttp://c2-a.top/a,b\nhttp://c2-b.top/b,c\n": {"http://c2-a.top/a,b", "http://c2-b.top/b,c"},
        "http://c2-a.top/a,2026-01-01,Mirai\nhttp://c2-b.top/b,2026-01-02,Mirai\n": {
            "http://c2-a.top/a",
            "http://c2-b.top/b",
        },
        "http://c2-a.top/a,Mirai\nhttp://c2-b.top/b,Mirai\n": {"http://c2-a.top/a", "http://c2-b.top/b"},
    }
    for text, expected in cases.items():
        path.write_text(text)
        assert _read(path)[0] == expected, text


def test_text_outside_the_body_is_read_too(tmp_path: Path) -> None:
    cells = sheet({1: ["Domain"], 2: ["evil-a.top"]})
    notes = {
        "xl/comments1.xml": (
            "<comments><commentList><comment><text><r><t>also "
            "evil-b[.]top</t></r></text></comment></commentList></comments>"
        ),
        "xl/drawings/drawing1.xml": (
            "<d><sp><txBody><p><r><t>evil-c[.]</t></r><r><t>top</t></r></p><p><r><t>the staff may read of "
            "evil-d.top in the news today</t></r></p></txBody></sp></d>"
        ),
    }
    margin = '<s xmlns:text="x"><text:footer><text:p>evil-e.top</text:p></text:footer></s>'
    body = "<text:p>evil-a.top</text:p>"
    packed = {"mimetype": "application/vnd.oasis.opendocument.text", "styles.xml": margin}
    content = f'<o xmlns:office="o" xmlns:text="x"><office:text>{body}</office:text></o>'
    cases = {
        "a.xlsx": (
            workbook([cells], extra=notes),
            {"evil-a.top", "evil-b.top", "evil-c.top"},
            {"evil-d.top"},
        ),
        "a.odt": (archive({**packed, "content.xml": content}, compression=0), {"evil-a.top"}, {"evil-e.top"}),
    }
    for name, (data, listed, mentioned) in cases.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert _read(path) == (listed, mentioned), name


def _lost(path: Path, text: str) -> list[str]:
    """Return the values that a text shows and the product neither accepts nor refuses."""
    found = [item.value.lower() for item in read_list(str(path), lambda problem: None)]
    entries_text = "\n".join([*found, *(value.replace("%20", " ") for value in found)])
    return [written for value, written in shown(text).items() if value not in entries_text]


def test_the_fixtures_values_are_accepted_or_refused() -> None:
    lost = {
        path.name: found
        for path in sorted(GOLDEN.iterdir())
        if path.is_file() and path.name not in EXEMPT and (found := _lost(path, text_of(path)))
    }
    assert lost == {"fortigate.conf": ["255.255.255.255"], "rpz.zone": ["evil-b.top.rpz.unit.example"]}


@pytest.mark.parametrize("kind", ["indicators", "feeds"])
def test_the_samples_values_are_accepted_or_refused(kind: str, tmp_path: Path) -> None:
    cases = SAMPLES / kind / "cases.jsonl"
    if not cases.is_file():
        pytest.skip("the samples are not here")
    count = 0
    lost: list[str] = []
    for line in cases.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        path = SAMPLES / kind / case.get("file", "")
        if "file" not in case:
            path = tmp_path / "case.txt"
            path.write_text("\n".join(case["raw"]), encoding="utf-8")
        elif path.suffix in (".pdf", ".xlsx", ".docx"):
            continue
        text = text_of(path)
        count += len(shown(text))
        lost += _lost(path, text)
    assert count > 10_000 or kind == "feeds"
    assert len(lost) * 1000 <= count, (
        lost
    )  # slips of the expressions: `https://hxxp://..`, two values run together


def test_a_comment_after_urls_with_semicolons_makes_no_table(tmp_path: Path) -> None:
    urls = [f"http://evil-{number}.top/a;c=1/{number}.php" for number in range(3)]
    (tmp_path / "list.txt").write_text(
        "".join(f"{url} # 203.0.113.{place}\n" for place, url in enumerate(urls, 1))
    )
    assert _read(tmp_path / "list.txt")[0] == set(urls)
