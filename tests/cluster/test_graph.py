"""Tasks in one message: keys of the same graph and futures of an earlier one as arguments."""

from __future__ import annotations

import operator
from typing import Any

import pytest

from lamsach.cluster.search import Graph


class _Client:
    """A client that records its calls and does nothing."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, Any], list[str]]] = []

    def get(self, tasks: dict[str, Any], keys: list[str], sync: bool) -> list[str]:
        """See `distributed.Client.get`."""
        assert not sync
        self.calls.append((tasks, keys))
        return keys


def test_a_graph_is_one_message() -> None:
    graph, client = Graph(), _Client()
    first = graph.add(operator.add, 1, 2)
    second = graph.add(operator.mul, first, 10)
    assert graph.send(client, [second]) == [second]
    assert client.calls == [({first: (operator.add, 1, 2), second: (operator.mul, first, 10)}, [second])]


def test_keys_of_two_graphs_differ() -> None:
    assert Graph().add(operator.add, 1, 2) != Graph().add(operator.add, 1, 2)


def test_a_cluster_works_a_graph_off() -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        graph = Graph()
        (before,) = graph.send(client, [graph.add(operator.add, 1, 2)])
        graph = Graph()
        total = graph.add(operator.mul, graph.add(operator.add, before, 4), 10)
        failing = graph.add(operator.floordiv, before, 0)
        done, failed = graph.send(client, [total, failing])
        assert done.result() == 70
        with pytest.raises(ZeroDivisionError):
            failed.result()
