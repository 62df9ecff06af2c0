"""Three portals (a ministry, two provinces) exchange data for a month in which everything goes wrong.

They exchange lists, dispatches, figures and granted cases. A fourth portal, which holds all units and is
given the same steps, has the figures that the ministry must show. Run as `python -m tests.federation --units
20000 --seed 1`.
"""
