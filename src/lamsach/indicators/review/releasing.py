"""What of a list goes out: decisions applied, and what is dangerous to block kept back until somebody decides about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from lamsach.indicators.review.concerns import Concern
from lamsach.indicators.review.decisions import EXCEPTED, NARROWED, Choice, Decision, Decisions
from lamsach.indicators.review.reviewing import Examiner, dangerous
from lamsach.model import Indicator


class Judged(NamedTuple):
    """A value on its way out. `left_out`: why a decision leaves it out; `withheld`: why it must not be blocked before somebody decides about it; with neither it goes
    out. `accepted`: the decision by which a dangerous value goes out."""

    item: Indicator
    left_out: str | None = None
    withheld: Concern | None = None
    accepted: Decision | None = None

    @property
    def goes_out(self) -> bool:
        """Return whether the value may go out."""
        return self.left_out is None and self.withheld is None


def judged(
    items: Iterable[Indicator], decisions: Decisions, examiner: Examiner, at: datetime
) -> Iterator[Judged]:
    """Judge every value by the decisions that hold at a time and by what is dangerous to block; narrower values come after the one that they replace."""
    for item in items:
        decision = decisions.on(item, at)
        if decision is None:
            yield Judged(item, withheld=dangerous(examiner, item))
        elif decision.choice is Choice.ACCEPT:
            yield Judged(item, accepted=decision if dangerous(examiner, item) else None)
        elif decision.choice is Choice.EXCEPTION:
            yield Judged(item, EXCEPTED)
        else:
            yield Judged(item, NARROWED)
            for kind, value in decision.to:
                narrower = replace(item, type=kind, value=value)
                yield Judged(narrower, accepted=decision if dangerous(examiner, narrower) else None)
