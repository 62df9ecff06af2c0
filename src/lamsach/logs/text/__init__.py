"""Framing and syntax of text logs: syslog headers, pairs, CEF, LEEF, W3C, JSON: from a line to its fields."""
