"""Network captures, from frames to contacts; shared by the formats `pcap` and `pcapng`."""
