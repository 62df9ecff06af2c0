"""Connection to a Dask cluster, and the job that each worker gets first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lamsach.cluster import tasks
from lamsach.cluster.job import Order, accept_order, order
from lamsach.errors import UsageError
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.sets.lists import cached_folder
from lamsach.runtime.extras import missing_extra

CONNECT_S = 30


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a client of the cluster with at least one worker. Raises UsageError without one."""
    client = _client(address)
    try:
        yield client
    finally:
        client.close()


def _client(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError:
        raise missing_extra("distributed") from None
    try:
        connect: Any = Client
        client = connect(address, timeout=CONNECT_S, set_as_default=False)
        client.wait_for_workers(1, timeout=CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(
            "The cluster does not answer, or has no worker.", f"{address} ({error})", "Check the address."
        ) from None
    return client


@contextmanager
def job_on_workers(
    client: Any,
    token: str,
    lists: Sequence[str],
    compiled: CompiledSet,
    matcher: Matcher,
    rules: Rules,
    **more: Any,
) -> Iterator[None]:
    """Register the job with present and future workers while the context lasts; `more`: see `job.order`."""
    folder = cached_folder(lists)
    visibility = client.run(tasks.has_set, str(folder)) if folder else {}
    visible = bool(visibility) and all(visibility.values())
    sent = order(token, compiled, matcher, rules, folder=folder, visible=visible, **more)
    name = f"lamsach-{token}"
    client.register_plugin(_plugin(sent), name=name)
    try:
        yield
    finally:
        client.unregister_worker_plugin(name)


def _plugin(sent: Order) -> Any:
    from distributed import WorkerPlugin

    class JobPlugin(WorkerPlugin):
        """Set up the job on a worker, also on one that joins later or replaces a lost one."""

        def setup(self, worker: Any) -> None:
            accept_order(sent)

        def teardown(self, worker: Any) -> None:
            from lamsach.cluster.job import drop_order

            drop_order(sent.token)

    return JobPlugin()
