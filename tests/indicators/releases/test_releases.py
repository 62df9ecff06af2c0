"""Versions: digest, difference, signed release, and quality of a source."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.errors import InputError, LamsachError, LimitError, OutputError, UnreadableError
from lamsach.hunt.sets.builder import Builder
from lamsach.hunt.sets.lists import load_lists
from lamsach.indicators.files.source import RELEASE_MEMBERS
from lamsach.indicators.lists import read_lists
from lamsach.indicators.releases import release
from lamsach.indicators.releases import seal as keys
from lamsach.indicators.releases.quality import changes
from lamsach.indicators.releases.release import MEMBERS, list_digest, read_release, write_release
from lamsach.indicators.releases.rows import Runs
from lamsach.indicators.values.mappings import as_mapping, from_mapping
from lamsach.model import Indicator, IndicatorType, Problem, Reference
from tests.indicators.writers.sample import FROM, NOW, SAMPLE, UNTIL

Paths = tuple[Path, Path]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    private = tmp_path_factory.mktemp("keys") / "ministry.key"
    return private, keys.new_key(private)


def written(pair: Paths, items: list[Indicator] | None = None, **facts: object) -> bytes:
    stream = io.BytesIO()
    chosen = SAMPLE if items is None else items
    statement = {"name": "campaign", "version": 7, "made": NOW, **facts}
    write_release(stream, chosen, keys.private_key(pair[0]), **statement)  # type: ignore[arg-type]
    return stream.getvalue()


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "list.zip"
    path.write_bytes(data)
    return path


def test_the_digest_equals_a_hunts() -> None:
    builder = Builder()
    builder.extend(reversed([*SAMPLE, SAMPLE[0]]))
    assert list_digest(SAMPLE) == builder.compiled().digest
    assert list_digest([replace(item, threat="x", reference=None) for item in SAMPLE]) == list_digest(SAMPLE)
    assert list_digest(SAMPLE[1:]) != list_digest(SAMPLE)


def test_a_release_states_its_facts_and_returns_its_values(pair: Paths, tmp_path: Path) -> None:
    path = saved(tmp_path, written(pair, previous="ab" * 32, note="Công văn 123", tlp="amber"))
    found = read_release(path, [keys.public_key(pair[1])])
    statement = found.manifest
    assert (statement.name, statement.version, statement.made, statement.count) == (
        "campaign",
        7,
        "2026-03-01T07:00:00Z",
        len(SAMPLE),
    )
    assert (statement.digest, statement.previous, statement.note, statement.tlp) == (
        list_digest(SAMPLE),
        "ab" * 32,
        "Công văn 123",
        "amber",
    )
    assert statement.expires == "2026-12-31T23:00:00Z"
    assert statement.by_source == {"annex.pdf": 12, "Sở TT&TT": 1, "Trung tâm CNTT": 1} or sum(
        (statement.by_source or {}).values()
    ) == len(SAMPLE)
    assert sorted(found.indicators, key=str) == sorted(SAMPLE, key=str)
    assert found.signer == keys.fingerprint(keys.public_key(pair[1]))


def test_the_same_list_gives_the_same_release(pair: Paths) -> None:
    assert written(pair) == written(pair, [*reversed(SAMPLE)])


def test_a_release_is_a_list_with_document_page_and_row(pair: Paths, tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        written(
            pair,
            [
                replace(
                    SAMPLE[3],
                    reference=Reference("/home/u/annex.pdf", 2, 7),
                    other_references=(Reference("C:\\lists\\b.xlsx", 1, 3),),
                )
            ],
        ),
    )
    problems: list[Problem] = []
    contents = read_lists([str(path)], problems.append)
    assert not problems
    assert not contents.refusals
    (found,) = contents.indicators
    assert found.reference == Reference(f"{path}!annex.pdf", 2, 7)
    assert found.other_references == (Reference(f"{path}!b.xlsx", 1, 3),)
    assert (found.value, found.threat, found.tlp, found.valid_from, found.valid_until) == (
        "203.0.113.5",
        "Mirai",
        "green",
        FROM,
        UNTIL,
    )
    assert set(MEMBERS) == RELEASE_MEMBERS


def test_a_hunt_states_the_digest_of_its_release(pair: Paths, tmp_path: Path) -> None:
    path = saved(tmp_path, written(pair))
    statement = read_release(path, [keys.public_key(pair[1])]).manifest
    assert load_lists([str(path)]).summary.digest == statement.digest


def test_another_key_is_refused(pair: Paths, tmp_path: Path) -> None:
    other = keys.new_key(tmp_path / "other.key")
    path = saved(tmp_path, written(pair))
    with pytest.raises(InputError) as caught:
        read_release(path, [keys.public_key(other)])
    assert caught.value.what == "The release was not signed by any of the keys given."
    assert read_release(path, [keys.public_key(other), keys.public_key(pair[1])]).manifest.count == len(
        SAMPLE
    )


def changed(data: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return stream.getvalue()


def resigned(text: bytes) -> bytes:
    record = json.loads(text)
    raw = bytearray(base64.b64decode(record["signature"]))
    raw[0] ^= 1
    record["signature"] = base64.b64encode(bytes(raw)).decode()
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    ("member", "change", "what"),
    [
        ("indicators.jsonl", lambda text: text.replace(b"bot-c2.xyz", b"bot-c3.xyz"),
         "The values were changed after the release was signed."),
        ("indicators.jsonl", lambda text: text + b" ",
         "The values were changed after the release was signed."),
        ("manifest.json", lambda text: text.replace(b'"count": 15', b'"count": 16'),
         "The release was changed after it was signed."),
        ("manifest.json", lambda _: b"{}", "The release was changed after it was signed."),
        ("signature.json", resigned, "The release was changed after it was signed."),
        ("signature.json", lambda _: b"{}", "The signature of the release is damaged."),
        ("signature.json", lambda _: b"[1]", "The signature of the release is damaged."),
        ("signature.json", lambda _: b'{"signature": "%%", "key": 1}',
         "The signature of the release is damaged."),
    ],
)  # fmt: skip
def test_changed_content_is_refused(
    pair: Paths, tmp_path: Path, member: str, change: Callable[[bytes], bytes], what: str
) -> None:
    path = saved(tmp_path, changed(written(pair), member, change))
    with pytest.raises(LamsachError) as caught:
        read_release(path, [keys.public_key(pair[1])])
    assert caught.value.what == what


def signed_anew(pair: Paths, statement: dict[str, object], text: str) -> bytes:
    """Return a release with a valid signature and inconsistent content."""
    key = keys.private_key(pair[0])
    manifest = json.dumps(statement)
    signature = base64.b64encode(key.sign(release.PREFIX + manifest.encode())).decode()
    stream = io.BytesIO()
    release.save_zip(
        stream,
        [
            ("manifest.json", [manifest]),
            ("indicators.jsonl", [text]),
            ("signature.json", [json.dumps({"signature": signature, "key": ""})]),
        ],
    )
    return stream.getvalue()


def test_an_inconsistent_signed_release_is_refused(pair: Paths, tmp_path: Path) -> None:
    import hashlib

    data = written(pair)
    statement = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("manifest.json"))
    text = zipfile.ZipFile(io.BytesIO(data)).read("indicators.jsonl").decode()
    key = [keys.public_key(pair[1])]
    cases: list[tuple[dict[str, object], str, str]] = [
        ({"count": 3}, text, "The values do not fit what the release says of them."),
        ({"digest": "0" * 64}, text, "The values do not fit what the release says of them."),
        ({"schema": "lamsach-list-9"}, text, "The release is of a kind that this version does not know."),
        ({"unknown": 1}, text, "The manifest of the release is damaged."),
        ({}, "{}\n", "A value of the release cannot be read."),
        ({}, "[" * 100_000, "A value of the release cannot be read."),
    ]
    for change, content, what in cases:
        record = {**statement, "indicators_sha256": hashlib.sha256(content.encode()).hexdigest(), **change}
        path = saved(tmp_path, signed_anew(pair, record, content))
        with pytest.raises(LamsachError) as caught:
            read_release(path, key)
        assert caught.value.what == what


def test_files_that_are_no_release(pair: Paths, tmp_path: Path) -> None:
    key = [keys.public_key(pair[1])]
    with pytest.raises(UnreadableError):
        read_release(tmp_path / "none.zip", key)
    with pytest.raises(UnreadableError, match="no release"):
        read_release(saved(tmp_path, b"PK\x03\x04 nothing"), key)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("manifest.json", "{}")
    with pytest.raises(UnreadableError, match="no release"):
        read_release(saved(tmp_path, stream.getvalue()), key)


def test_a_bomb_is_refused(pair: Paths, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in MEMBERS:
            archive.writestr(name, b" " * 20_000_000)
    with pytest.raises(LimitError):
        read_release(saved(tmp_path, stream.getvalue()), [keys.public_key(pair[1])])


@given(place=st.integers(0, 3000), byte=st.integers(1, 255))
@settings(max_examples=40, deadline=None)
def test_any_changed_byte_is_refused_or_harmless(
    pair: Paths, tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    data = bytearray(written(pair))
    data[place % len(data)] ^= byte
    path = saved(tmp_path_factory.mktemp("r"), bytes(data))
    try:
        found = list(read_release(path, [keys.public_key(pair[1])]).indicators)
    except LamsachError as error:
        found = SAMPLE if error.what in VIETNAMESE else []
    assert sorted(found, key=str) == sorted(SAMPLE, key=str)


def test_key_files_are_protected(tmp_path: Path) -> None:
    private = tmp_path / "a.key"
    public = keys.new_key(private, "mật khẩu")
    assert private.stat().st_mode & 0o077 == 0
    with pytest.raises(OutputError):
        keys.new_key(private)
    with pytest.raises(InputError, match="do not go together"):
        keys.private_key(private)
    with pytest.raises(InputError, match="password is another"):
        keys.private_key(private, "falsch")
    assert keys.private_key(private, "mật khẩu")
    with pytest.raises(InputError, match="only the signer"):
        keys.public_key(private)
    with pytest.raises(InputError, match="no public key"):
        keys.public_key(saved(tmp_path, b"nothing"))
    with pytest.raises(UnreadableError):
        keys.public_key(tmp_path / "none")
    assert keys.fingerprint(keys.public_key(public)).startswith("SHA256:")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(InputError, match="Ed25519"):
        keys.private_key(saved(tmp_path, private))
    with pytest.raises(InputError, match="Ed25519"):
        keys.public_key(saved(tmp_path, public))


def test_the_difference_of_two_lists() -> None:
    before = [SAMPLE[0], SAMPLE[1], SAMPLE[3]]
    after = [replace(SAMPLE[0], reference=None), replace(SAMPLE[3], tlp="red", valid_until=None), SAMPLE[4]]
    found = list(changes(Runs(before), Runs(after)))
    assert [(change, item.value, facts) for change, item, _, facts in found] == [
        ("removed", "a_b.mal-cdn.top", ()),
        ("same", "bot-c2.xyz", ()),
        ("added", "198.51.100.77", ()),
        ("changed", "203.0.113.5", ("valid_until", "tlp")),
    ]
    assert {change for change, *_ in changes(Runs(SAMPLE), Runs(SAMPLE))} == {"same"}


@pytest.mark.parametrize("item", SAMPLE)
def test_mappings_round_trip(item: Indicator) -> None:
    whole = replace(item, other_references=(Reference("b.txt", None, 3),))
    assert from_mapping(json.loads(json.dumps(as_mapping(whole)))) == whole


@pytest.mark.parametrize("change",
    [{"type": "x"}, {"value": 3}, {"threat": []}, {"valid_from": "2026-01-01"}, {"valid_from": "x"},
     {"confidence": "x"}, {"reference": {}}, {"reference": 3}])  # fmt: skip
def test_a_mapping_that_is_no_indicator(change: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_mapping({**as_mapping(SAMPLE[0]), **change})


def test_the_digest_of_many_equals_that_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [Indicator(IndicatorType.DOMAIN, f"bot-{number % 400}.xyz") for number in range(900)]
    few = list_digest(items)
    monkeypatch.setattr("lamsach.indicators.releases.rows.MAX_SORTED_IN_PYTHON", 10)
    assert list_digest(items) == few
    assert list_digest(items[:400]) == few, "each value counts once"
    assert list_digest(items[:399]) != few
