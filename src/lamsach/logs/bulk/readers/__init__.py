"""Readers of many lines at once: one for each way in which records are written, and those of
single products.
"""
