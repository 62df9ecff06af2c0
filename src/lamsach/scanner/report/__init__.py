"""A scan's result for people and programs: text, HTML page, JSON lines, bundle."""
