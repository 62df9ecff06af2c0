"""Lists of malicious addresses: what stands in them, what was decided, signed versions, and how they go out to what blocks."""
