"""Columnar readers: one per way of writing records, and those of single products."""
