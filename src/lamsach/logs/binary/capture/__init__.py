"""Network captures: from the file's frames to the contacts in them.

What the formats `pcap` and `pcapng` share.
"""
