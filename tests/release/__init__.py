"""Built packages, and how they are built."""
