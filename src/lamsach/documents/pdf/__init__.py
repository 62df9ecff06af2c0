"""PDF documents (ISO 32000): the text of their pages, and tables by tags, rules or the order of cells."""
