"""The malware report: a period's bundles, each way of naming, the schema, and sending."""

from __future__ import annotations

import hashlib
import json
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from lamsach.channels.avreport import tables
from lamsach.channels.avreport.delivery import TRIES, Outcome, check_address, outcome_of, send
from lamsach.channels.avreport.entries import BLIND, PARTIAL, Period, gather
from lamsach.channels.avreport.model import FIELDS, Entry, Gathered, Machine, Naming, Part, Report, pseudonym
from lamsach.channels.avreport.report_xml import write
from lamsach.channels.edxml.model import Organ
from lamsach.channels.token_key import parts_of, token_signer
from lamsach.channels.xml_signature import verify
from lamsach.errors import ExitStatus, InputError, OutputError, UnreadableError, UsageError
from lamsach.model import DeviceState, Role
from lamsach.runtime.web_client import WebClient
from lamsach.scanner.findings import Area, Finding, Level, Target, TargetKind
from tests.cli.command_runner import Ran, called, lamsach
from tests.programs import require_program
from tests.rows import each_row

from .centre import BROKEN, SILENT, Centre, centre, fits
from .edxml_samples import signer
from .sample_bundles import DAY, START, contact, file_found, hunt, machine, scan

OWN = signer("Don vi A")
MARCH = Period(START, START + timedelta(days=30))
UNIT = Organ("H37.DN.001", "Trung tâm Công nghệ thông tin & truyền thông")
KEY = bytes(range(32))
NS = {"q": "http://www.mic.gov.vn/TBT/QCVN_102_2016"}
PC = "mac:02:00:00:00:00:01"


@pytest.fixture
def bundles(tmp_path: Path) -> list[Path]:
    """Bundles of a hunt and a scan of the same machine, and machines that are not to be reported."""
    devices = [
        machine(PC, "PC-01"),
        machine("name:SRV", "SRV", "192.0.2.8", DeviceState.BLOCKED),
        machine("ip:192.0.2.9", None, "192.0.2.9", DeviceState.RESOLVED),
        machine("unattributed:x", None, "192.0.2.10", DeviceState.UNATTRIBUTED),
        machine("name:LATER", "LATER", "192.0.2.11"),
    ]
    contacts = [
        contact(PC, "198.51.100.9"),
        contact(PC, "evil.example"),
        contact(PC, "inbound.example", role=Role.INBOUND),
        contact("name:SRV", "198.51.100.9"),
        contact("ip:192.0.2.9", "evil.example"),
        contact("unattributed:x", "evil.example"),
        contact("name:LATER", "evil.example", date(2026, 10, 2)),
    ]
    found = [
        *(file_found(number) for number in range(3)),
        file_found(9, "Doubtful", Level.SUSPICIOUS),
        Finding(Area.CONNECTION, Level.MALICIOUS, "listed_connection", "chrome.exe -> 203.0.113.5:443",
            {"place": "x", "status": "ESTABLISHED"}, "", "203.0.113.5", "Botnet Ví Dụ",
            Target(TargetKind.PROCESS, "x", sha256="b" * 64)),
        Finding(Area.PROTECTION, Level.SUSPICIOUS, "protection_off", r"HKLM\x\DisableRealtimeMonitoring"),
    ]  # fmt: skip
    return [hunt(tmp_path / "hunt.zip", devices, contacts), scan(tmp_path / "scan.zip", found=found)]


def report(gathered: Gathered, naming: Naming = Naming.NAMES, **changes: Any) -> Report:
    return replace(Report(UNIT, MARCH.since, MARCH.until, MARCH.until, gathered, naming, KEY), **changes)


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


# --- sending ------------------------------------------------------------------------------------------------


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Centre]:
    with centre(tmp_path, OWN) as made:
        yield made


def client(receiver: Centre, timeout_s: float = 10) -> WebClient:
    return WebClient(timeout_s, ssl.create_default_context(cafile=receiver.certificate), "")


