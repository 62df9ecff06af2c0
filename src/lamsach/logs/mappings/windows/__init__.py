"""Meanings of Windows events, whichever way they were written down."""
