"""Meaning of a table's columns: by the headings, else by the content."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from lamsach.documents.headings import plain_key
from lamsach.trace.reports.cells import endpoints, port_number, protocol_of
from lamsach.trace.reports.grid import Cells
from lamsach.trace.reports.headings import Column, column_of, is_international, is_later, offset_minutes
from lamsach.trace.reports.times import ListTimes

_SEARCHED = 80
_SAMPLE = 200
Rows = Sequence[tuple[int, Cells | None]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The 0-based positions of each kind of column, the best first.

    `data` is the index of the first data row; `offset`: minutes from UTC of the times, stated in headings;
    `international`: a Shadowserver or n6 report.
    """

    places: dict[Column, tuple[int, ...]] = field(default_factory=dict)
    data: int = 0
    offset: int | None = None
    international: bool = False

    def of(self, column: Column) -> tuple[int, ...]:
        """Return the positions of this kind of column."""
        return self.places.get(column, ())


_TIMED = (Column.TIME, Column.CLOCK, Column.DATE)


def find_columns(rows: Rows, known: Collection[str] = ()) -> Columns | None:
    """Identify the columns of a table; None when none has addresses.

    `known`: public addresses in the logs; of two address columns without headings, the one with these is the
    unit's.
    """
    index = _heading_row(rows)
    headings: list[str] = []
    data = 0
    if index is not None:
        headings, data = _headings(rows, index)
    sample = [cells for _, cells in rows[data : data + _SAMPLE] if cells is not None]
    places: dict[Column, list[int]] = {}
    for place, heading in enumerate(headings):
        column = column_of(heading)
        if column is not None:
            places.setdefault(column, []).append(place)
    times = ListTimes(())
    _addresses(places, sample, known)
    if Column.IP not in places:
        return None
    _add_by_content(places, sample, times, headed=bool(headings))
    for column in (Column.TIME, Column.DATE):
        places.get(column, []).sort(
            key=lambda place: (
                not _reads_time(sample, place, times),
                place < len(headings) and is_later(headings[place]),
            )
        )
    title = " ".join(cell for _, cells in rows[:data] if cells for cell in cells)
    timed = (place for column in _TIMED for place in places.get(column, ()) if place < len(headings))
    stated = (offset_minutes(headings[place]) for place in timed)
    offset = next((value for value in stated if value is not None), None)
    return Columns(
        {column: tuple(found) for column, found in places.items()},
        data,
        offset_minutes(title) if offset is None and data else offset,
        is_international(frozenset(map(plain_key, headings))),
    )


def _heading_row(rows: Rows) -> int | None:
    """Return the row with most known headings, at least two and no address; None when there is none."""
    best: tuple[int, int] | None = None
    for index, (_, cells) in enumerate(rows[:_SEARCHED]):
        if cells is None or any(endpoints(cell) for cell in cells):
            continue
        known = len({column_of(cell) for cell in cells if cell} - {None})
        if known >= 2 and (best is None or known > best[0]):
            best = known, index
    return None if best is None else best[1]


def _headings(rows: Rows, index: int) -> tuple[list[str], int]:
    """Return the headings, joined with a second row under spanning ones, and the first data row."""
    first = list(rows[index][1] or ())
    above = rows[index - 1][1] if index and rows[index - 1][0] == rows[index][0] - 1 else None
    if (
        above is not None
        and sum(bool(cell) for cell in above) >= 2
        and not any(endpoints(cell) for cell in above)
    ):
        width = max(len(first), len(above))
        spanned = ""
        joined = []
        for place in range(width):
            upper = above[place] if place < len(above) else ""
            lower = first[place] if place < len(first) else ""
            spanned = upper or (spanned if lower else "")
            joined.append(
                f"{lower} {spanned}".strip() if lower and spanned and lower != spanned else lower or upper
            )
        return joined, index + 1
    following = rows[index + 1][1] if index + 1 < len(rows) else None
    if (
        following is not None
        and any(column_of(cell) for cell in following)
        and not any(endpoints(cell) or port_number(cell) for cell in following)
    ):
        width = max(len(first), len(following))
        joined, spanned = [], ""
        for place in range(width):
            upper = first[place] if place < len(first) else ""
            lower = following[place] if place < len(following) else ""
            spanned = upper or (spanned if lower else "")
            joined.append(
                f"{lower} {spanned}".strip() if lower and spanned and lower != spanned else upper or lower
            )
        return joined, index + 2
    return first, index + 1


