"""Collectors and their sources, live sightings, and lists that run through archives."""
