"""Palo Alto Networks."""
