"""The sieve: one pass over a chunk's bytes for the lines that may hold an indicator.

Its contract is *no false negatives*: it passes every line in which the exact matcher could find something. It
may pass too much. A block of bytes is first classified with vector instructions, one bit a byte and class.
Then only those places are visited without which there is no indicator: dotted tokens (IPv4 addresses by
value, names label by label from the right), colons as IPv6 has them, `(3)` of label-length names, escapes
that may hide a name, and sixteen aligned hexadecimal digits in a row, which any digest covers, and the last
twelve of a JA4 fingerprint. After a hit the rest of the line is skipped.
"""

from __future__ import annotations

import numpy as np

from lamsach.hunt.kernel import escapes, ipv4, ipv6, names
from lamsach.hunt.kernel.compiler import compiled, inlined
from lamsach.hunt.kernel.hashes import SEED, finish, mix_label
from lamsach.hunt.kernel.layout import (
    BEHIND,
    BLOCK,
    CARRIES,
    HAS_DIGESTS,
    HAS_FINGERPRINTS,
    HAS_IDN,
    HAS_IPV4,
    HAS_IPV6,
    HAS_NAMES,
    LINE_FEED,
    PASSES,
    TOTAL,
    WORDS,
)
from lamsach.hunt.kernel.tables import (
    COLON,
    DOT,
    HEX,
    NAME,
    OPEN,
    contains,
    in_ranges,
    stem_listed,
)
from lamsach.hunt.kernel.tokens import HEX as HEX_ROW
from lamsach.hunt.kernel.tokens import (
    HIGH,
    TRIGGERS,
    bits_before,
    classify_block,
    dots_of,
    end_of,
    is_fingerprint,
    name_place,
    sort_tokens,
    start_of,
    token_ends,
    twelves,
)
from lamsach.hunt.kernel.vector import peek, poke, trailing_zeros

_ZERO = 48
_SIZE, _DONE, _IPV6, _DIGEST = range(4)
_ADDRESS_LINE, _NAME_LINE, _HIGH_LINE, _ODD_LINE, _TRIGGER_LINE, _DIGEST_LINE, _FINGERPRINT_LINE = range(
    5, 5 + PASSES
)
"""End of the line with each pass's last hit: a pass goes over a whole block before the next begins."""


@compiled
def start_over(words, state, begin):
    """Forget an earlier chunk: no byte of a block, no hit or key, no place behind `begin`."""
    words[:] = np.uint64(0)
    state[:CARRIES] = begin
    state[CARRIES:] = 0
    state[_SIZE] = 0


@compiled
def _line_start(data, position, first):
    while position > first and data[position - 1] != LINE_FEED:
        position -= 1
    return position


@compiled
def _hit(data, position, line, state, hits):
    """Note a candidate line and pass over the rest of it; `line` is the pass's place in the state."""
    hits[state[_SIZE]] = position
    state[_SIZE] += 1
    while data[position] != LINE_FEED:
        position += 1
    state[line] = position


@compiled
def _search_addresses(data, shift, tokens, count, values, blocks, starts, ends, state, hits):
    """Tokens of four numbers and three dots.

    All are read before any is looked up, so that the processor waits for memory once for many of them.
    """
    for index in range(count):
        start = start_of(tokens, index) + shift
        end = end_of(tokens, index) + shift
        valid, value = ipv4.from_dots(data, start, end, dots_of(tokens, index))
        odd = np.uint64(not valid) | np.uint64(names.after_escape(data, start))
        poke(values, index, value | (odd << np.uint64(32)))
    for index in range(count):
        value = peek(values, index)
        hit = False
        if value >> np.uint64(32):
            start = start_of(tokens, index) + shift
            hit = start >= state[_ADDRESS_LINE] and ipv4.any_listed(
                data, start, end_of(tokens, index) + shift, blocks, starts, ends
            )
        else:
            hit = in_ranges(np.uint32(value), blocks, starts, ends)
        if hit:
            start = start_of(tokens, index) + shift
            if start >= state[_ADDRESS_LINE]:
                _hit(data, start, _ADDRESS_LINE, state, hits)


