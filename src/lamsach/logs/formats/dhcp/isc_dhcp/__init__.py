"""ISC DHCP."""
