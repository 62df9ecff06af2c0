"""Builders of captures, byte by byte: frames, packets, messages and files."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import ip_address

MAC_A, MAC_B = bytes.fromhex("02005e100015"), bytes.fromhex("02005e100001")
TIME_S = 1_780_619_472
"""2026-06-05 00:31:12 UTC."""


def ethernet(payload: bytes, kind: int = 0x0800) -> bytes:
    return MAC_B + MAC_A + kind.to_bytes(2, "big") + payload


def ip(
    source: str, destination: str, protocol: int, payload: bytes, fragment: int = 0, number: int = 1
) -> bytes:
    """Build an IPv4 or IPv6 packet; `fragment`: IPv4's flags and offset."""
    first, second = ip_address(source).packed, ip_address(destination).packed
    if len(first) == 16:
        return struct.pack(">IHBB", 0x6000_0000, len(payload), protocol, 64) + first + second + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), number, fragment, 64, protocol, 0)
    return head + first + second + payload


def udp(source_port: int, destination_port: int, payload: bytes) -> bytes:
    return struct.pack(">HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def tcp(source_port: int, destination_port: int, sequence: int, flags: int, payload: bytes = b"") -> bytes:
    head = struct.pack(
        ">HHIIBBHHH", source_port, destination_port, sequence % (1 << 32), 1, 0x50, flags, 64000, 0, 0
    )
    return head + payload


SYN, ACK, SYN_ACK, PUSH, FIN, RST = 0x02, 0x10, 0x12, 0x18, 0x11, 0x04


def conversation(
    client: tuple[str, int], server: tuple[str, int], pieces: Iterable[bytes], first: int = 1000
) -> list[bytes]:
    """Build the IP packets of a TCP connection in which the client sends these pieces, one per segment."""
    (source, source_port), (destination, destination_port) = client, server
    packets = [
        ip(source, destination, 6, tcp(source_port, destination_port, first, SYN)),
        ip(destination, source, 6, tcp(destination_port, source_port, 5000, SYN_ACK)),
    ]
    sequence = first + 1
    for piece in pieces:
        packets.append(ip(source, destination, 6, tcp(source_port, destination_port, sequence, PUSH, piece)))
        sequence += len(piece)
    packets.append(ip(source, destination, 6, tcp(source_port, destination_port, sequence, FIN)))
    return packets


def name(text: str) -> bytes:
    """Encode a domain name as labels."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def question(text: str, identity: int = 7, kind: int = 1, flags: int = 0x0100) -> bytes:
    return struct.pack(">HHHHHH", identity, flags, 1, 0, 0, 0) + name(text) + struct.pack(">HH", kind, 1)


def answer(text: str, records: Iterable[tuple[int, bytes]], identity: int = 7, rcode: int = 0) -> bytes:
    """Build the answer to an address question; every record's owner points to the question's name."""
    items = list(records)
    head = struct.pack(">HHHHHH", identity, 0x8180 | rcode, 1, len(items), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data for kind, data in items)
    return head + name(text) + struct.pack(">HH", 1, 1) + body


def address(text: str) -> tuple[int, bytes]:
    raw = ip_address(text).packed
    return (1 if len(raw) == 4 else 28), raw


def client_hello(server: str | None, padding: int = 0, *, datagram: bool = False) -> bytes:
    """Build the handshake message, without records around it."""
    extensions = struct.pack(">HH", 21, padding) + bytes(padding) if padding else b""
    if server is not None:
        raw = server.encode()
        extensions += struct.pack(">HHHBH", 0, len(raw) + 5, len(raw) + 3, 0, len(raw)) + raw
    body = b"\x03\x03" + bytes(32) + b"\0" + (b"\0" if datagram else b"") + b"\0\x02\x13\x01\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    if datagram:
        return b"\x01" + len(body).to_bytes(3, "big") + bytes(5) + len(body).to_bytes(3, "big") + body
    return b"\x01" + len(body).to_bytes(3, "big") + body


def records(handshake: bytes, size: int = 1 << 14) -> bytes:
    """Split a handshake message into TLS records of at most `size` bytes."""
    pieces = [handshake[at : at + size] for at in range(0, len(handshake), size)]
    return b"".join(b"\x16\x03\x01" + struct.pack(">H", len(piece)) + piece for piece in pieces)


def pcap(
    frames: Iterable[bytes], link: int = 1, magic: int = 0xA1B2C3D4, order: str = "<", step: int = 1
) -> bytes:
    """Build a capture file whose frames are `step` time units apart."""
    head = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    extra = bytes(8) if magic == 0xA1B2CD34 else b""
    body = b"".join(
        struct.pack(f"{order}IIII", TIME_S, number * step, len(frame), len(frame)) + extra + frame
        for number, frame in enumerate(frames)
    )
    return head + body


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, order: str = "<", options: bytes = b"") -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, 262144) + options, order)


def enhanced(frame: bytes, units: int, which: int = 0, order: str = "<") -> bytes:
    """Build a frame captured `units` of its interface's time units after 1970."""
    head = struct.pack(f"{order}IIIII", which, units >> 32, units & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, head + frame, order)


def pcapng(frames: Iterable[bytes], link: int = 1) -> bytes:
    body = b"".join(enhanced(frame, TIME_S * 1_000_000 + number) for number, frame in enumerate(frames))
    return section() + interface(link) + body
