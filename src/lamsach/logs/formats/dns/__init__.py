"""DNS servers and filters."""
