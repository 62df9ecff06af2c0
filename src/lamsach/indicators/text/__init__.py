"""Running text: lines put together again, values found in them, rules and patterns within it."""
