"""Meanings of Windows events, in any representation."""
