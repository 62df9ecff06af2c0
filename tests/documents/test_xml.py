from __future__ import annotations

import io

import pytest

from lamsach.documents.xml import events


class Counting(io.BytesIO):
    """Stream that counts its reads and their sizes."""

    sizes: list[int]

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.sizes = [*getattr(self, "sizes", []), len(block)]
        return block


@pytest.mark.parametrize(
    "page",
    [
        b'<r><a x="%s"/></r>',
        b"<r><!--%s--><a/></r>",
        b"<r><?x %s?><a/></r>",
        b"<r><a%s/></r>",
    ],
)
def test_a_long_mark_is_not_scanned_again_with_each_block(page: bytes) -> None:
    stream = Counting(page % (b"y" * (8 << 20)))
    assert [kind for kind, _ in events(stream, "x")] == ["start", "start", "end", "end"]
    assert len(stream.sizes) < 12


def test_many_elements_are_read_in_small_blocks() -> None:
    stream = Counting(b"<r>" + b"<a>text</a>" * 30_000 + b"</r>")
    assert sum(1 for _ in events(stream, "x")) == 60_002
    assert max(stream.sizes) <= 1 << 17
