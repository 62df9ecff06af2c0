"""Log reading, from bytes to events of any product; ARCHITECTURE.md describes the folders."""
