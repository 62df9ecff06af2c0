"""Compiled indicator sets: built from lists, saved in the cache, looked up by the kernel and by value."""
