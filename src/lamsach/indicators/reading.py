"""Lists in, indicators out: a file of any supported format becomes indicators and refusals."""

from __future__ import annotations

from collections.abc import Callable

from lamsach.model import Problem

OnProblem = Callable[[Problem], None]
