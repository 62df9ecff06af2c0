"""Public campaign pages and the tool catalogue."""
