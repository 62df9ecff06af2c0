"""Servers of lists: TAXII collections, MISP instances and feeds, folders that mirror them."""
