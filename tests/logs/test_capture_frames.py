"""Frames of capture files: every variant, every kind of damage."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import UnreadableError
from lamsach.logs.binary.capture.frames import pcap_frames, pcapng_frames
from lamsach.logs.formats.flows.captures import Pcap

from . import capture_builder as build

FRAMES = [b"\x01" * 60, b"", b"\x02" * 61, b"\x03" * 1514]


def frames_of(data: bytes, reader=pcap_frames):
    """Return the frames before damage, and the error."""
    found = []
    try:
        for frame in reader(io.BytesIO(data), "x"):
            found.append(frame)
    except UnreadableError as error:
        return found, error
    return found, None


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit_ns"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)])
def test_variants_of_pcap(order, magic, unit_ns):
    found, error = frames_of(build.pcap(FRAMES, 113, magic, order))
    assert error is None
    assert [frame.data for frame in found] == FRAMES
    assert {frame.link for frame in found} == {113}
    assert [frame.number for frame in found] == [1, 2, 3, 4]
    assert [frame.time_ns for frame in found] == [
        build.TIME_S * 10**9 + number * unit_ns for number in range(4)
    ]


@pytest.mark.parametrize(("minor", "swapped"), [(4, False), (3, False), (3, True), (2, True)])
def test_old_pcap_swaps_the_sizes(minor, swapped):
    sizes = (60, 1514)[:: -1 if swapped else 1]
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, minor, 0, 0, 262144, 1)
    data = head + (struct.pack("<IIII", build.TIME_S, 0, *sizes) + FRAMES[0]) * 2
    assert Pcap.recognises(data)
    found, error = frames_of(data)
    assert ([frame.data for frame in found], error) == ([FRAMES[0]] * 2, None)


def snoop(kind: int = 4) -> bytes:
    """Build a file of Solaris' snoop; records are padded to four bytes."""
    records = b""
    for number, frame in enumerate(FRAMES):
        padding = bytes(-len(frame) % 4)
        size = 24 + len(frame) + len(padding)
        records += (
            struct.pack(">IIIIII", len(frame), len(frame), size, 0, build.TIME_S, number) + frame + padding
        )
    return b"snoop\0\0\0" + struct.pack(">II", 2, kind) + records


@pytest.mark.parametrize(("kind", "link"), [(4, 1), (0, 1), (8, 10), (99, 0xFFFF)])
def test_snoop_gives_its_frames(kind, link):
    data = snoop(kind)
    assert Pcap.recognises(data)
    found, error = frames_of(data)
    assert ([frame.data for frame in found], error) == (FRAMES, None)
    assert {frame.link for frame in found} == {link}
    assert [frame.time_ns for frame in found] == [build.TIME_S * 10**9 + number * 1000 for number in range(4)]


def test_truncated_or_damaged_snoop():
    whole = snoop()
    for size in range(len(whole)):
        found, error = frames_of(whole[:size])
        assert [frame.data for frame in found][:-1] == FRAMES[: max(0, len(found) - 1)]
        assert error is not None or size in (16, 16 + 84, 16 + 84 + 24, 16 + 84 + 24 + 88)
    found, error = frames_of(whole[:24] + b"\0\0\0\x08" + whole[28:])
    assert (found, error and "damaged" in error.what) == ([], True)


@pytest.mark.parametrize("order", ["<", ">"])
def test_sections_and_interfaces_of_pcapng(order):
    nanoseconds = struct.pack(f"{order}HHBxxx", 9, 1, 9) + struct.pack(f"{order}HHqHH", 14, 8, 5, 0, 0)
    binary = struct.pack(f"{order}HHBxxx", 9, 1, 0x80 | 20)
    data = (
        build.section(order)
        + build.interface(1, order, nanoseconds)
        + build.block(5, b"statistics..", order)
        + build.interface(101, order, binary)
        + build.enhanced(FRAMES[0], build.TIME_S * 10**9 + 7, 0, order)
        + build.enhanced(FRAMES[2], (build.TIME_S << 20) + (1 << 19), 1, order)
        + build.section(order)
        + build.interface(113, order)
        + build.block(3, struct.pack(f"{order}I", 60) + FRAMES[0], order)
        + build.block(2, struct.pack(f"{order}HHIIII", 0, 0, 0, 9, 60, 60) + FRAMES[0], order)
    )
    found, error = frames_of(data, pcapng_frames)
    assert error is None
    assert [(frame.link, frame.time_ns) for frame in found] == [
        (1, (build.TIME_S + 5) * 10**9 + 7),
        (101, build.TIME_S * 10**9 + 500_000_000),
        (113, None),
        (113, 9000),
    ]
    assert [frame.data for frame in found] == [FRAMES[0], FRAMES[2], FRAMES[0], FRAMES[0]]


@pytest.mark.parametrize("cut", [25, 39, 40, 41, 99])
def test_truncated_pcap_gives_its_frames(cut):
    found, error = frames_of(build.pcap(FRAMES)[:cut])
    assert error is not None
    assert "cut short" in error.what
    assert len(found) == (1 if cut >= 40 else 0)


@pytest.mark.parametrize(
    ("data", "reader"),
    [
        (b"text", pcap_frames),
        (b"", pcap_frames),
        (b"", pcapng_frames),
        (build.pcap([b""]), pcapng_frames),
        (build.pcapng([b""]), pcap_frames),
    ],
)
def test_other_file_is_rejected(data, reader):
    found, error = frames_of(data, reader)
    assert found == []
    assert error is not None
    assert "not a network capture" in error.what


def test_a_frame_of_absurd_size_is_damage():
    found, error = frames_of(build.pcap([FRAMES[0]]) + struct.pack("<IIII", 1, 1, 1 << 30, 1 << 30))
    assert len(found) == 1
    assert error is not None
    assert "damaged" in error.what


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_raises_only_our_errors(tail, ng):
    start = build.pcapng(FRAMES) if ng else build.pcap(FRAMES)
    found, _ = frames_of(start + tail, pcapng_frames if ng else pcap_frames)
    assert [frame.data for frame in found[:4]] == FRAMES
