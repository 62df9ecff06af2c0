"""PDF documents (ISO 32000): text of pages, and tables by tags, rules or drawing order."""
