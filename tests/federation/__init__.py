"""Three portals (a ministry, two provinces) exchange lists, dispatches, figures and granted cases for a month in which everything goes wrong; a fourth, which holds all units
and is given the same steps, says what the ministry has to show. `python -m tests.federation --units 20000 --seed 1`."""
