"""The hunt without a command line: a page on this machine alone, lists and logs in, the report out."""
