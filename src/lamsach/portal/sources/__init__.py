"""Collectors and their sources, live sightings, and searches of lists in archives."""
