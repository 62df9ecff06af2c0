"""Lists of malicious addresses: content, decisions, signed versions, and outlets for what blocks."""
