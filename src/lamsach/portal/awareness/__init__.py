"""Reaching and counting each person."""
