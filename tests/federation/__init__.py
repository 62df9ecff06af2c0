"""Simulation of three portals (a ministry, two provinces) in a month in which everything goes wrong.

They exchange lists, dispatches, figures and granted cases. A fourth portal with all units receives the same
steps and provides the expected figures. Run as `python -m tests.federation --units 20000 --seed 1`.
"""
