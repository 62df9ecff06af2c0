"""Judgement of values: listed ones, and mere mentions."""
