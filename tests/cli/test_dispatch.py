"""`lamsach dispatch read`.

One JSON object in a pipe, files under safe names, one error for an unreadable file.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lamsach.channels.xml_signature import sign
from lamsach.errors import ExitStatus
from tests.channels.edxml_samples import LIST, STATUS, attachment, b64, dispatch, signer
from tests.cli.command_runner import lamsach


def edxml(folder: Path, text: str | bytes) -> Path:
    path = folder / "den.edxml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_pipe_gets_one_object_and_the_folder_the_files(tmp_path: Path) -> None:
    files = attachment(b64(LIST), "../ds.txt") + attachment(b64(b"two"), "DS.txt", "b")
    file, folder = edxml(tmp_path, dispatch(files=files)), tmp_path / "a" / "b"
    for _again in range(2):
        ran = lamsach("dispatch", "read", file, "-o", folder)
        assert ran.status == ExitStatus.FOUND, ran.errors
        record = json.loads(ran.out)
        assert (record["number"], record["due"], record["kind"]) == ("1298", "2026-09-26", "new")
        assert [entry["name"] for entry in record["attachments"]] == ["ds.txt", "DS (2).txt"]
        assert sorted(path.name for path in folder.iterdir()) == ["DS (2).txt", "ds.txt"]
        assert (folder / "ds.txt").read_bytes() == LIST
    (folder / "ds.txt").write_text("mine")
    assert json.loads(lamsach("dispatch", "read", file, "-o", folder).out)["attachments"][0]["file"].endswith(
        "ds (2).txt"
    )
    assert (folder / "ds.txt").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"den.edxml", "a"}


def test_people_get_a_table_in_their_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for language, words in (
        ("vi", ["Số, ký hiệu", "1298/CATTT-NCSC", "Hạn xử lý", "26/09/2026", "chưa ký", "danh-sach.txt"]),
        ("en", ["Number and notation", "Deadline", "not signed", "26/09/2026"]),
    ):
        monkeypatch.setenv("LANG", language)
        monkeypatch.setenv("LC_ALL", "")
        monkeypatch.setattr("lamsach.cli.documents.dispatch_run.on_terminal", lambda: True)
        ran = lamsach("dispatch", "read", edxml(tmp_path, dispatch()))
        assert [word for word in words if word not in ran.out] == []
    assert "03" in lamsach("dispatch", "read", edxml(tmp_path, STATUS)).out


def test_a_trusted_certificate_decides(tmp_path: Path) -> None:
    own = signer("Don vi A")
    pem = tmp_path / "a.pem"
    pem.write_bytes(own.certificates[0].public_bytes(Encoding.PEM))
    file = edxml(tmp_path, sign(dispatch().encode(), own))
    assert json.loads(lamsach("dispatch", "read", file).out)["signature"] == "unchecked"
    assert json.loads(lamsach("dispatch", "read", file, "--trust", pem).out)["signature"] == "valid"
    file.write_bytes(file.read_bytes().replace(b"1298", b"1299"))
    ran = lamsach("dispatch", "read", file, "--trust", pem)
    assert json.loads(ran.out)["signature"] == "invalid"
    assert len(ran.errors) == 1


def test_an_unreadable_file_is_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.edxml"
    wrong.write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><edXML>&b;</edXML>")
    for arguments in ((wrong,), (tmp_path / "none.edxml",), (edxml(tmp_path, dispatch()), "--trust", wrong)):
        ran = lamsach("dispatch", "read", *arguments)
        assert ran.status == ExitStatus.INPUT
        assert (len(ran.errors), ran.out) == (1, "")
    blocker = tmp_path / "taken"
    blocker.write_text("a")
    assert lamsach("dispatch", "read", edxml(tmp_path, dispatch()), "-o", blocker).status == ExitStatus.OUTPUT
