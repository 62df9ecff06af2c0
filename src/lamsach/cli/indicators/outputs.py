"""Selection of a list's values that may go out, one after the other, and a summary of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from lamsach.cli.console import tell, translate
from lamsach.cli.indicators.shared import tell_values
from lamsach.errors import ExitStatus, InputError, WithheldError
from lamsach.indicators.releases.release import ListDigest
from lamsach.indicators.releases.rows import CountedSample
from lamsach.indicators.review.decisions import Decisions
from lamsach.indicators.review.examination import Examiner, judge_values
from lamsach.indicators.review.knowledge import Own, knowledge
from lamsach.indicators.values.normalise import Value
from lamsach.model import Indicator


class Rules:
    """Decisions and own values, as they hold at a time.

    `digest` is that of the list that went through; `withheld` holds what nobody has decided about and is
    dangerous to block; `accepted` the reasons for which such values go out all the same.
    """

    def __init__(self, decisions: Decisions, own: Own, at: datetime) -> None:
        self._decisions, self._at = decisions, at
        self._examiner = Examiner(own, knowledge())
        self.digest = ListDigest()
        self.left_out, self.withheld = CountedSample(), CountedSample(SHOWN)
        self.accepted: dict[Value, str] = {}

    def allowed(self, items: Iterable[Indicator]) -> Iterator[Indicator]:
        """The values that may go out; what may not is counted."""
        for one in judge_values(self._listed(items), self._decisions, self._examiner, self._at):
            if one.left_out is not None:
                self.left_out.add(one.item, one.left_out)
            elif one.withheld is not None:
                self.withheld.add(one.item, one.withheld.reason)
            else:
                if one.accepted is not None:
                    self.accepted[one.item.type, one.item.value] = one.accepted.reason
                yield one.item

    def _listed(self, items: Iterable[Indicator]) -> Iterator[Indicator]:
        for item in items:
            self.digest.add(item)
            yield item

    def tell(self) -> None:
        """Values left out, and values that go out by a decision although they are dangerous to block."""
        tell_values("Left out by decisions ({count}):", self.left_out)
        tell_values(
            "Dangerous to block, left out until a decision is made ({count}):",
            self.withheld,
            SHOWN,
        )
        if self.withheld.count:
            tell(
                translate()(
                    "Look at them with lamsach indicators review, and give --decisions, or "
                    "--include with --reason."
                )
            )
        for (_, value), reason in sorted(self.accepted.items()):
            line = translate()("Dangerous to block, yet written: {value} ({reason})")
            shown = line.format(value=value, reason=reason)
            tell("".join(letter if letter.isprintable() else "?" for letter in shown))

    def nothing_left(self, where: str, otherwise: InputError) -> InputError:
        """The error to end with when nothing of the list goes out."""
        if not self.withheld.count:
            return otherwise
        return WithheldError(
            "Every value that could be written is dangerous to block; nothing was written.",
            where,
            "See what was left out above.",
        )

    def status(self, *, partial: bool) -> ExitStatus:
        """The exit status when what goes out was written."""
        if partial:
            return ExitStatus.PARTIAL
        return ExitStatus.WITHHELD if self.withheld.count else ExitStatus.FOUND


SHOWN = 1000
"""Values awaiting a decision that are named, at most."""
