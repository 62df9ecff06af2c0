"""Regular expressions that are compiled when they are first used: most lists need few of them."""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


class _Late:
    def __init__(self, pattern: str, flags: int) -> None:
        self._stated = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Compile the pattern; from then on its methods are found without this."""
        made = re.compile(*self._stated)
        vars(self).update({method: getattr(made, method) for method in _METHODS})
        return getattr(made, name)


def late(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that is compiled when it is first used."""
    return cast("re.Pattern[str]", _Late(pattern, flags))
