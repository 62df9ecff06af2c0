"""Meaning of a table's columns: by the headings, and by the content where they do not say."""

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
    """The places (0-based) of each kind of column, the best first.

    `data` is the index of the first row of data; `offset` minutes from UTC that the headings state for the
    times; `international`: a Shadowserver or n6 report.
    """

    places: dict[Column, tuple[int, ...]] = field(default_factory=dict)
    data: int = 0
    offset: int | None = None
    international: bool = False

    def of(self, column: Column) -> tuple[int, ...]:
        """The places of the columns that hold this."""
        return self.places.get(column, ())


_TIMED = (Column.TIME, Column.CLOCK, Column.DATE)


def find_columns(rows: Rows, known: Collection[str] = ()) -> Columns | None:
    """The columns of a table; None when none holds addresses.

    `known` are public addresses that the logs know: of two columns of addresses without headings, the one
    with those is the unit's.
    """
    at = _heading_row(rows)
    headings: list[str] = []
    data = 0
    if at is not None:
        headings, data = _headings(rows, at)
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
    _complete(places, sample, times, headed=bool(headings))
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
    """The row with most known headings, at least two and no address; None when there is none."""
    best: tuple[int, int] | None = None
    for at, (_, cells) in enumerate(rows[:_SEARCHED]):
        if cells is None or any(endpoints(cell) for cell in cells):
            continue
        known = len({column_of(cell) for cell in cells if cell} - {None})
        if known >= 2 and (best is None or known > best[0]):
            best = known, at
    return None if best is None else best[1]


def _headings(rows: Rows, at: int) -> tuple[list[str], int]:
    """The headings, a second row under a spanning first one included, and the first row of data."""
    first = list(rows[at][1] or ())
    above = rows[at - 1][1] if at and rows[at - 1][0] == rows[at][0] - 1 else None
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
        return joined, at + 1
    following = rows[at + 1][1] if at + 1 < len(rows) else None
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
        return joined, at + 2
    return first, at + 1


def _addresses(places: dict[Column, list[int]], sample: Sequence[Cells], known: Collection[str]) -> None:
    """Find the column of public addresses: by heading if it holds addresses, else by content."""
    holding = {
        place: share
        for place in range(max(map(len, sample), default=0))
        if (share := _share(sample, place, lambda cell: bool(endpoints(cell)))) > 0
    }
    headed = [place for place in places.get(Column.IP, ()) if place in holding]
    far = [place for place in places.get(Column.DESTINATION, ()) if place in holding]
    if not headed:
        free = [place for place in holding if place not in far and holding[place] >= 0.3]
        headed = free or far
        far = [place for place in far if place not in headed[:1]]
    wanted = frozenset(known)

    def ours(place: int) -> int:
        return sum(
            any(ip in wanted for ip, _ in endpoints(cells[place])) for cells in sample if place < len(cells)
        )

    several = len(headed) > 1
    headed.sort(key=lambda place: (-ours(place) if several else 0, -round(holding[place], 1), place))
    places.pop(Column.IP, None)
    places.pop(Column.DESTINATION, None)
    if headed:
        places[Column.IP] = headed[:1]
    if far or len(headed) > 1:
        places[Column.DESTINATION] = (far or headed[1:])[:1]


def _complete(
    places: dict[Column, list[int]], sample: Sequence[Cells], times: ListTimes, *, headed: bool
) -> None:
    """Find by content what no heading named: times, ports (not mere numbers of rows), the threat."""
    taken = {place for found in places.values() for place in found}
    free = [place for place in range(max(map(len, sample), default=0)) if place not in taken]
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
            and not _numbering(sample, place)
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
    """The share of filled cells of a column that hold something."""
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


def _numbering(sample: Sequence[Cells], place: int) -> bool:
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