def test_a_report_is_sent_until_the_centre_has_it_once(receiver: Centre, bundles: list[Path]) -> None:
    document, waited = write(report(gather(bundles, MARCH)), OWN), []
    receiver.plan = [500, 503, BROKEN, 429]
    receipt = send(document, receiver.url, client(receiver), waited.append)
    assert (receipt.status, receipt.sha256) == (200, hashlib.sha256(document).hexdigest())
    assert receipt.sha256 in receipt.answer
    assert waited == [2, 4, 8, 16]
    assert set(receiver.requests) == {document}
    assert (len(receiver.accepted), receiver.repeated) == (1, 4), (
        "an answer that was lost makes no second report"
    )


def test_a_centre_that_says_nothing_is_asked_again(receiver: Centre, bundles: list[Path]) -> None:
    receiver.plan = [SILENT]
    document = write(report(gather(bundles, MARCH)), OWN)
    assert send(document, receiver.url, client(receiver, 1.0), lambda _: None).status == 200
    assert len(receiver.accepted) == 1


def test_a_refusal_is_stored_and_not_repeated(receiver: Centre, bundles: list[Path]) -> None:
    gathered = gather(bundles, MARCH)
    for document, status in (
        (write(report(gathered), signer("Don vi B")), 401),
        (write(report(gathered)), 401),
        (write(report(gathered), OWN).replace(b"evil.example", b"good.example"), 401),
        (write(report(gathered), OWN).replace(b"Datetime", b"DateTime"), 422),
    ):
        receiver.requests.clear()
        receipt = send(document, receiver.url, client(receiver), lambda _: None)
        assert (receipt.status, len(receiver.requests)) == (status, 1)
        assert json.loads(receipt.as_json())["answer"] == receipt.answer != ""
    assert not receiver.accepted


def test_a_centre_out_of_order_ends_with_one_error(receiver: Centre) -> None:
    receiver.plan = [500] * 99
    with pytest.raises(OutputError, match="could not be reached"):
        send(b"<a/>", receiver.url, client(receiver), lambda _: None)
    assert len(receiver.requests) == TRIES
    with pytest.raises(OutputError):
        send(b"<a/>", receiver.url, WebClient(5, ssl.create_default_context(), ""), lambda _: None)


def test_addresses_and_answers() -> None:
    for wrong in ("http://centre.example/", "ftp://127.0.0.1/", "centre.example", ""):
        with pytest.raises(UsageError):
            check_address(wrong)
    check_address("http://127.0.0.1:1/")
    assert [outcome_of(status) for status in (200, 202, 0, 503, 408, 400, 302)] == [
        *[Outcome.TAKEN] * 2,
        *[Outcome.LATER] * 3,
        *[Outcome.REFUSED] * 2,
    ]


# --- the command --------------------------------------------------------------------------------------------


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "unit.p12"
    private: Any = OWN.key
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"k", private, OWN.certificates[0], None, BestAvailableEncryption(b"secret")
        )
    )
    monkeypatch.setenv("LAMSACH_KEY_PASSWORD", "secret")
    return path


def command(bundles: list[Path], *more: object) -> tuple[object, ...]:
    given_bundles = [word for path in bundles for word in ("--findings", path)]
    return ("report", "--to", "avreport", "--unit", "Trung tâm A", *given_bundles, "--since", "2026-09-01",
        "--until", "2026-09-30", *more)  # fmt: skip


