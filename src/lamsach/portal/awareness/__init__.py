"""Awareness campaigns: notices to each person and counts of confirmations."""
