"""Outgoing and incoming e-mail."""
