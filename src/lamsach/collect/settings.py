"""Settings of a collector."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from lamsach.collect.kafka import Subscription


@dataclass(frozen=True, slots=True)
class Settings:
    """Sources and limits of a collector.

    `seal_seconds`: maximum age of lines before they become a segment, however small. `silence_seconds`:
    silence after which a source is reported (0: never). `portal`: address of this collector at the portal,
    `token` the unit's. `metrics`: port of health and metrics.
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
