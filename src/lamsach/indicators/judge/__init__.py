"""Which values a document lists, and which it only mentions."""
