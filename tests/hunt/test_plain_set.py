"""The compiled set read without numpy equals the hunt's own reading, and keys are the kernel's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.hunt.engine import hash_name as kernel_key
from lamsach.hunt.engine import hash_networks
from lamsach.hunt.machine_code import functions
from lamsach.hunt.sets import lists, plain_set
from lamsach.hunt.sets.lists import load_lists
from lamsach.hunt.sets.plain_hash import hash_name, hash_network, keys_with_parents
from lamsach.model import Indicator

WORD = st.integers(0, 2**64 - 1)
LISTED = """value,malware,source,valid until,confidence,tlp
bot-c2.xyz,Mirai,Trung tâm,2026-12-31,80,green
www.bot-c2.xyz,,,,,
xn--bnh-xyz-5ya.top,Mozi,,,,
45.155.37.7,Mozi,,,,
45.155.0.0/16,,,,,
2001:db8::5,,,,,
2001:db8:7::/48,,,,,
https://drop.top/a,,,,,
http://45.155.37.9:8080/x,,,,,
http://[2001:db8::9]/x,,,,,
0123456789abcdef0123456789abcdef,,,,,
0123456789abcdef0123456789abcdef01234567,,,,,
0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef,Emotet,,,,
"""
ASKED = [
    "bot-c2.xyz", "www.bot-c2.xyz", "xyz", "xn--bnh-xyz-5ya.top", "drop.top", "45.155.37.7", "45.155.1.1",
    "45.156.0.1", "45.155.37.9", "2001:db8::5", "2001:db8:7::1", "2001:db8:8::1", "2001:db8::9",
    "::ffff:45.155.37.7", "0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef01234567",
    "f" * 64, "", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "no-such.name",
]  # fmt: skip


@given(
    st.lists(st.text("abcdefghijklmnopqrstuvwxyzABC0123456789-_é", max_size=70), min_size=1, max_size=6).map(
        ".".join
    )
)
@settings(max_examples=200, deadline=None)
def test_a_name_has_the_kernel_s_key(name: str) -> None:
    assert hash_name(name.encode()) == kernel_key(name.encode())
    parents = [name.split(".", cut)[-1].encode() for cut in range(name.count(".") + 1)]
    assert keys_with_parents(name.encode()) == [kernel_key(parent) for parent in parents]


@given(WORD, WORD, st.integers(0, 128))
@settings(max_examples=100, deadline=None)
def test_a_network_has_the_kernel_s_key(high: int, low: int, length: int) -> None:
    rows = np.array([(high, low, length)], np.uint64)
    assert hash_network(high, low, length) == int(hash_networks(rows)[0])


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    functions()  # from the user's cache, before there is another
    monkeypatch.setenv("LAMSACH_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "list.csv"
    path.write_text(LISTED, encoding="utf-8")
    return path


def test_it_gives_what_the_compiled_set_gives(listed: Path) -> None:
    second = listed.with_name("second.txt")
    second.write_text("bot-c2.xyz\n45.155.37.7\n", encoding="utf-8")
    paths = [str(listed), str(second)]
    assert plain_set.plain_set(paths) is None, "nothing is compiled yet"
    compiled = load_lists(paths).compiled
    plain = plain_set.plain_set(paths)
    assert plain is not None
    found: list[Indicator] = []
    for value in ASKED:
        for plain_found, expected in (
            (plain.by_names([value]), compiled.by_names([value])),
            (plain.by_address(value), compiled.by_address(value)),
            (plain.by_digest(value), compiled.by_digest(value)),
        ):
            assert plain_found == expected, value
            found += plain_found
    assert len({item.value for item in found}) == 13
    assert any(item.other_references for item in found)
    everything = [compiled.indicator(row) for row in range(compiled.types.size)]
    assert [plain.indicator(row) for row in range(compiled.types.size)] == everything


@pytest.mark.parametrize("name", ["set.json", "keys.npy", "blob.npy", "numbers.npy"])
@pytest.mark.parametrize("change", ["gone", "cut", "other"])
def test_a_damaged_cache_is_no_set(listed: Path, name: str, change: str) -> None:
    load_lists([str(listed)])
    folder = lists.cached_folder([str(listed)])
    assert folder is not None
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if change != "gone":
        path.write_bytes(data[: len(data) // 2] if change == "cut" else b"\x93NUMPY\x02\x00" + data[8:])
    assert plain_set.plain_set([str(listed)]) is None


def test_keys_that_another_hash_made_are_not_trusted(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_lists([str(listed)])
    monkeypatch.setattr(plain_set, "hash_name", lambda name: 1)
    assert plain_set.plain_set([str(listed)]) is None


def test_a_look_up_loads_neither_numpy_nor_the_compiler(listed: Path) -> None:
    load_lists([str(listed)])
    code = (
        "import sys\nfrom lamsach.cli import main\n"
        f"try:\n    main(['indicators', 'check', 'a.bot-c2.xyz', '-i', {str(listed)!r}])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'numpy', 'numba', 'llvmlite', 'rich', 'openpyxl', 'pypdf', 'idna', 'zstandard'} & "
        "set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert '"value": "bot-c2.xyz"' in ran.stdout


def test_it_names_the_table_of_a_document_that_lists_a_value(listed: Path) -> None:
    page = listed.with_name("annex.html")
    page.write_text(
        "<html><body><table><tr><th>IP</th></tr><tr><td>45.155.37.7</td></tr></table>"
        "<table><tr><th>Domain</th></tr><tr><td>bot-c2.xyz</td></tr></table></body></html>",
        encoding="utf-8",
    )
    compiled = load_lists([str(page)]).compiled
    plain = plain_set.plain_set([str(page)])
    assert plain is not None
    for loaded in (compiled, plain):
        (address,), (name,) = loaded.by_address("45.155.37.7"), loaded.by_names(["bot-c2.xyz"])
        assert address.reference is not None
        assert name.reference is not None
        assert (address.reference.table, name.reference.table) == (1, 2)
