"""Output of `Findings`: terminal table, HTML, XLSX, CSV, JSON lines and the findings bundle."""

from lamsach.results.output import check_output, write

__all__ = ["check_output", "write"]
