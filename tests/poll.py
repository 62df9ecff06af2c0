"""Polling with a limit, for events without a notification; tests never wait a fixed time."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 600.0
"""Sufficient for a busy machine."""


def came(
    what: Callable[[], Any],
    seconds: float = PATIENCE_S,
    every: float = 0.02,
    still: Callable[[], bool] = lambda: True,
) -> Any:
    """Poll `what` until it is true, the time is up or `still` is false; return its last result."""
    end = time.monotonic() + seconds
    while not (result := what()) and still() and time.monotonic() < end:
        time.sleep(every)
    return result


def until(
    what: Callable[[], Any],
    seconds: float = PATIENCE_S,
    every: float = 0.02,
    still: Callable[[], bool] = lambda: True,
    why: Callable[[], object] = lambda: "it never came",
) -> Any:
    """Poll as `came` does, but fail with `why` if the result is not true."""
    result = came(what, seconds, every, still)
    assert result, why()
    return result


def at_any_moment(dice: random.Random, most_s: float) -> None:
    """Sleep a random time up to `most_s`, to kill or stop a process at any step."""
    time.sleep(dice.uniform(0, most_s))
