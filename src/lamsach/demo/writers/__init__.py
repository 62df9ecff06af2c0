"""One file for each product whose log or document the demo writes."""
