"""NetFlow, IPFIX and sFlow exports: from packets to flows; shared by export files and captures."""