def test_the_command_writes_signs_sends_and_stores_the_receipt(
    bundles: list[Path], key_file: Path, receiver: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(receiver.certificate))
    monkeypatch.setenv("LANG", "en")
    folder = tmp_path / "out"
    folder.mkdir()
    words = command(bundles, "--names", "--organ-id", "H37.DN.001", "--sign-with", key_file, "-o", folder,
        "--send", receiver.url)  # fmt: skip
    ran: Ran = lamsach(*words)
    assert ran.status == 0, ran.errors
    (document,) = receiver.accepted.values()
    path = folder / "avreport-20261001T000000.xml"
    assert path.read_bytes() == document
    receipt = json.loads((folder / "avreport-20261001T000000.xml.receipt.json").read_text())
    assert (receipt["status"], receipt["sha256"]) == (200, hashlib.sha256(document).hexdigest())
    output = "\n".join(ran.errors)
    assert "Machines in the report: 2" in output
    assert "left out: Vulnerability" in output
    assert "left out of the report: 1" in output
    again = lamsach(*words)
    assert (again.status, len(receiver.requests)) == (0, 1), "the same report does not go twice"
    receiver.plan = [403]
    refused = lamsach(*command(bundles, "--counts-only", "--sign-with", key_file, "-o", tmp_path / "a.xml",
        "--send", receiver.url))  # fmt: skip
    assert refused.status == ExitStatus.OUTPUT
    assert "403" in refused.errors[-1]
    assert json.loads((tmp_path / "a.xml.receipt.json").read_text())["status"] == 403
    assert "secret" not in output + "\n".join(refused.errors)


def test_the_unit_has_to_choose_and_nothing_searched_is_no_report(
    bundles: list[Path], key_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a.xml"
    for more, error in (
        ((), UsageError),
        (("--names", "--counts-only"), UsageError),
        (("--names", "--send", "http://centre.example/"), UsageError),
        (("--names", "--sign-with", tmp_path / "none.p12"), UnreadableError),
        (("--names", "--sign-with", "pkcs11:object=k"), UsageError),
        (("--names", "--since", "2026-12-01", "--until", "2026-12-05"), InputError),
    ):
        assert isinstance(called(*command(bundles, *more, "-o", out)).exception, error), more
    assert isinstance(called(*command(bundles, "--names", "-o", tmp_path / "a.docx")).exception, UsageError)
    assert isinstance(called(*command([], "--names", "-o", out)).exception, UsageError)
    assert not out.exists()
    assert called(*command(bundles, "--pseudonyms", "-o", out)).exception is None
    assert fits(out.read_bytes())


# --- tokens -------------------------------------------------------------------------------------------------


def test_a_key_on_a_token_signs(bundles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = require_program("softhsm2-util")
    above = Path(tool).resolve().parents[1] / "lib"
    module = next(
        path for place in ("softhsm", "*/softhsm") for path in above.glob(f"{place}/libsofthsm2.so")
    )
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm.conf").write_text(
        f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
    private: Any = OWN.key
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat

    (tmp_path / "k.pem").write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for words in (("--init-token", "--free", "--label", "don vi", "--so-pin", "1234", "--pin", "5678"),
        ("--import", tmp_path / "k.pem", "--token", "don vi", "--label", "khoa", "--id", "01", "--pin",
         "5678")):  # fmt: skip
        subprocess.run([tool, "--module", module, *words], check=True, capture_output=True)
    import pkcs11

    with pkcs11.lib(str(module)).get_token(token_label="don vi").open(user_pin="5678", rw=True) as session:
        attributes = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.constants.CertificateType.X_509,
            pkcs11.Attribute.LABEL: "khoa",
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.SUBJECT: OWN.certificates[0].subject.public_bytes(),
            pkcs11.Attribute.VALUE: OWN.certificates[0].public_bytes(Encoding.DER),
        }
        session.create_object(attributes)
    address = f"pkcs11:token=don%20vi;object=khoa?module-path={module}"
    document = write(report(gather(bundles, MARCH)), token_signer(address, "5678"))
    assert verify(document, OWN.certificates).verdict == "valid"
    for wrong, pin in (
        (address, "0000"),
        (address.replace("khoa", "khac"), "5678"),
        (address.replace("don", "xx"), "5678"),
    ):
        with pytest.raises(InputError) as caught:
            token_signer(wrong, pin)
        assert pin not in str(caught.value)


@each_row("address",
    ["pkcs11:", "pkcs11:token=a", "pkcs11:token=a?module-path=", "token=a?module-path=b",
     "pkcs11:token=a;pin-value=1?module-path=b"])  # fmt: skip
def test_addresses_of_keys_that_are_refused(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        parts_of(address)
    assert "pin-value=1" not in str(caught.value)
