"""What is handed out, and how it is built."""
