"""What the officer sees of a trace: terminal, HTML, XLSX, CSV, JSON lines."""
