"""Findings bundles and scan results in the portal: taken in, devices told apart, sightings counted once; hunts from the browser."""
