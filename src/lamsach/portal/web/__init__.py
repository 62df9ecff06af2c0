"""The first page of the work area, and all addresses together."""
