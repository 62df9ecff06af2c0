"""Everything that listens or asks, made of a collector's settings."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

from lamsach.collect.flows import FlowLines
from lamsach.collect.kafka import KafkaReader, consumer_of
from lamsach.collect.listeners import OnProblem, StreamFor, TcpServer, UdpServer, tls_context
from lamsach.collect.settings import Settings

LIVE_KINDS = {"tcp": "syslog-tcp", "udp": "syslog-udp", "tls": "syslog-tls", "netflow": "netflow"}
"""Kinds of sources that send once: what comes while nobody listens is lost. And how their names begin."""
KAFKA = "kafka"
MOST_FILES = 1 << 16


def shown_name(kind: str, name: str) -> str:
    """A source's archive name: `syslog-tcp/192.0.2.1`, `netflow/192.0.2.1`, `kafka/topic/0`, a path."""
    if kind == KAFKA:
        return f"{KAFKA}/{name}"
    return f"{LIVE_KINDS[kind]}/{name}" if kind in LIVE_KINDS else name


def servers_of(
    wanted: Settings, spool: Path, stream_for: StreamFor, on_problem: OnProblem
) -> list[TcpServer | UdpServer]:
    """The servers, bound to their ports and not yet started. Raises UnreadableError."""
    common = (stream_for, on_problem)
    servers: list[TcpServer | UdpServer] = []
    if wanted.udp is not None:
        servers.append(UdpServer(wanted.host, wanted.udp, *common))
    if wanted.tcp is not None:
        servers.append(TcpServer(wanted.host, wanted.tcp, *common))
    if wanted.tls is not None and wanted.certificate is not None:
        context = tls_context(wanted.certificate, wanted.key)
        servers.append(TcpServer(wanted.host, wanted.tls, *common, context))
    if wanted.netflow is not None:
        flows = FlowLines(spool, on_problem)
        server = UdpServer(wanted.host, wanted.netflow, *common, "netflow", flows.lines, flows.close)
        servers.append(server)
    return servers


def reader_of(
    wanted: Settings, stream_for: StreamFor, on_problem: OnProblem, stopping: threading.Event
) -> Callable[[], None] | None:
    """Return the reader of Kafka's topics until `stopping`; None without topics. Raises UsageError."""
    if wanted.kafka is None:
        return None
    consumer = consumer_of(wanted.kafka)
    return KafkaReader(consumer, wanted.kafka.topics, stream_for, on_problem, stopping).run


def open_files() -> int:
    """Return how many files this process may have open, after asking the system for as many as it allows."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft == resource.RLIM_INFINITY or soft >= allowed:
        return allowed if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        return allowed
    return soft
