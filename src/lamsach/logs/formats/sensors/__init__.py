"""Network sensors."""
