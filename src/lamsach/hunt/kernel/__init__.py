"""The compiled part of the hunt: one pass over raw bytes that tells which lines may hold an indicator.

Written in Python for numba, which is needed only when there is no compiled code yet: `lamsach.hunt.native`
keeps the object code in the user's cache and loads it without the compiler. `layout` holds what callers need
to know and imports nothing.
"""
