"""The checks of a machine besides its files.

Each is a function of a `Look` in `lamsach.scanner.full_look.CHECKS`.
"""
