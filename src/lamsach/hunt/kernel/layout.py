"""The shapes and numbers that the kernel and its callers share. Needs no compiler."""

from __future__ import annotations

WORDS = 128
"""Class words, of 64 bytes each, that a block has."""
BLOCK = 64 * WORDS
BEHIND = 2
"""Words of the previous block available for look-behind."""
AHEAD = 2
"""Words after the block that are classified for look-ahead."""
TOTAL = BEHIND + WORDS + AHEAD
ROWS = 9
"""Byte classes stored for a block."""
TOKENS = BLOCK // 2
"""Dotted tokens that a block may hold."""
KEYS = 3 * TOKENS
"""Maximum hashes of names looked up for a block."""
SHORT = 55
"""Longest token whose bits fit one word (`tokens.bits_before` gives one more, to show a longer one)."""
DEEPEST = 5
"""An archive's filters know names by so many of their last labels."""
PASSES = 7
CARRIES = 5 + PASSES
"""Where the state holds what `tokens.token_ends` carries from one block to the next."""
STATE = CARRIES + 2
PAD = 1024
"""Line feeds around the data, so that neighbours and look-ahead can be read unchecked."""
LEAD = 16
"""Bytes that must be readable before the first byte hashed (whole words are loaded)."""
TOPS_SIZE = 4096
AREAS_AT = 1 << 21
"""Where the bits of IPv4 networks of length 20 begin, in bytes: behind those of length 24."""
BLOCKS_SIZE = AREAS_AT + (1 << 17)
HAS_NAMES, HAS_IPV4, HAS_IPV6, HAS_DIGESTS, HAS_IDN, HAS_FINGERPRINTS = 1, 2, 4, 8, 16, 32
LINE_FEED = 10
