"""Workbooks and archives for the tests."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

_TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def archive(parts: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as opened:
        for name, content in parts.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def sheet(rows: Mapping[int, Sequence[object]], extra: str = "", prolog: str = "") -> str:
    """Return a worksheet's XML with inline strings and numbers, by row number; None omits a cell."""
    lines = []
    for number, cells in rows.items():
        xml = ""
        for column, value in enumerate(cells):
            place = f"{chr(65 + column)}{number}"
            if isinstance(value, (int, float)):
                xml += f'<c r="{place}"><v>{value}</v></c>'
            elif value is not None:
                xml += f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
        lines.append(f'<row r="{number}">{xml}</row>')
    return f'{prolog}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{extra}</worksheet>'


def workbook(
    sheets: Sequence[str], hidden: Sequence[int] = (), extra: Mapping[str, str] | None = None
) -> bytes:
    """Return a workbook of worksheets' XML; `hidden` holds 1-based numbers."""
    names = "".join(
        (
            f'<sheet name="S{place}" '
            f'sheetId="{place}"{" state=" + chr(34) + "hidden" + chr(34) if place in hidden else ""} '
            f'r:id="rId{place}"/>'
        )
        for place in range(1, len(sheets) + 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{place}" Target="worksheets/sheet{place}.xml" Type="x"/>'
        for place in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _TYPES,
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_REL}"><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        **(extra or {}),
    }
    parts.update({f"xl/worksheets/sheet{place}.xml": xml for place, xml in enumerate(sheets, 1)})
    return archive(parts)
