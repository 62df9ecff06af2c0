"""PDF documents (ISO 32000): the text of their pages, and the tables that tags, rules or the order of their cells show."""
