"""The packets of which sFlow tells a sample (`lamsach.logs.binary.netflow.sflow`), as packets of a capture."""

from __future__ import annotations

from collections.abc import Iterator

from lamsach.logs.binary.capture.links import ETHERNET, ip_offsets
from lamsach.logs.binary.capture.packets import MOST_PACKETS, Decapsulator, Packet
from lamsach.logs.binary.netflow.sflow import VERSIONS, old_samples, samples


def sampled_packets(payload: bytes, decapsulator: Decapsulator) -> Iterator[Packet]:
    """The packets of a datagram; of a sample that states only addresses one without contents."""
    for sample in old_samples(payload) if payload[3] in VERSIONS else samples(payload):
        if sample.source:
            ends = sample.source, sample.destination, sample.source_port, sample.destination_port
            yield Packet(sample.protocol, *ends, b"", 0, 0)
            continue
        for at in ip_offsets(ETHERNET, sample.data) if sample.ethernet else (0,):
            yield from decapsulator.packets(sample.data, at, MOST_PACKETS)
