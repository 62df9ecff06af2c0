"""Wait for events that nothing announces: the one place for it.

Tests ask again and again, never longer than some limit, and never a fixed time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 600.0
"""Long enough for a machine that is busy with ten other things."""


def came(
    what: Callable[[], Any],
    seconds: float = PATIENCE_S,
    every: float = 0.02,
    still: Callable[[], bool] = lambda: True,
) -> Any:
    """Return the first true result of `what`; after so many seconds, or once it cannot come, the last one."""
    end = time.monotonic() + seconds
    while not (found := what()) and still() and time.monotonic() < end:
        time.sleep(every)
    return found


def until(
    what: Callable[[], Any],
    seconds: float = PATIENCE_S,
    every: float = 0.02,
    still: Callable[[], bool] = lambda: True,
    why: Callable[[], object] = lambda: "it never came",
) -> Any:
    """The same; the test fails, and says `why`, where it does not come."""
    found = came(what, seconds, every, still)
    assert found, why()
    return found


def at_any_moment(dice: random.Random, most_s: float) -> None:
    """Let up to so many seconds pass: a process that is killed or stopped then may be at any step."""
    time.sleep(dice.uniform(0, most_s))
