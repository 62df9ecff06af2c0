"""Dataset files of Suricata, of each type, with and without reputation."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from lamsach.indicators.values import refusals
from lamsach.model import Problem

from .list_reader import read_content

MD5, SHA256 = "5f" * 16, "6a" * 32


def coded(text: str) -> str:
    return b64encode(text.encode()).decode()


def read(
    folder: Path, text: str, name: str = "bad.lst"
) -> tuple[list[str], list[tuple[str, str]], list[Problem]]:
    """Return values, refusals with their reasons, and problems."""
    found, refused, problems = read_content(folder / name, text)
    return [item.value for item in found], [(item.value, item.reason) for item in refused], problems


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        ([coded("bot-c2.xyz"), coded("evil-b.top")], ["bot-c2.xyz", "evil-b.top"]),
        ([coded("bot-c2.xyz") + ",120", coded("evil-b.top") + ",5"], ["bot-c2.xyz", "evil-b.top"]),
        ([coded("http://evil-b.top/a?b=c"), coded("45.155.37.7")],
         ["http://evil-b.top/a?b=c", "45.155.37.7"]),
        ([coded("bot-c2.xyz")], ["bot-c2.xyz"]),
        ([coded(".bot-c2.xyz"), coded(".evil-b.top")], ["bot-c2.xyz", "evil-b.top"]),
        ([MD5, "6a" * 16], [MD5, "6a" * 16]),
        ([f"{MD5},10", f"{'6a' * 16},20"], [MD5, "6a" * 16]),
        ([SHA256, "7b" * 32], [SHA256, "7b" * 32]),
        ([f"{SHA256},1", f"{'7b' * 32},2"], [SHA256, "7b" * 32]),
        (["45.155.37.7", "193.32.162.9"], ["45.155.37.7", "193.32.162.9"]),
        (["45.155.37.7,10", "193.32.162.9,200"], ["45.155.37.7", "193.32.162.9"]),
        (["2a0e:b107:1::7", "45.155.37.7"], ["2a0e:b107:1::7", "45.155.37.7"]),
        (["2a0e:b107:1::7,3", "::ffff:45.155.37.7,4"], ["2a0e:b107:1::7", "45.155.37.7"]),
    ],
)  # fmt: skip
def test_each_type_is_read(tmp_path: Path, lines: list[str], values: list[str]) -> None:
    assert read(tmp_path, "\n".join(lines) + "\n") == (values, [], [])


def test_broken_lines_are_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    lines = [coded(f"c{number}.bot-c2.xyz") for number in range(100)] + [
        "###",
        coded("10.0.0.1"),
        coded("\x00"),
    ]
    values, refused, problems = read(tmp_path, "\n".join(lines) + "\n")
    assert (len(values), problems) == (100, [])
    assert refused[0] == ("###", refusals.BAD_RECORD)
    assert refused[1][0] == "10.0.0.1"
    assert refused[2][1] == refusals.BAD_RECORD


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(coded(f"the words of a letter {number}") for number in range(20)),
        "\n".join(b64encode(bytes(range(60))).decode() for _ in range(20)),
        "bot-c2.xyz\nevil-b.top\n",
        "word\nabcd\n",
    ],
)
def test_other_text_is_no_dataset(tmp_path: Path, text: str) -> None:
    from lamsach.indicators.files.source import sources
    from lamsach.indicators.formats.devices.sensor_lists import read_suricata_dataset

    (tmp_path / "x").write_text(text)
    (source,) = sources(str(tmp_path / "x"))
    assert not read_suricata_dataset.recognizes(source)
