"""Lamsach: lists and logs in, infected devices named, with the evidence."""

__version__ = "0.1.0"
