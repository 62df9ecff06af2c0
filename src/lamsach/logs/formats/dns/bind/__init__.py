"""ISC BIND."""
