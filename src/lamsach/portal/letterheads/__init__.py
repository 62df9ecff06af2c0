"""What stands around a unit's official documents: bodies, place, symbol, signature, recipients; used by every letter of the portal."""
