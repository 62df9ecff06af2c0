"""The authority's lists: tables in any document, Shadowserver's and n6's reports, lines of text."""

from lamsach.trace.reports.report_files import ReadReports, read_reports

__all__ = ["ReadReports", "read_reports"]
