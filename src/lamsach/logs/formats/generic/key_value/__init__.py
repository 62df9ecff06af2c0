"""Key=value (named keys)."""
