"""Campaigns, dispatches and the board."""
