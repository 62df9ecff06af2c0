"""Files that people make: bytes in; paragraphs, tables and pages with their places out, within limits."""
