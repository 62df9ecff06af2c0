"""The command for the malware report, and signing keys in files and on tokens."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from lamsach.channels.avreport.entries import gather
from lamsach.channels.avreport.report_xml import write
from lamsach.channels.token_key import parts_of, token_signer
from lamsach.channels.xml_signature import verify
from lamsach.errors import ExitStatus, InputError, UnreadableError, UsageError
from tests.cli.command_runner import Ran, called, lamsach
from tests.programs import require_program
from tests.rows import each_row

from .centre import Centre, fits
from .sample_reports import MARCH, OWN, report


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
