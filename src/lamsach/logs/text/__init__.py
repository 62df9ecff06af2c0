"""Framing and syntax of text logs, from a line to its fields: syslog, pairs, CEF, LEEF, W3C, JSON."""