@compiled
def _likely_names(data, shift, tokens, count, tops, stems, keys, likely):
    """Write the places of names whose last two labels are listed to `likely`; return their number.

    That costs two labels and one question at any length. First the hashes of all, then the questions, as with
    addresses.
    """
    for index in range(count):
        place = name_place(index)
        start = start_of(tokens, place) + shift
        end = end_of(tokens, place) + shift
        poke(keys, index, names.stem_of(data, start, end, dots_of(tokens, place), tops))
    kept = 0
    for index in range(count):
        stem = peek(keys, index)
        place = name_place(index)
        poke(likely, kept, place)
        listed = stem_listed(stem, stems) | names.after_escape(data, start_of(tokens, place) + shift)
        kept += np.int64((stem != np.uint64(0)) & listed)
    return kept


@compiled
def _search_names(data, shift, tokens, count, tops, bloom, table, keys, owners, likely, state, hits):
    """Search tokens with a letter and a dot, of at most SHORT bytes: all parents of the likely ones."""
    asked = 0
    for index in range(count):
        place = peek(likely, index)
        start = start_of(tokens, place) + shift
        end = end_of(tokens, place) + shift
        asked = names.keys_of(data, start, end, dots_of(tokens, place), tops, keys, owners, asked, start)
    for place in range(asked):
        if contains(peek(keys, place), bloom, table):
            start = peek(owners, place)
            if start >= state[_NAME_LINE]:
                _hit(data, start, _NAME_LINE, state, hits)


@compiled
def _any_high(words):
    """Return whether the block holds a byte above 127."""
    row = words[HIGH]
    found = np.uint64(0)
    for column in range(TOTAL):
        found |= row[column]
    return found != np.uint64(0)


@compiled
def _search_high(data, shift, tokens, count, words, has_idn, tops, bloom, table, state, hits):
    """Search names with a byte above 127 as other spellings if the list holds such; else between them."""
    for index in range(count):
        start = start_of(tokens, name_place(index))
        end = end_of(tokens, name_place(index))
        used = ~(~np.uint64(0) >> np.uint64(end - start))
        is_high = bits_before(words[HIGH], end) & used != np.uint64(0)
        start, end = start + shift, end + shift
        if is_high and start >= state[_HIGH_LINE]:
            hit = has_idn or names.any_between_high(data, start, end, tops, bloom, table)
            if hit:
                _hit(data, start, _HIGH_LINE, state, hits)


@compiled
def _search_odd(data, shift, rows, count, flags, tops, bloom, table, blocks, starts, ends, state, hits):
    """Tokens that are long, or addresses glued to something else: read byte by byte, each once."""
    for index in range(count):
        end = rows[index] + shift + 1
        if end <= state[_ODD_LINE]:
            continue
        start = end
        high = False
        while NAME[data[start - 1]] != 0:
            start -= 1
            high = high or data[start] > 127
        last = end
        while last > start and data[last - 1] == DOT:
            last -= 1
        hit = high and flags & HAS_IDN != 0
        hit = hit or (flags & HAS_NAMES != 0 and names.long_name(data, start, last, tops, bloom, table))
        hit = hit or (
            high and flags & HAS_NAMES != 0 and names.any_between_high(data, start, last, tops, bloom, table)
        )
        hit = hit or (flags & HAS_IPV4 != 0 and ipv4.any_listed(data, start, end, blocks, starts, ends))
        if hit:
            _hit(data, start, _ODD_LINE, state, hits)


@compiled
def _search_triggers(
    data, base, words, flags, tops, bloom, table, blocks, starts, ends, lengths, state, hits
):
    """Colons of IPv6, label-length names, escapes."""
    for column in range(BEHIND, BEHIND + WORDS):
        triggers = words[TRIGGERS, column]
        if triggers == np.uint64(0):
            continue
        at = base + ((column - BEHIND) << 6)
        while triggers:
            position = at + trailing_zeros(triggers)
            triggers &= triggers - np.uint64(1)
            if position < state[_TRIGGER_LINE]:
                continue
            byte = data[position]
            hit = False
            if byte == COLON:
                if position >= state[_IPV6]:
                    hit, state[_IPV6] = ipv6.run_listed(
                        data, position, state[_IPV6], lengths, bloom, table, blocks, starts, ends
                    )
            elif byte == OPEN:
                if data[position + 1] != _ZERO and position >= state[_DONE]:
                    hit, state[_DONE] = names.label_lengths(data, position, tops, bloom, table)
            else:
                hit = escapes.hides_name(data, position, flags & HAS_IDN != 0)
            if hit:
                _hit(data, position, _TRIGGER_LINE, state, hits)


