"""The hash of names and networks in plain Python, the same as the kernel's (`lamsach.hunt.kernel.hashing`): for a look-up of a few values."""

from __future__ import annotations

_WORD = 0xFFFF_FFFF_FFFF_FFFF
_SEED = 0xC2B2AE3D27D4EB4F
_MULTIPLIER = 0x9E3779B97F4A7C15
_MIX = 0xFF51AFD7ED558CCD
_IPV6_SALT = 0x6A09E667F3BCC909


def _round(state: int, word: int) -> int:
    state = ((state ^ word) * _MULTIPLIER) & _WORD
    return state ^ (state >> 29)


def _folded(part: bytes) -> int:
    """At most eight bytes as a little-endian number, in lower case."""
    return int.from_bytes(bytes(byte | 0x20 for byte in part), "little")


def _mixed(state: int, label: bytes) -> int:
    state = ((state << 23) | (state >> 41)) & _WORD
    end = len(label)
    rounds = max(2, -(-end // 8))
    for _ in range(rounds):
        state = _round(state, _folded(label[max(0, end - 8) : max(0, end)]))
        end -= 8
    return state


def _finished(state: int) -> int:
    value = (state * _MIX) & _WORD
    return (value ^ (value >> 32)) | 1


def hash_name(name: bytes) -> int:
    """The key of a name or a digest."""
    state = _SEED
    for label in reversed(name.split(b".")):
        state = _mixed(state, label)
    return _finished(state)


def hash_network(high: int, low: int, prefix_length: int) -> int:
    """The key of a network: the two halves of its first address, and the length of its prefix."""
    state = _IPV6_SALT
    for word in (high, low):
        state = _round(state, word)
    return _finished(_round(state, prefix_length))