def _addresses(places: dict[Column, list[int]], sample: Sequence[Cells], known: Collection[str]) -> None:
    """Find the column of public addresses: by heading if it has addresses, else by content."""
    holding = {
        place: share
        for place in range(max(map(len, sample), default=0))
        if (share := _share(sample, place, lambda cell: bool(endpoints(cell)))) > 0
    }
    candidates = [place for place in places.get(Column.IP, ()) if place in holding]
    far_side = [place for place in places.get(Column.DESTINATION, ()) if place in holding]
    if not candidates:
        free = [place for place in holding if place not in far_side and holding[place] >= 0.3]
        candidates = free or far_side
        far_side = [place for place in far_side if place not in candidates[:1]]
    wanted = frozenset(known)

    def count(place: int) -> int:
        return sum(
            any(ip in wanted for ip, _ in endpoints(cells[place])) for cells in sample if place < len(cells)
        )

    several = len(candidates) > 1
    candidates.sort(key=lambda place: (-count(place) if several else 0, -round(holding[place], 1), place))
    places.pop(Column.IP, None)
    places.pop(Column.DESTINATION, None)
    if candidates:
        places[Column.IP] = candidates[:1]
    if far_side or len(candidates) > 1:
        places[Column.DESTINATION] = (far_side or candidates[1:])[:1]


def _add_by_content(
    places: dict[Column, list[int]], sample: Sequence[Cells], times: ListTimes, *, headed: bool
) -> None:
    """Find columns without headings by content: times, ports (other than row numbers), the threat."""
    identified = {place for found in places.values() for place in found}
    free = [place for place in range(max(map(len, sample), default=0)) if place not in identified]
    if not any(column in places for column in (Column.TIME, Column.DATE)):
        found = [place for place in free if _reads_time(sample, place, times)]
        if found:
            places[Column.TIME] = found[:1]
            free.remove(found[0])
    if headed and (Column.PORT in places or Column.THREAT in places):
        return
    if Column.PORT not in places:
        found = [
            place
            for place in free
            if _share(sample, place, lambda cell: port_number(cell) is not None) >= 0.6
            and not _is_numbering(sample, place)
        ]
        if found:
            places[Column.PORT] = found[:1]
            free.remove(found[0])
    if Column.PROTOCOL not in places:
        found = [
            place
            for place in free
            if _share(sample, place, lambda cell: len(cell) < 12 and protocol_of(cell) is not None) >= 0.8
        ]
        if found:
            places[Column.PROTOCOL] = found[:1]
            free.remove(found[0])
    if Column.THREAT not in places and not headed:
        places[Column.THREAT] = [
            place
            for place in free
            if _share(sample, place, lambda cell: any(map(str.isalpha, cell)) and not endpoints(cell)) >= 0.5
        ][:1]


def _share(sample: Sequence[Cells], place: int, holds: Callable[[str], object]) -> float:
    """Return the share of filled cells of a column for which `holds` is true."""
    filled = [cells[place] for cells in sample if place < len(cells) and cells[place]]
    return sum(bool(holds(cell)) for cell in filled) / len(filled) if filled else 0.0


def _reads_time(sample: Sequence[Cells], place: int, times: ListTimes) -> bool:
    return _share(
        sample[:50], place, lambda cell: not cell.isdigit() and times.read(cell) is not None
    ) >= 0.5 or (
        _share(
            sample[:50],
            place,
            lambda cell: len(cell) in (10, 13) and cell.isdigit() and times.read(cell) is not None,
        )
        >= 0.5
    )


def _is_numbering(sample: Sequence[Cells], place: int) -> bool:
    numbers = [
        int(cells[place])
        for cells in sample
        if place < len(cells) and cells[place].isdecimal() and len(cells[place]) < 8
    ]
    return (
        place == 0 and numbers[:1] <= [1] and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        if numbers
        else False
    )
