"""Selection of a list's values to write, one by one, and a summary of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from lamsach.cli.console import emit, translate
from lamsach.cli.indicators.shared import report_values
from lamsach.errors import ExitStatus, InputError, WithheldError
from lamsach.indicators.releases.rows import CountedSample, ListDigest
from lamsach.indicators.review.decisions import Decisions
from lamsach.indicators.review.examination import judge_values
from lamsach.indicators.review.examiner import Examiner
from lamsach.indicators.review.knowledge import Own, knowledge
from lamsach.indicators.values.normalise import Value
from lamsach.model import Indicator


class Rules:
    """Decisions and own values, valid at a time.

    `digest` is that of the list; `withheld` has undecided values that are dangerous to block; `accepted` the
    reasons to write such values nevertheless.
    """

    def __init__(self, decisions: Decisions, own: Own, at: datetime) -> None:
        self._decisions, self._at = decisions, at
        self._examiner = Examiner(own, knowledge())
        self.digest = ListDigest()
        self.left_out, self.withheld = CountedSample(), CountedSample(SHOWN)
        self.accepted: dict[Value, str] = {}

    def allowed(self, items: Iterable[Indicator]) -> Iterator[Indicator]:
        """Yield the values to write, and count the others."""
        for judged in judge_values(self._listed(items), self._decisions, self._examiner, self._at):
            if judged.left_out is not None:
                self.left_out.add(judged.item, judged.left_out)
            elif judged.withheld is not None:
                self.withheld.add(judged.item, judged.withheld.reason)
            else:
                if judged.accepted is not None:
                    self.accepted[judged.item.type, judged.item.value] = judged.accepted.reason
                yield judged.item

    def _listed(self, items: Iterable[Indicator]) -> Iterator[Indicator]:
        for item in items:
            self.digest.add(item)
            yield item

    def report(self) -> None:
        """Report values left out, and accepted ones that are dangerous to block."""
        report_values("Left out by decisions ({count}):", self.left_out)
        report_values(
            "Dangerous to block, left out until a decision is made ({count}):",
            self.withheld,
            SHOWN,
        )
        if self.withheld.count:
            emit(
                translate()(
                    "Look at them with lamsach indicators review, and give --decisions, or "
                    "--include with --reason."
                )
            )
        for (_, value), reason in sorted(self.accepted.items()):
            line = translate()("Dangerous to block, yet written: {value} ({reason})")
            shown = line.format(value=value, reason=reason)
            emit("".join(letter if letter.isprintable() else "?" for letter in shown))

    def nothing_left(self, where: str, otherwise: InputError) -> InputError:
        """Return the error to end with when no value of the list remains."""
        if not self.withheld.count:
            return otherwise
        return WithheldError(
            "Every value that could be written is dangerous to block; nothing was written.",
            where,
            "See what was left out above.",
        )

    def status(self, *, partial: bool) -> ExitStatus:
        """Return the exit status after writing."""
        if partial:
            return ExitStatus.PARTIAL
        return ExitStatus.WITHHELD if self.withheld.count else ExitStatus.FOUND


SHOWN = 1000
"""Maximum values awaiting a decision that are named."""
