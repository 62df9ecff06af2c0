"""Cisco ASA and Firepower."""
