"""A page on this machine alone, for people who do not use a command line."""
