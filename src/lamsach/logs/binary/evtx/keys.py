"""What the events of many records of an EVTX file are known by, and what is carried over from a record as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lamsach.logs.binary.evtx.columns import Texts, column, columns
from lamsach.logs.binary.evtx.places import Batch, Instances, Ints
from lamsach.logs.binary.evtx.plans import ALWAYS, NOWHERE, Plan, port_in
from lamsach.logs.binary.evtx.rows import NO_PART, NOT_CARRIED
from lamsach.logs.binary.evtx.templates import UINT16
from lamsach.logs.binary.evtx.values import NULL

_HIGHEST_PORT, _MOST_DIGITS = 65535, 5
_WORTHS = np.array(
    [[10 ** max(count - 1 - at, 0) for at in range(_MOST_DIGITS)] for count in range(_MOST_DIGITS + 1)]
)
"""By the count of digits, what each is worth."""


def is_carried(batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints) -> Any:
    """Whether the ports are a record's own, so that they do not make its event another."""
    opener = np.array([plan.opener if plan else NOWHERE for plan in plans], np.int64)[which]
    begin, end = inner.places(opener, np.arange(len(which)))
    stated = end - begin == 4
    return (opener == ALWAYS) | (stated & (batch.numbers(np.where(stated, begin, 0), "<u4") == 1))


def carried_ports(
    batch: Batch, inner: Instances, plans: Sequence[Plan | None], which: Ints, carried: Any, side: int
) -> Ints:
    """The port of each record that carries it: as a number, or as text."""
    index = np.array([plan.ports[side] if plan else NOWHERE for plan in plans], np.int64)[which]
    index = np.where(carried, index, NOWHERE)
    found = np.where(index >= 0, 0, NOT_CARRIED)
    rows = np.flatnonzero(index >= 0)
    if not len(rows):
        return found
    begin, end = inner.places(index[rows], rows)
    kinds = np.array([plan.kind(plan.ports[side]) if plan else NULL for plan in plans], np.int64)
    is_number = kinds[which[rows]] == UINT16
    numbers = is_number & (end > begin)
    found[rows[numbers]] = batch.numbers(begin[numbers], "<u2")
    found[rows[~is_number]] = _ports_in_text(batch, begin[~is_number], end[~is_number])
    return found


def _ports_in_text(batch: Batch, begin: Ints, end: Ints) -> Ints:
    """The ports that these texts state: up to five digits as nearly all, or what `port_in` reads."""
    digits = batch.pieces(begin, 2 * _MOST_DIGITS).view("<u2").astype(np.int64) - ord("0")
    count = (end - begin) >> 1
    stated = np.arange(_MOST_DIGITS) < count[:, None]
    plain = (end - begin == 2 * count) & (count <= _MOST_DIGITS)
    plain &= (((digits >= 0) & (digits <= 9)) | ~stated).all(axis=1)
    ports = (digits * stated * _WORTHS[np.clip(count, 0, _MOST_DIGITS)]).sum(axis=1)
    ports[ports > _HIGHEST_PORT] = 0
    others = np.flatnonzero(~plain)
    ends = zip(begin[others].tolist(), end[others].tolist(), strict=True)
    ports[others] = [port_in(bytes(batch.data[start:stop])) for start, stop in ends]
    return ports


def key_width(plan: Plan | None) -> int:
    """By how many values an event is known; 0 for all that there are."""
    return 0 if plan is None or plan.key is None else len(plan.key)


def key_columns(
    batch: Batch,
    inner: Instances,
    plans: Sequence[Plan | None],
    which: Ints,
    carried: tuple[Any, Any, Any],
    mentioned: Any,
    rows: Ints,
) -> list[Texts]:
    """What the event of each record is known by but for its plan, column by column; all are known by as many values.
    `carried`: whether ports, digests do not count, and the kinds of the parts that do not. `mentioned`: what texts mention."""
    width = key_width(plans[which[0]])
    if not width:  # all values, and how they are laid out
        ends = inner.starts[-1, rows] + inner.sizes[-1, rows]
        return [column(batch, inner.listed[rows], ends, inner.listed[rows])]
    keys = [plan.key if plan and key_width(plan) == width else (NOWHERE,) * width for plan in plans]
    index = np.array(keys).T[:, which]
    ports, digests, parts = carried
    index[-2:, ports] = NOWHERE
    index[-3, digests] = NOWHERE
    index[-5:-3, parts != NO_PART] = NOWHERE
    told = np.where(parts != NO_PART, -parts, mentioned)
    return [pa.array(told), *columns(batch, inner, index, rows)]
