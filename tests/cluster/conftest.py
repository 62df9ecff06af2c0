"""One cluster of two processes for all tests here that kill no worker, ended after the last of them.

When idle it needs a twelfth of a processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="package")
def cluster() -> Iterator[Any]:
    import dask
    from distributed import LocalCluster

    # else each process profiles itself a hundred times a second, and ticks fifty times a second
    calm = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1s"}
    with (
        dask.config.set(calm),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, memory_limit=0
        ) as started,
    ):
        yield started
