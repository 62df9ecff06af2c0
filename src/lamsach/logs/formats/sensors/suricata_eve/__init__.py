"""Suricata (EVE)."""
