"""Findings in the portal: bundles taken in, devices known again, sightings counted once; hunts."""
