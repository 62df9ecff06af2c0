"""Logs as they are written, into the archive: syslog, files that grow, folders that others drop files into;
and listed values told at once.
"""
