"""DHCP servers and tables of neighbours."""
