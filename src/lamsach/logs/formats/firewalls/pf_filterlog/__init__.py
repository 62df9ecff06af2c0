"""pfSense, OPNsense."""
