"""Values split over two columns, or sharing one cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator

_TABLES = [
    ("network,netmask\n203.0.113.0,255.255.255.0\n198.51.100.0,255.255.255.128\n",
     {"203.0.113.0/24", "198.51.100.0/25"}),
    (
        "STT,Địa chỉ IP,Mặt nạ mạng,Ghi chú\n1,203.0.113.0,/24,a\n2,198.51.100.0,25,b\n3,192.0.2.9,,c\n",
        {"203.0.113.0/24", "198.51.100.0/25", "192.0.2.9"},
    ),
    ("cidr_ip,prefix\n203.0.113.0,24\n", {"203.0.113.0/24"}),
    # a prefix column of networks, and a country code, are no masks
    ("ip,prefix\n203.0.113.5,203.0.113.0/24\n203.0.113.6,VN\n",
     {"203.0.113.5", "203.0.113.0/24", "203.0.113.6"}),
    ("domain,note\nbot-c2.xyz/bot-d2.xyz,a\nbot-e2.xyz/get.sh,b\n",
     {"bot-c2.xyz", "bot-d2.xyz", "bot-e2.xyz/get.sh", "bot-e2.xyz"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), _TABLES)
def test_values_split_over_cells_are_joined(text: str, expected: set[str], tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    assert {
        item.value for item in read_list(str(path), lambda _: None) if isinstance(item, Indicator)
    } == expected
