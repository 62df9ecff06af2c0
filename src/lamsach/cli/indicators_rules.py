"""What of a list may go out, one value after the other, and what is told of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from lamsach.cli.console import tell, translate
from lamsach.cli.indicators_shared import tell_values
from lamsach.indicators.releases.digest import ListDigest
from lamsach.indicators.releases.runs import Kept
from lamsach.indicators.review.decisions import Decisions
from lamsach.indicators.review.guard import Own
from lamsach.indicators.review.knowledge import knowledge
from lamsach.indicators.review.releasing import judged
from lamsach.indicators.review.reviewing import Examiner, dangerous
from lamsach.model import Indicator


class Rules:
    """Decisions, own values and force, as they hold at a time. `digest` is that of the list that went through; `guarded` counts what is never to be blocked."""

    def __init__(self, decisions: Decisions, own: Own, at: datetime, force: str | None) -> None:
        self._decisions, self._own, self._at, self._force = decisions, own, at, force
        self._examiner = Examiner(own, knowledge())
        self.digest = ListDigest()
        self.left_out, self.guarded, self.forced, self.dangerous = Kept(), Kept(), Kept(), Kept()

    def allowed(self, items: Iterable[Indicator]) -> Iterator[Indicator]:
        """The values that may go out; what may not is counted."""
        for item, left, danger in judged(self._listed(items), self._decisions, self._own, self._at):
            if left is not None:
                self.left_out.add(item, left)
            elif danger is not None and self._force is None:
                self.guarded.add(item, danger)
            else:
                if danger is not None:
                    self.forced.add(item, danger)
                concern = dangerous(self._examiner, item)
                if concern is not None and self._decisions.on(item, self._at) is None:
                    self.dangerous.add(item, concern.reason)
                yield item

    def _listed(self, items: Iterable[Indicator]) -> Iterator[Indicator]:
        for item in items:
            self.digest.add(item)
            yield item

    def tell(self) -> None:
        """What was left out or forced, and what goes out although it looks dangerous and nobody has decided about it."""
        tell_values("Left out by decisions ({count}):", self.left_out)
        tell_values("Never to be blocked, so left out ({count}):", self.guarded)
        if self.forced.count and self._force is not None:
            reason = "".join(letter if letter.isprintable() else "?" for letter in self._force)
            tell(translate()("Forced: {reason}").format(reason=reason))
            tell_values("Never to be blocked, yet written ({count}):", self.forced)
        tell_values(
            "Written, but dangerous to block; look at them with review ({count}):", self.dangerous, shown=5
        )
