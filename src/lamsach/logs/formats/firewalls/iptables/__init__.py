"""Linux iptables, nftables; UniFi."""
