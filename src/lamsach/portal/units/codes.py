"""Identifiers of state bodies, in both national forms.

Decision 20/2020/QĐ-TTg has the root first (`G06.12`), the older QCVN 102:2016/BTTTT has it last and pads with
zeros to four groups (`000.00.12.G06`). The portal stores the first form.
"""

from __future__ import annotations

import re

_GROUP = re.compile(r"[0-9A-Z]{1,10}\Z")
_ROOT = re.compile(r"[A-Z][0-9A-Z]{0,9}\Z")
_ZEROS = re.compile(r"0+\Z")
_OLD_WIDTHS = (3, 2, 2)
LONGEST = 60


def canonical(text: str) -> str | None:
    """Normalize a code of either form, root first in capitals; None if invalid.

    `000.00.12.G06` -> `G06.12`; `G06.12` -> `G06.12`; `h29` -> `H29`.
    """
    groups = [group.strip().upper() for group in text.strip().split(".")]
    if len(text) > LONGEST or not all(_GROUP.match(group) for group in groups):
        return None
    if _ROOT.match(groups[0]):
        return ".".join(groups)
    if len(groups) >= 2 and _ROOT.match(groups[-1]):
        reversed_groups = list(reversed(groups))
        while len(reversed_groups) > 1 and _ZEROS.match(reversed_groups[-1]):
            reversed_groups.pop()
        return ".".join(reversed_groups)
    return None


def older_form(code: str) -> str:
    """Convert to the older form of at least four groups: `G06.12` -> `000.00.12.G06`."""
    groups = code.split(".")[1:]
    filled = [*groups, *("0" * width for width in reversed(_OLD_WIDTHS[: 3 - len(groups)]))]
    return ".".join([*reversed(filled), code.split(".")[0]])


def parent_code(code: str) -> str | None:
    """Return the code without its last group; None for a root."""
    above, dot, _ = code.rpartition(".")
    return above if dot else None
