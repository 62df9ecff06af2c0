"""Review of a list before it is trusted: dangerous, doubtful and new values, and decisions about them."""
