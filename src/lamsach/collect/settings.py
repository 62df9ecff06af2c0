"""Settings of a collector."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lamsach.collect.kafka import Subscription


@dataclass(frozen=True, slots=True)
class Settings:
    """Sources and limits of a collector.

    `seal_seconds`: after so long, lines become a segment though it is small. `silence_seconds`: a source that
    sends nothing for so long is told of (0: never). `portal`: the address of this collector there, `token`
    the unit's. `metrics`: the port of health and metrics.
    """

    host: str = "0.0.0.0"  # noqa: S104 - a collector listens to other machines
    udp: int | None = None
    tcp: int | None = None
    tls: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    follow: tuple[str, ...] = ()
    drop: Path | None = None
    sightings: Path | None = None
    send: str | None = None
    retention: str = "default"
    seal_seconds: float = 900.0
    silence_seconds: float = 3600.0
    portal: str | None = None
    token: str = field(default="", repr=False)
    metrics: int | None = None
    metrics_host: str = "127.0.0.1"
    netflow: int | None = None
    kafka: Subscription | None = None
