"""VPN gateways."""
