"""Manipulated exchange files: with any byte changed, only the signed content is ever read."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LamsachError
from lamsach.indicators.releases.seal import load_private_key, make_key
from lamsach.portal.exchange import container
from lamsach.portal.exchange.container import Head
from lamsach.portal.exchange.kinds import Payload, PayloadFile

HEAD = Head("G06.12", "Trung tâm A", "G06.12.01", "Phòng Một", 7, 3, datetime(2026, 11, 1, tzinfo=UTC))


@cache
def signing() -> Any:
    private, _ = make_key()
    return load_private_key(private, "test")


@cache
def sample() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "list.csv"
        file.write_bytes(b"type,value\ndomain,bot-c2.xyz\n" * 20)
        payloads = (
            Payload("campaigns", {"word": "Chiến dịch", "n": 1}, (PayloadFile("list.csv", file),)),
            Payload("counts", {"found": 5}),
        )
        stream = io.BytesIO()
        container.write(stream, HEAD, signing(), payloads)
        return stream.getvalue()


def opened(data: bytes) -> Any:
    """Read the file's content, with attached files."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "exchange.zip"
        path.write_bytes(data)
        found = container.read(path, [signing().public_key()], Path(name))
        return (
            found.head,
            [
                (
                    payload.kind,
                    dict(payload.data),
                    [(file.name, file.path.read_bytes()) for file in payload.files],
                )
                for payload in found.payloads
            ],
        )


def test_written_content_is_read_back() -> None:
    head, payloads = opened(sample())
    assert head == HEAD
    assert payloads[1] == ("counts", {"found": 5}, [])
    assert payloads[0][2][0][1].startswith(b"type,value")


@pytest.mark.parametrize(("place", "value"), [(6, 0xFF), (8, 0x01), (10, 0x63)])
def test_an_archive_of_an_unknown_kind_is_refused(place: int, value: int) -> None:
    """Its directory states a future version, a password, an unknown compression."""
    data = bytearray(sample())
    data[data.find(b"PK\x01\x02") + place] = value
    with pytest.raises(LamsachError):
        opened(bytes(data))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_byte_is_refused_or_harmless(data: st.DataObject) -> None:
    whole = bytearray(sample())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = opened(bytes(whole))
    except LamsachError:
        return
    assert found == opened(sample())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000))
def test_a_truncated_file_is_refused(length: int) -> None:
    with pytest.raises(LamsachError):
        opened(sample()[: min(length, len(sample()) - 1)])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["sender", "receiver", "counter", "taken", "made", "lineage", "payloads"]), VALUES
    )
)
def test_signed_manifests_of_any_shape_cause_no_traceback(changes: dict[str, Any]) -> None:
    """The partner may sign any text."""
    from lamsach.indicators.releases.seal import seal

    with zipfile.ZipFile(io.BytesIO(sample())) as archive:
        manifest = {**json.loads(archive.read("manifest.json")), **changes}
        members = {name: archive.read(name) for name in archive.namelist()}
    content = json.dumps(manifest).encode()
    members |= {
        "manifest.json": content,
        "signature.json": seal(content, signing(), container.PREFIX).encode(),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    try:
        opened(stream.getvalue())
    except LamsachError:
        return
