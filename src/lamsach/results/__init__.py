"""What the officer sees: `Findings` as a terminal table, HTML, XLSX, CSV, JSON lines and the findings bundle."""

from lamsach.results.writing import write, writer_for

__all__ = ["write", "writer_for"]
