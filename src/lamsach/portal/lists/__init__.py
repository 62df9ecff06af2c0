"""Lists of malicious addresses: documents, decisions, signed versions, and outlets for blocking programs."""
