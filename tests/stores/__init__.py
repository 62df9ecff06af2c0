"""Searching log stores."""
