"""Meanings of names, sentences and codes that several products share."""
