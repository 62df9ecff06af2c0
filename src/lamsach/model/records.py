"""Base of the nouns of which a hunt makes millions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def made_often(cls: type[_T]) -> type[_T]:
    """A frozen dataclass for type checkers only: the run-time guard costs six times an instance."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
