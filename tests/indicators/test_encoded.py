from __future__ import annotations

import base64
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.values.normalise import encoded_url
from lamsach.model import Indicator

URL = "http://c2.evil.top/a/gate.php?id=7"
ENCODED = {
    "Base64": base64.b64encode(URL.encode()).decode(),
    "Base64 without padding": base64.b64encode(URL.encode()).decode().rstrip("="),
    "Base64 of the other alphabet": base64.urlsafe_b64encode(URL.encode()).decode(),
    "Base64 of a line": base64.b64encode(URL.encode() + b"\r\n").decode(),
    "Base64 of UTF-16": base64.b64encode(URL.encode("utf-16-le")).decode(),
    "digits": URL.encode().hex(),
    "capital digits": URL.encode().hex().upper(),
    "digits with spaces": URL.encode().hex(" "),
    "digits of a program": "".join(f"\\x{byte:02x}" for byte in URL.encode()),
    "one number": f"0x{URL.encode().hex()}",
    "percent signs": "http%3A%2F%2Fc2.evil.top%2Fa%2Fgate.php%3Fid%3D7",
}


def values(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return [item.value for item in read_list(str(path), print) if isinstance(item, Indicator)]


@pytest.mark.parametrize("text", ENCODED.values(), ids=ENCODED)
def test_an_encoded_url_is_that_url(tmp_path: Path, text: str) -> None:
    assert values(tmp_path / "line.txt", f"{text}\nevil.top\n") == [URL, "evil.top"]
    assert values(tmp_path / "cell.csv", f"indicator,note\n{text},stage two\nevil.top,c2\n") == [
        URL,
        "evil.top",
    ]


def test_a_short_one_in_a_cell_without_a_heading(tmp_path: Path) -> None:
    assert values(tmp_path / "cell.csv", "1;aHR0cDovL2V2aWwudG9wLw==;x\n2;evil2.top;y\n3;evil3.top;z\n") == [
        "http://evil.top",
        "evil2.top",
        "evil3.top",
    ]


def test_hexadecimal_digits_of_a_url_are_no_hash(tmp_path: Path) -> None:
    url = "http://evil.top/abc/defgh/ij.php"
    assert len(url.encode().hex()) == 64
    assert values(tmp_path / "line.txt", url.encode().hex()) == [url]


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"http").decode(),
        base64.b64encode(b"httpd.conf of the server").decode(),
        base64.b64encode(b"http://evil.top/ and http://other.top/").decode(),
        base64.b64encode(b"http://evil.top/\xff\xfe").decode(),
        base64.b64encode(b"/bin/sh -c id; id; id").decode(),
        URL.encode().hex() + "0",
        b"http://".hex(),
        "68747470" * 8,
        "aHR0cDovL*****************",
    ],
)
def test_a_text_that_does_not_decode_to_one_url_is_unchanged(text: str) -> None:
    assert encoded_url(text) is None


def test_an_encoded_url_in_a_sentence_is_not_guessed(tmp_path: Path) -> None:
    text = f"The sample decodes {ENCODED['Base64']} with the key below.\nevil.top\n"
    assert values(tmp_path / "a.txt", text) == ["evil.top"]


def test_a_long_text_that_begins_like_an_encoded_url_is_read_in_time() -> None:
    assert encoded_url("aHR0" + "A" * 4_000_000 + "!") is None
    assert encoded_url("68" * 2_000_000 + "x") is None
