"""Antivirus consoles."""
