"""Compilation of the kernel's functions: no reference counts (the caller owns all arrays), no exceptions."""

from __future__ import annotations

from functools import partial

import numba

OPTIONS = {"_nrt": False, "error_model": "numpy"}
compiled = numba.njit(**OPTIONS)
inlined = numba.njit(inline="always", **OPTIONS)
entry = partial(numba.cfunc, **OPTIONS)
