"""The commands `lamsach logs`."""

from __future__ import annotations

import json

import pytest

from lamsach.errors import ExitStatus, UsageError
from lamsach.logs.formats import BINARY_FORMATS, FORMATS
from tests.cli.command_runner import called

from .builders import make_zip
from .test_detect import BIND, DNSMASQ, FORTIGATE, PROSE, SQUID, head


@pytest.fixture(autouse=True)
def _english(monkeypatch):
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def run(*arguments, **options):
    return called("logs", *arguments, **options)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "fw.log").write_bytes(head(FORTIGATE))
    (tmp_path / "mix.log").write_bytes(head(DNSMASQ, BIND))
    (tmp_path / "notes.txt").write_bytes(head(PROSE).decode().encode("utf-16"))
    return tmp_path


def test_detect_in_a_pipe(folder):
    result = run("detect", folder)
    assert result.exit_code == 0
    assert result.stdout == (
        f"{folder}/fw.log\tfortigate\t1.0\tutf-8\t50\n"
        f"{folder}/mix.log\tmixed:bind,dnsmasq\t1.0\tutf-8\t100\n"
        f"{folder}/notes.txt\tunknown_text\t0.0\tutf-16-le\t50\n"
    )


def test_detect_as_json(folder):
    records = [json.loads(line) for line in run("detect", "--json", folder).stdout.splitlines()]
    assert records[1] == {
        "file": f"{folder}/mix.log",
        "format": "mixed",
        "share": 1.0,
        "encoding": "utf-8",
        "lines": 100,
        "mixed": ["bind", "dnsmasq"],
    }


def test_every_line_read_is_a_record(folder):
    result = run("read", folder / "fw.log")
    assert result.exit_code == 0
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["line"] for record in records] == list(range(1, 51))
    assert {record["file"] for record in records} == {f"{folder}/fw.log"}
    assert records[0]["time"] == "2026-06-05T00:31:00Z"
    assert f"{folder}/fw.log: lines: 50, read: 50, refused: 0, of no known format: 0" in result.stderr


def test_read_standard_input():
    result = run("read", "-", data=head(SQUID))
    assert len(result.stdout.splitlines()) == 50
    assert json.loads(result.stdout.splitlines()[0])["file"] == "(standard input)"


def test_read_into_a_file(folder, tmp_path):
    out = tmp_path / "out.jsonl"
    result = run("read", folder / "fw.log", "-o", out)
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(out.read_text().splitlines()) == 50


def test_refused_lines_are_listed(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes(head(FORTIGATE, ["garbage"]))
    assert "garbage" not in run("read", path).stderr
    line = run("read", "--refused", path).stderr.splitlines()[0]
    assert json.loads(line) == {
        "file": str(path),
        "line": 51,
        "reason": "The line is not of this product.",
        "text": "garbage",
    }


@pytest.mark.parametrize("command", ["detect", "read"])
def test_a_bad_input_does_not_stop_the_others(folder, command):
    result = run(command, folder / "missing", folder / "fw.log")
    assert result.exit_code == ExitStatus.PARTIAL
    assert f"{folder}/missing: The file does not exist. - Check the path.\n" in result.stderr
    assert len(result.stdout.splitlines()) == (1 if command == "detect" else 50)
    result = run(command, folder / "missing")
    assert (result.exit_code, result.stdout) == (ExitStatus.INPUT, "")


def test_damaged_input_counts_as_partial(tmp_path):
    path = make_zip(tmp_path / "a.zip", {"fw.log": head(FORTIGATE * 200)})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 16] ^= 1  # another checksum
    path.write_bytes(data)
    result = run("read", path)
    assert result.exit_code == ExitStatus.PARTIAL
    assert len(result.stdout.splitlines()) == 10_000
    assert "damaged" in result.stderr


@pytest.mark.parametrize(
    "arguments", [("--format", "nonsense"), ("--timezone", "Mars/Olympus"), ("--timezone", "../etc/passwd")]
)
def test_invalid_options_are_refused(folder, arguments):
    result = run("read", folder, *arguments)
    assert isinstance(result.exception, UsageError)


def test_hostile_names_and_text_stay_on_their_line(tmp_path):
    (tmp_path / "a\x1b[31m\nb.log").write_bytes(
        b'{"src_ip":"10.0.0.1","dst_ip":"203.0.113.1","user":"\\ud800 \\u001b"}\n' * 3
    )
    result = run("read", tmp_path)
    assert len(result.stdout.splitlines()) == 3
    assert "\x1b" not in result.stdout + result.stderr
    assert "\x1b" not in run("detect", tmp_path).stdout
    assert run("detect", tmp_path).stdout.count("\n") == 1


def test_every_format_is_listed_once():
    lines = run("formats").stdout.splitlines()
    names = [f.name for f in (*FORMATS, *BINARY_FORMATS)] + ["unknown_text"]
    assert [line.split("\t")[0] for line in lines] == names
    assert all(len(line.split("\t")) == 3 for line in lines)


def test_errors_in_vietnamese(folder, monkeypatch):
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    assert "Tệp không tồn tại." in run("read", folder / "missing").stderr
