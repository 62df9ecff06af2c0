"""FreeRADIUS."""
