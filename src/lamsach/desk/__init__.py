"""The hunt without a command line: a local page, lists and logs in, the report out."""
