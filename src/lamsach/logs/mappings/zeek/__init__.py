"""Meanings of Zeek's columns, whether tab-separated or JSON."""
