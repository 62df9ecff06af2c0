"""The hunt for people who do not use a command line: a page on this machine alone that takes lists and logs
and gives the report.
"""
