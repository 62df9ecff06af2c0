"""dnsmasq, Pi-hole."""
