"""Output of a trace for the officer: terminal, HTML, XLSX, CSV, JSON lines."""
