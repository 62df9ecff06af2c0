"""Values: what kind a text is, its canonical spelling, and why it is refused."""
