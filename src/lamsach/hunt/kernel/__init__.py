"""The compiled part of the hunt: one pass over raw bytes that finds the lines that may hold an indicator.

Written in Python for numba, a tool of the build: `build` compiles it into `objects/`, which
`lamsach.hunt.machine_code` loads without the compiler. `layout` has the constants that callers need and
imports nothing.
"""
