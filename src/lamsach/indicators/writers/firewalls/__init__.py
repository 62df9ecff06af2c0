"""Outputs for firewalls, gateways and proxies."""
