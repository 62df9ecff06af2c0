"""Juniper SRX."""
