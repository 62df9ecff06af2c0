"""Always on: collectors and their sources, listed values seen a moment ago, and lists that run through archives by themselves."""
