"""Tasks that are sent to the scheduler in one message: to submit each by itself costs client and scheduler
some milliseconds.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any


class Graph:
    """A graph of tasks as Dask specifies it (https://docs.dask.org/en/stable/spec.html)."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[Any, ...]] = {}
        self._token = secrets.token_hex(8)

    def add(self, task: Callable[..., Any], *arguments: Any) -> str:
        """Put a task in. Its arguments may be keys of this graph's tasks, and futures; returns its key."""
        key = f"{task.__name__}-{self._token}-{len(self._tasks)}"
        self._tasks[key] = (task, *arguments)
        return key

    def send(self, client: Any, keys: list[str]) -> list[Any]:
        """Have the cluster do the tasks; futures of these keys, in their order.

        What else they need is done too and then dropped.
        """
        futures: list[Any] = client.get(self._tasks, keys, sync=False)
        return futures
