"""Tests of the built packages and their builder."""
