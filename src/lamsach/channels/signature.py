"""Verdict on a signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["none", "valid", "invalid", "unchecked"]


@dataclass(frozen=True, slots=True)
class Signature:
    """Verdict on a signature: `none`, `valid` by a trusted certificate, `invalid`, or `unchecked`."""

    verdict: Verdict = "none"
    reason: str = ""
    """English sentence for `invalid` and `unchecked`."""
    signer: str = ""
    """Subject of the signer's certificate."""


UNSIGNED = Signature()