@inlined
def _sixteen_ones(word):
    """Lanes of 16 bits of a word that are all ones (their top bits set); rarely one too many."""
    zeros = ~word
    return (zeros - np.uint64(0x0001000100010001)) & ~zeros & np.uint64(0x8000800080008000)


@compiled
def _search_digests(data, base, words, bloom, table, state, hits):
    """Runs of 32, 40 or 64 hexadecimal digits."""
    for column in range(BEHIND, BEHIND + WORDS):
        lanes = _sixteen_ones(words[HEX_ROW, column])
        while lanes:
            position = base + ((column - BEHIND) << 6) + trailing_zeros(lanes) - 15
            lanes &= lanes - np.uint64(1)
            if position < state[_DIGEST] or position < state[_DIGEST_LINE]:
                continue
            start = position
            while start > state[_DIGEST] and HEX[data[start - 1]] != 0:
                start -= 1
            end = position
            while HEX[data[end]] != 0:
                end += 1
            state[_DIGEST] = end
            skip = escapes.digits_before(data, start)
            hit = False
            for glued in range(2):
                size = end - start - glued * skip
                known_size = size == 32 or size == 40 or size == 64
                hit = hit or (
                    known_size and contains(finish(mix_label(SEED, data, end - size, end)), bloom, table)
                )
            if hit:
                _hit(data, position, _DIGEST_LINE, state, hits)


@compiled
def _search_fingerprints(data, base, words, bloom, table, state, hits):
    """JA4 fingerprints: 36 characters, the last twelve of them hexadecimal digits."""
    for column in range(BEHIND, BEHIND + WORDS):
        runs = twelves(words[HEX_ROW], column)
        while runs:
            position = base + ((column - BEHIND) << 6) + trailing_zeros(runs)
            runs &= runs - np.uint64(1)
            if position < state[_FINGERPRINT_LINE] or not is_fingerprint(data, position):
                continue
            if contains(finish(mix_label(SEED, data, position - 24, position + 12)), bloom, table):
                _hit(data, position, _FINGERPRINT_LINE, state, hits)


@compiled
def sieve(
    data, begin, end, flags, tops, stems, bloom, table, blocks, starts, ends, lengths, words, found, tokens,
    odd, keys, owners, state, hits, feeds,
):  # fmt: skip
    """Search data[begin:end], with PAD line feeds around it; write a position in each candidate line to
    `hits`.

    `begin` is the start of a line. The line feeds of each BLOCK bytes go to `feeds`, which has room for one
    more. A token belongs to the block that has the byte behind it, so that the byte at `end` is looked at
    too. Returns (number of hits, position from which to go on): the second is `end` unless `hits` ran full. A
    line may be hit once by each pass, and hits are not in order within a block.
    """
    start_over(words, state, begin)
    room = hits.size - PASSES * BLOCK
    base = begin
    while base <= end:
        if state[_SIZE] > room:
            return state[_SIZE], _line_start(data, base, begin)
        feeds[(base - begin) // BLOCK] = classify_block(data, base, end, flags & HAS_IPV6 != 0, words)
        count = token_ends(words, state, found)
        address_count, name_count, odd_count = sort_tokens(words, found, count, tokens, odd)
        shift = base - 64 * BEHIND
        if flags & HAS_IPV4:
            _search_addresses(data, shift, tokens, address_count, keys, blocks, starts, ends, state, hits)
        if flags & HAS_NAMES:
            asked = _likely_names(data, shift, tokens, name_count, tops, stems, keys, found)
            _search_names(data, shift, tokens, asked, tops, bloom, table, keys, owners, found, state, hits)
        if flags & HAS_NAMES and name_count and _any_high(words):
            has_idn = flags & HAS_IDN != 0
            _search_high(data, shift, tokens, name_count, words, has_idn, tops, bloom, table, state, hits)
        _search_odd(data, shift, odd, odd_count, flags, tops, bloom, table, blocks, starts, ends, state, hits)
        _search_triggers(
            data, base, words, flags, tops, bloom, table, blocks, starts, ends, lengths, state, hits
        )
        if flags & HAS_DIGESTS:
            _search_digests(data, base, words, bloom, table, state, hits)
        if flags & HAS_FINGERPRINTS:
            _search_fingerprints(data, base, words, bloom, table, state, hits)
        base += BLOCK
    return state[_SIZE], end
