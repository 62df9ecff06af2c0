"""Traces in the portal: the authority's list and the unit's logs in, the devices and the answer letter out."""
