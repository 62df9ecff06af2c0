"""Outputs for sensors, searches in logs, and scanners of files."""
