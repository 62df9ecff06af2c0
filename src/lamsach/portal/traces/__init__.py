"""Traces in the portal: authority's list and unit's logs in, devices and answer letter out."""
