"""How the kernel's functions are compiled: no reference counts (their arrays are the caller's memory) and no exceptions."""

from __future__ import annotations

from functools import partial

import numba

OPTIONS = {"_nrt": False, "error_model": "numpy"}
compiled = numba.njit(**OPTIONS)
inlined = numba.njit(inline="always", **OPTIONS)
entry = partial(numba.cfunc, **OPTIONS)
