"""Endpoint scanner: examines a machine, and changes only what it can restore.

It ships alone to PCs: of the product it imports `model`, `errors`, `i18n` and `indicators` only. `full_scan`
is the whole scan; `actions` quarantines and restores; `report` writes results; `page` serves a local page.
"""
