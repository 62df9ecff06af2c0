"""Files that people make, read once for everybody: bytes in; paragraphs, tables and pages with their places out, within the caller's limits."""
