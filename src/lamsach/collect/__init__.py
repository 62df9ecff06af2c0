"""Collection of logs into the archive: syslog, growing files, drop folders; and live matching."""
