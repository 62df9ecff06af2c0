"""The malware report: a period's bundles, each way of naming, the schema, the tables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from lamsach.channels.avreport import tables
from lamsach.channels.avreport.entries import BLIND, PARTIAL, Period, gather
from lamsach.channels.avreport.model import FIELDS, Entry, Gathered, Machine, Naming, Part, pseudonym
from lamsach.channels.avreport.report_xml import write
from lamsach.channels.xml_signature import verify
from lamsach.errors import InputError, UnreadableError

from .centre import fits
from .sample_bundles import DAY, START, hunt, scan
from .sample_reports import KEY, MARCH, OWN, report

NS = {"q": "http://www.mic.gov.vn/TBT/QCVN_102_2016"}


def test_bundles_give_the_facts_of_the_period(bundles: list[Path]) -> None:
    gathered = gather(bundles, MARCH)
    assert {(entry.part, entry.machine_key, entry.values) for entry in gathered.entries} == {
        (Part.MALWARE, "pc-01", ("Botnet Ví Dụ", "Botnet", "Kết nối đến địa chỉ độc hại", "", "")),
        (Part.MALWARE, "pc-01", ("XMRig miner", "Miner", "Tệp khớp mẫu nhận diện mã độc", "", "3")),
        (Part.CONNECTION, "pc-01", ("", "", "", "198.51.100.9")),
        (Part.CONNECTION, "pc-01", ("", "", "", "evil.example")),
        (Part.CONNECTION, "pc-01", ("chrome.exe", "", "b" * 64, "203.0.113.5")),
        (Part.CONNECTION, "srv", ("", "", "", "198.51.100.9")),
        (Part.OS, "pc-01", ("Windows 10", "")),
        (Part.QUALITY, "pc-01", ("false", "")),
    }
    assert (gathered.machines, gathered.unattributed, gathered.not_updated, gathered.sources) == (2, 1, 1, 2)
    assert gathered.absent == ("Vulnerability",)
    assert gathered.warnings == ()


def test_unexamined_parts_are_absent(tmp_path: Path) -> None:
    only_hunt = hunt(
        tmp_path / "hunt.zip", [], [], blind_days=(("FW", DAY + timedelta(days=1)),), partial=True
    )
    gathered = gather([only_hunt], MARCH)
    assert gathered.absent == ("Malware", "Connection", "Vulnerability", "OS", "QualityFeature", "Update")
    assert gathered.warnings == tuple(sorted((BLIND, PARTIAL)))
    assert gather([only_hunt], Period(START + timedelta(days=60), START + timedelta(days=90))).sources == 0
    clean = scan(tmp_path / "scan.zip", checks=["protection"])
    assert not [entry for entry in gather([clean], MARCH).entries if entry.part is Part.QUALITY], (
        "no word is not 'on'"
    )
    old = Period(START + timedelta(days=20), START + timedelta(days=30))
    assert (gather([clean], old).not_updated, gather([clean], old).sources) == (1, 0)
    newer = scan(tmp_path / "newer.zip", START + timedelta(days=25))
    assert gather([clean, newer], old).not_updated == 0


def test_order_and_repetition_of_bundles_change_nothing(bundles: list[Path]) -> None:
    expected = gather(bundles, MARCH)
    assert gather([*reversed(bundles), *bundles], MARCH).entries == expected.entries
    assert write(report(expected)) == write(report(gather(bundles[::-1], MARCH)))


def shown(document: bytes) -> dict[str, list[tuple[str, str]]]:
    root = etree.fromstring(document)
    return {
        part: [(item.get("ip"), item.get("name")) for item in root.findall(f".//q:{part}/q:Machine", NS)]
        for part in Part
    }


def test_each_way_of_naming_reveals_no_more_than_stated(bundles: list[Path]) -> None:
    gathered = gather(bundles, MARCH)
    secrets = (b"PC-01", b"pc-01", b"SRV", b"192.0.2.", b"02:00:00", b"\\an", b"Users")
    names = write(report(gathered))
    assert shown(names)[Part.CONNECTION] == [("192.0.2.7", "PC-01"), ("192.0.2.8", "SRV")]
    hidden = write(report(gathered, Naming.PSEUDONYMS))
    first = pseudonym(KEY, "pc-01")
    assert shown(hidden)[Part.CONNECTION] == sorted([("", first), ("", pseudonym(KEY, "srv"))])
    assert shown(hidden)[Part.MALWARE] == [("", first)]
    assert pseudonym(bytes(32), "pc-01") != first
    counts = write(report(gathered, Naming.COUNTS))
    assert shown(counts)[Part.CONNECTION] == [("", "")] * 4
    for document in (hidden, counts):
        assert [word for word in secrets if word in document] == []
    assert first.encode() not in counts
    assert all(map(fits, (names, hidden, counts)))
    with pytest.raises(ValueError, match="key"):
        write(report(gathered, Naming.PSEUDONYMS, key=b""))


def test_the_document_is_the_facts(bundles: list[Path]) -> None:
    root = etree.fromstring(write(report(gather(bundles, MARCH)), OWN))
    tags = [etree.QName(element).localname for element in root.find(".//q:AVReport", NS)]
    assert tags == ["Datetime", "Malware", "Connection", "OS", "Update", "QualityFeature"]
    assert root.findtext(".//q:Datetime", "", NS) == str(int(MARCH.until.timestamp()))
    assert root.find(".//q:AVReport", NS).get("name") == "Lamsach"
    assert root.findtext(".//q:From/q:OrganId", "", NS) == "H37.DN.001"
    (header,) = root.findall("q:edXMLHeader", NS)
    assert [etree.QName(element).localname for element in header] == ["MessageHeader", "Signature"]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(Part)),
            st.lists(st.text(max_size=20), min_size=5, max_size=5),
            st.sampled_from("abc"),
        ),
        max_size=8,
    ),
    st.sampled_from(list(Naming)),
    st.none() | st.integers(0, 9),
)
def test_written_reports_fit_the_schema_and_read_back(rows: Any, naming: Naming, old: int | None) -> None:
    free = {"MalwareName", "TargetIP", "Name", "OSName", "MalwareType", "Program"}
    entries = set()
    for part, texts, key in rows:
        values = tuple(
            "x" + text if name in free else "" for name, text in zip(FIELDS[part][1], texts, strict=False)
        )
        if part is Part.QUALITY or (
            part is Part.OS and any((one.part, one.machine_key) == (part, key) for one in entries)
        ):
            continue
        entries.add(Entry(part, values, key, Machine("192.0.2.1", f"name-{key}<&\x00>")))
    document = write(report(Gathered(frozenset(entries), old), naming), OWN)
    assert fits(document)
    assert verify(document, OWN.certificates).verdict == "valid"
    root = etree.fromstring(document)
    infos = [one for part in Part for one in root.findall(f".//q:{part}/q:Machine/q:*", NS)]
    assert len(infos) == sum(
        len(list(filter(None, one.values))) if one.part is Part.OS else 1 for one in entries
    )


def test_the_schema_refuses_else(bundles: list[Path]) -> None:
    document = write(report(gather(bundles, MARCH))).decode()
    for old, new in (
        ("<Datetime>", "<Datetime>x"),
        ("<TargetIP>evil.example</TargetIP>", ""),
        ("<Connection>", "<Connection><Machine/>"),
        ('ip="192.0.2.7" ', ""),
        ("b" * 64, "b" * 63),
        ("<NumberFile>3", "<NumberFile>0"),
        ("AVReport", "AvReport"),
        ("QCVN_102_2016", "QCVN_102_2017"),
        ("<AutoProtect>false", "<AutoProtect>perhaps"),
    ):
        assert old in document
        assert not fits(document.replace(old, new).encode()), (old, new)
    assert fits(document.encode())


def test_an_administrator_corrects_the_tables(
    bundles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tables.toml").write_text(
        '[report]\nproduct = "Phần mềm A"\n[malware_types]\nminer = "Đào tiền ảo"\n[names]\nSha2 = "SHA256"\n'
    )
    monkeypatch.setenv(tables.VARIABLE, str(tmp_path / "tables.toml"))
    document = write(report(gather(bundles, MARCH))).decode()
    assert 'AVReport name="Phần mềm A"' in document
    assert "<MalwareType>Đào tiền ảo<" in document
    assert "<SHA256>" in document
    for number, wrong in enumerate(
        ("[other]\na = 'b'\n", "[report]\nproduct = 5\n", "report = 1", "not toml")
    ):
        (tmp_path / f"{number}.toml").write_text(wrong)
        monkeypatch.setenv(tables.VARIABLE, str(tmp_path / f"{number}.toml"))
        with pytest.raises(InputError, match="tables for the malware report"):
            tables.tables()


def test_a_bundle_of_another_shape_is_one_clear_error(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.zip")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(path.read_bytes()[:-30])
    for wrong in (broken, Path(__file__), tmp_path / "none.zip"):
        with pytest.raises(UnreadableError):
            gather([wrong], MARCH)
