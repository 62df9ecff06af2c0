"""Tests of the hunt on a cluster."""
