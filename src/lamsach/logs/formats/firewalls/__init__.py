"""Firewalls and routers."""
