"""The kernel's hash of names and networks in plain Python, for lookups of a few values."""

from __future__ import annotations

_WORD = 0xFFFF_FFFF_FFFF_FFFF
_SEED = 0xC2B2AE3D27D4EB4F
_MULTIPLIER = 0x9E3779B97F4A7C15
_MIX = 0xFF51AFD7ED558CCD
_IPV6_SALT = 0x6A09E667F3BCC909
_LOWER = [int.from_bytes(b"\x20" * size, "little") for size in range(9)]
"""Masks that lower-case the letters of this many bytes."""


def _round(state: int, word: int) -> int:
    state = ((state ^ word) * _MULTIPLIER) & _WORD
    return state ^ (state >> 29)


def _mixed(state: int, label: bytes) -> int:
    """Mix a label, its last eight bytes first, as little-endian numbers in lower case; two rounds or more."""
    state = ((state << 23) | (state >> 41)) & _WORD
    end = len(label)
    for stop in range(end, min(0, end - 16), -8):
        part = label[max(0, stop - 8) : max(0, stop)]
        state = _round(state, int.from_bytes(part, "little") | _LOWER[len(part)])
    return state


def _finished(state: int) -> int:
    value = (state * _MIX) & _WORD
    return (value ^ (value >> 32)) | 1


def hash_name(name: bytes) -> int:
    """Return the key of a name or a digest."""
    state = _SEED
    for label in reversed(name.split(b".")):
        state = _mixed(state, label)
    return _finished(state)


def keys_with_parents(name: bytes) -> list[int]:
    """Return the keys of a name and of each of its parents, the whole name first."""
    state = _SEED
    keys = []
    for label in reversed(name.split(b".")):
        state = _mixed(state, label)
        keys.append(_finished(state))
    return keys[::-1]


def hash_network(high: int, low: int, prefix_length: int) -> int:
    """Return the key of a network: the two halves of its first address, and its prefix length."""
    state = _IPV6_SALT
    for word in (high, low):
        state = _round(state, word)
    return _finished(_round(state, prefix_length))
