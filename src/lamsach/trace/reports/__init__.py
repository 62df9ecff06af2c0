"""Authorities' lists: tables in any document, reports of Shadowserver and n6, lines of text."""

from lamsach.trace.reports.report_files import ReadReports, read_reports

__all__ = ["ReadReports", "read_reports"]
