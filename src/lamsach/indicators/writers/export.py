"""Export of a list to one program's file: releasable values, supported values, and counted losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from lamsach.indicators.releases.rows import Runs, Spool
from lamsach.indicators.values.merge import TLP_LEVELS, rank
from lamsach.indicators.values.normalise import Value
from lamsach.indicators.writers.base import COVERED, Stamp, Writer, save_zip
from lamsach.model import Indicator, IndicatorType

EXPIRED = "The validity of the value is over."
NOT_YET = "The validity of the value has not begun."
UNSURE = "The value's confidence is lower than what was asked for."
TLP_ABOVE = "The value's TLP is higher than what may be given to the receiver."

Lost = Counter[tuple[IndicatorType, str]]


@dataclass(frozen=True, slots=True)
class Terms:
    """Conditions of release.

    `at` is the time for validity; `max_tlp` is the highest level that the recipient may have (None: no
    limit); `stated_tlp` applies to values that state none (None: they count as amber). Values with a stated
    confidence below `min_confidence` (0 to 100) are not released.
    """

    at: datetime
    max_tlp: str | None = None
    stated_tlp: str | None = None
    min_confidence: int = 0

    def refusal(self, item: Indicator) -> str | None:
        """Return why a value may not be released, or None."""
        if item.valid_until is not None and item.valid_until <= self.at:
            return EXPIRED
        if item.valid_from is not None and item.valid_from > self.at:
            return NOT_YET
        if item.confidence is not None and item.confidence < self.min_confidence:
            return UNSURE
        if self.max_tlp is not None and rank(item.tlp or self.stated_tlp) > TLP_LEVELS.index(self.max_tlp):
            return TLP_ABOVE
        return None


@dataclass(slots=True)
class Export:
    """Output of one writer before it is written.

    `lost` counts values left out by type and reason; `partly` those that the format holds with a loss;
    `stamp` is the output's statement.
    """

    writer: Writer
    items: Collection[Indicator]
    stamp: Stamp
    lost: Lost = field(default_factory=Counter)
    partly: Lost = field(default_factory=Counter)

    @property
    def entries(self) -> int:
        """Return the number of entries that the values need in the program's list."""
        return sum(self.writer.size_of(item)[0] for item in self.items)

    def text(self) -> Iterator[str]:
        """Yield the output in pieces; an archive's files one after the other."""
        return self.writer.write(self.items, self.stamp)

    def save(self, stream: BinaryIO) -> None:
        """Write the output's bytes."""
        if self.writer.files is not None:
            save_zip(stream, self.writer.files(self.items, self.stamp))
            return
        for piece in self.text():
            stream.write(piece.encode("utf-8"))


def prepare(
    items: Iterable[Indicator],
    writer: Writer,
    digest: str,
    terms: Terms,
    accepted: Mapping[Value, str] | None = None,
) -> Export:
    """Select the values to release, in the order of type and value.

    `digest` is the list's (see `releases.release`); `accepted` gives the reasons for which dangerous values
    are among the items (see `review.examination`). Listings of one value are merged first. Many values
    (`Runs`) are iterated, not held. OSError when the disk is full.
    """
    lost: Lost = Counter()
    chosen = Spool()
    for item in items if isinstance(items, Runs) else Runs(items):
        reason = terms.refusal(item) or writer.refusal(item)
        if reason is None:
            chosen.append(item)
        else:
            lost[item.type, reason] += 1
    written = writer.merged(chosen)
    for kind, count in (chosen.counts - written.counts).items():
        lost[kind, COVERED] += count
    partly: Lost = Counter(
        {(kind, writer.holds[kind]): count for kind, count in written.counts.items() if writer.holds[kind]}
    )
    return Export(writer, written, stamp_of(written, digest, terms.at, accepted), lost, partly)


def stamp_of(
    items: Collection[Indicator], digest: str, made: datetime, accepted: Mapping[Value, str] | None = None
) -> Stamp:
    """Return the stamp of an output with these values."""
    expires: datetime | None = None
    levels: set[str] = set()
    reasons: list[tuple[str, str]] = []
    for item in items:
        if accepted and (reason := accepted.get((item.type, item.value))) is not None:
            reasons.append((item.value, reason))
        if item.valid_until is not None and (expires is None or item.valid_until < expires):
            expires = item.valid_until
        if item.tlp:
            levels.add(item.tlp)
    highest = max(levels, key=rank, default=None)
    return Stamp(digest, made, len(items), expires, _standard_level(highest), tuple(reasons))


def _standard_level(tlp: str | None) -> str | None:
    """Return a standard level, the highest for an unknown one: free text never gets into a stamp."""
    return tlp if tlp is None or tlp in TLP_LEVELS else "red"
