"""Findings in the portal: bundles taken in, devices told apart, sightings counted once; hunts."""
