"""Parsing of people's files within limits: bytes into paragraphs, tables and pages with their places."""
