"""Receivers and readers, built from a collector's settings."""

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
"""Kinds of sources that send only once (lost without a listener), with the prefixes of their names."""
KAFKA = "kafka"
MOST_FILES = 1 << 16


def source_name(kind: str, name: str) -> str:
    """Return a source's archive name: `syslog-tcp/192.0.2.1`, `netflow/192.0.2.1`, `kafka/topic/0`, path."""
    if kind == KAFKA:
        return f"{KAFKA}/{name}"
    return f"{LIVE_KINDS[kind]}/{name}" if kind in LIVE_KINDS else name


def servers_of(
    settings: Settings, spool: Path, stream_for: StreamFor, on_problem: OnProblem
) -> list[TcpServer | UdpServer]:
    """Build the servers, bound to their ports and not yet started. Raises UnreadableError."""
    common = (stream_for, on_problem)
    servers: list[TcpServer | UdpServer] = []
    if settings.udp is not None:
        servers.append(UdpServer(settings.host, settings.udp, *common))
    if settings.tcp is not None:
        servers.append(TcpServer(settings.host, settings.tcp, *common))
    if settings.tls is not None and settings.certificate is not None:
        context = tls_context(settings.certificate, settings.key)
        servers.append(TcpServer(settings.host, settings.tls, *common, context))
    if settings.netflow is not None:
        flows = FlowLines(spool, on_problem)
        server = UdpServer(settings.host, settings.netflow, *common, "netflow", flows.lines, flows.close)
        servers.append(server)
    return servers


def reader_of(
    settings: Settings, stream_for: StreamFor, on_problem: OnProblem, stopping: threading.Event
) -> Callable[[], None] | None:
    """Return the reader of Kafka's topics until `stopping`; None without topics. Raises UsageError."""
    if settings.kafka is None:
        return None
    consumer = consumer_of(settings.kafka)
    return KafkaReader(consumer, settings.kafka.topics, stream_for, on_problem, stopping).run


def open_files() -> int:
    """Raise the limit of open files as far as the system allows, and return it."""
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
