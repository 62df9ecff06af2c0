"""Values: type, canonical spelling and refusal."""
