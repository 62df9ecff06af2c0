"""The 64-bit hash that names, addresses and digests share, in the compiled set and in the kernel.

A name is hashed label by label from the right, so that the kernel, walking a name towards its start, holds
the hash of every parent domain on its way. Bytes are folded to lower case by setting bit 5, which keeps
letters, digits, `-`, `.` and `_` apart.
"""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.vector import load_word

SEED = np.uint64(0xC2B2AE3D27D4EB4F)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_FOLD = np.uint64(0x2020202020202020)
_IPV6_SALT = np.uint64(0x6A09E667F3BCC909)
_ONE = np.uint64(1)


@inlined
def _round(state, word):
    state = (state ^ word) * _MULTIPLIER
    return state ^ (state >> np.uint64(29))


@inlined
def _last_bytes(data, end, size):
    """The `size` bytes (at most 8; fewer than none count as none) before `end` as a number."""
    spare = np.uint64(8 * (8 - min(8, max(0, size))))
    half = spare >> _ONE
    return ((load_word(data, end - 8) | _FOLD) >> half) >> (spare - half)


@inlined
def mix_label(state, data, start, end):
    """The running hash after one more label, data[start:end], to the left.

    Labels of up to sixteen bytes, nearly all, take the same steps at any length: a length guessed wrong costs
    the processor more than a step.
    """
    state = (state << np.uint64(23)) | (state >> np.uint64(41))
    size = end - start
    state = _round(state, _last_bytes(data, end, size))
    state = _round(state, _last_bytes(data, end - 8, size - 8))
    while size > 16:
        size -= 8
        end -= 8
        state = _round(state, _last_bytes(data, end - 8, size - 8))
    return state


@inlined
def finish(state):
    """The hash of the labels seen so far; never 0, which marks an empty slot of the table."""
    value = state * _MIX
    return (value ^ (value >> np.uint64(32))) | _ONE


@inlined
def hash_ipv6(high, low, prefix_length):
    """Hash of an IPv6 network: two halves with host bits cleared, and the prefix length (128: an address)."""
    state = (_IPV6_SALT ^ high) * _MULTIPLIER
    state ^= state >> np.uint64(29)
    state = (state ^ low) * _MULTIPLIER
    state ^= state >> np.uint64(29)
    state = (state ^ prefix_length) * _MULTIPLIER
    return finish(state ^ (state >> np.uint64(29)))


@compiled
def hash_many(data, offsets, labels, out):
    """The hashes of names or digests, of at most so many of their last labels.

    Value i is data[offsets[i]:offsets[i + 1]], with LEAD readable bytes before the first.
    """
    for index in range(out.size):
        state = SEED
        end = offsets[index + 1]
        position = end - 1
        left = labels
        while position >= offsets[index] and left > 0:
            if data[position] == 46:
                state = mix_label(state, data, position + 1, end)
                end = position
                left -= 1
            position -= 1
        if left > 0:
            state = mix_label(state, data, offsets[index], end)
        out[index] = finish(state)


@compiled
def hash_networks(networks, out):
    """The hashes of networks, rows of (high half, low half, prefix length)."""
    for index in range(out.size):
        out[index] = hash_ipv6(networks[index, 0], networks[index, 1], networks[index, 2])
