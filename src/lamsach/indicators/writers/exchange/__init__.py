"""Outputs for exchange and for people."""
