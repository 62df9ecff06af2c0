"""Campaigns, dispatches, the board."""
