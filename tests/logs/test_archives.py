"""Archives of any kind: names of members, archives inside, limits, any damage."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.errors import LimitError, UnreadableError
from lamsach.logs.opening.limits import Limits

from .builders import COMPRESS, LINES, SMALL, logs, make_tar, make_zip, read


def test_member_names_are_safe_and_nothing_is_written(tmp_path):
    names = [
        "../../etc/passwd",
        "/etc/shadow",
        "a\\..\\..\\b.log",
        "C:\\x\x1b[31m\n.log",
        "..",
        "ok/./fine.log",
    ]
    inside = tmp_path / "inside"
    inside.mkdir()
    for path in (make_zip(inside / "a.zip", dict.fromkeys(names, b"x")), inside / "a.tar"):
        if path.suffix == ".tar":
            path.write_bytes(make_tar(dict.fromkeys(names, b"x")))
        found, problems = logs(path)
        assert problems == []
        assert [f.name.removeprefix(f"{path}!") for f in found] == [
            "etc/passwd",
            "etc/shadow",
            "a/b.log",
            "C:/x\ufffd[31m\ufffd.log",
            "?",
            "ok/fine.log",
        ]
        assert {read(f) for f in found} == {(b"x", None)}
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.tar", "a.zip", "inside"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_damage_to_an_archive(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    path = folder / "a"
    whole = bytearray(
        make_zip(path, {"a": b"one\n" * 99, "b": b"two\n" * 99}).read_bytes()
        if data.draw(st.booleans())
        else make_tar({"a": b"one\n" * 99, "b" * 120: b"two\n" * 99})
    )
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    found, _ = logs(path)
    for log_file in found:
        _, error = read(log_file)
        assert error is None or isinstance(error, UnreadableError | LimitError)
    assert list(folder.iterdir()) == [path]


def test_archives_in_archives(tmp_path):
    inner = make_zip(tmp_path / "inner.zip", {"a.log": LINES}).read_bytes()
    outer = {
        "inner.zip": inner,
        "logs.tar.gz": COMPRESS["gz"](make_tar({"b.log": LINES, "c.gz": gzip.compress(LINES)})),
    }
    path = make_zip(tmp_path / "outer.zip", outer)
    found, problems = logs(path)
    assert [f.name for f in found] == [
        f"{path}!inner.zip!a.log",
        f"{path}!logs.tar.gz!b.log",
        f"{path}!logs.tar.gz!c.gz",
    ]
    assert problems == []
    assert [read(f) for f in found] == [(LINES, None)] * 3
    third = make_zip(tmp_path / "third.zip", {"outer.zip": path.read_bytes(), "good.log": b"x"})
    found, problems = logs(third)
    assert [f.name for f in found] == [f"{third}!good.log"]
    assert {p.what for p in problems} == {"There are more archives inside archives than the limit allows."}
    found, problems = logs(path, limits=Limits(max_nested_zip_bytes=1000))
    assert problems[0].what == "The archive inside an archive is larger than the limit allows."
    assert len(found) == 2


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_too_many_members(tmp_path, kind):
    members = {f"{n}.log": b"x" for n in range(11)}
    path = tmp_path / "a"
    if kind == "zip":
        make_zip(path, members)
    else:
        path.write_bytes(make_tar(members))
    _, problems = logs(path, limits=SMALL)
    assert [p.what for p in problems] == ["The archive has more members than the limit allows."]
