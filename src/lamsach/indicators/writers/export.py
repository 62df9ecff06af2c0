"""From a list to one program's file: what may go out, what the format holds, what is lost and why.

Nothing is lost in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from lamsach.indicators.releases.rows import Runs, Spool
from lamsach.indicators.values.listings import TLP_LEVELS, rank
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
    """Under which terms values go out: `at` decides about validity; `max_tlp` is the highest level that the
    receiver may have (None: no limit); `stated_tlp` is taken for values that state none (None: they count as
    amber). Values that state a confidence below `min_confidence` (0 to 100) stay at home.
    """

    at: datetime
    max_tlp: str | None = None
    stated_tlp: str | None = None
    min_confidence: int = 0

    def refusal(self, item: Indicator) -> str | None:
        """Return why a value may not go out, or None."""
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

    `lost` counts values left out by kind and reason; `partly` those that the format holds with a loss;
    `stamp` is what the output states.
    """

    writer: Writer
    items: Collection[Indicator]
    stamp: Stamp
    lost: Lost = field(default_factory=Counter)
    partly: Lost = field(default_factory=Counter)

    @property
    def entries(self) -> int:
        """Return how many entries the values take in the program's list."""
        return sum(self.writer.takes(item)[0] for item in self.items)

    def text(self) -> Iterator[str]:
        """The output in pieces; an archive's files one after the other."""
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
    """Choose what goes out, in the order of type and value.

    `digest` is the list's (see `releases.digest`); `accepted` gives the reasons for which dangerous values
    are among the items (see `review.releasing`). What several entries say of one value is put together first.
    Many values (`Runs`) are gone through, not held. OSError when the disk is full.
    """
    lost: Lost = Counter()
    chosen = Spool()
    for item in items if isinstance(items, Runs) else Runs(items):
        reason = terms.refusal(item) or writer.refusal(item)
        if reason is None:
            chosen.append(item)
        else:
            lost[item.type, reason] += 1
    kept = writer.merged(chosen)
    for kind, count in (chosen.counts - kept.counts).items():
        lost[kind, COVERED] += count
    partly: Lost = Counter(
        {(kind, writer.holds[kind]): count for kind, count in kept.counts.items() if writer.holds[kind]}
    )
    return Export(writer, kept, stamp_of(kept, digest, terms.at, accepted), lost, partly)


def stamp_of(
    items: Collection[Indicator], digest: str, made: datetime, accepted: Mapping[Value, str] | None = None
) -> Stamp:
    """Return what an output with these values states."""
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
    return Stamp(digest, made, len(items), expires, _known(highest), tuple(reasons))


def _known(tlp: str | None) -> str | None:
    """A level of the standard; another counts as the highest. Free text never gets into a stamp."""
    return tlp if tlp is None or tlp in TLP_LEVELS else "red"
