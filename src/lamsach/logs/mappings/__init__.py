"""Meanings of names, sentences and codes, shared by several products."""
