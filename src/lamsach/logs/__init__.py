"""Logs: from bytes to events, whatever wrote them. See ARCHITECTURE.md for its shelves."""
