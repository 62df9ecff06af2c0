"""NetFlow and IPFIX exports: from packets to flows. What export files and captures share."""
