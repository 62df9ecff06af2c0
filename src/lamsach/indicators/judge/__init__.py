"""Judgement of values: what a document lists, and what it only mentions."""
