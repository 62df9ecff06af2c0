"""Log reading, from bytes to events of any product. See ARCHITECTURE.md for its shelves."""
