"""Running text: rejoined lines, extraction of values, rules and patterns in text."""
