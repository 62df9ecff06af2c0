"""Logs of cloud networks."""
