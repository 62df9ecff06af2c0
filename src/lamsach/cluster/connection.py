"""The way to a Dask cluster, and what each of its workers is given before it works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lamsach.cluster import tasks
from lamsach.cluster.job import Order, order, take_order
from lamsach.errors import UsageError
from lamsach.hunt.matcher import Matcher
from lamsach.hunt.rules import Rules
from lamsach.hunt.sets.compiled import CompiledSet
from lamsach.hunt.sets.lists import cached_folder
from lamsach.runtime.extras import missing_extra

CONNECT_S = 30


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the cluster that has a worker at least. Raises UsageError when there is none to be had."""
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
def given(
    client: Any,
    token: str,
    lists: Sequence[str],
    compiled: CompiledSet,
    matcher: Matcher,
    rules: Rules,
    **more: Any,
) -> Iterator[None]:
    """Give each present and coming worker the search's order while it lasts; `more`: see `job.order`."""
    folder = cached_folder(lists)
    seen = client.run(tasks.sees, str(folder)) if folder else {}
    visible = bool(seen) and all(seen.values())
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
        """Makes a worker ready, also one that joins later or takes the place of one that was lost."""

        def setup(self, worker: Any) -> None:
            take_order(sent)

        def teardown(self, worker: Any) -> None:
            from lamsach.cluster.job import drop_order

            drop_order(sent.token)

    return JobPlugin()
