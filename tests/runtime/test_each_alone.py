"""Each extra alone: features work in a process in which all other packages are hidden."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from bench.evtx_builder import Record, full_chunks, strings
from lamsach.errors import ExitStatus
from lamsach.logs.binary.evtx.records import header_of
from tests.cli.command_runner import Ran, bind_line, write_list, write_log
from tests.indicators.document_samples import pdf
from tests.logs import capture_builder as capture
from tests.ports import free_port

from .absent import lamsach_without, modules_outside

ENGLISH = {"LANG": "en"}


def ran(extra: str, *arguments: object, folder: Path, code: str | None = None, **variables: str) -> Ran:
    """Run a command in the folder, in an installation with one extra alone."""
    more = {} if code is None else {"code": code}
    absent = modules_outside(*filter(None, extra.split(",")))
    return lamsach_without(absent, *arguments, folder=folder, variables={**ENGLISH, **variables}, **more)


def _lists(folder: Path) -> list[Path]:
    book = openpyxl.Workbook()
    book.active.append(["STT", "Tên miền"])
    book.active.append([1, "b.evil.example"])
    book.save(folder / "annex.xlsx")
    (folder / "annex.pdf").write_bytes(pdf([["1. c.evil.example", "2. 198.51.100.9"]]))
    return [write_list(folder / "list.txt", "a.evil.example"), folder / "annex.xlsx", folder / "annex.pdf"]


def _logs(folder: Path) -> list[Path]:
    logs = folder / "logs"
    logs.mkdir()
    (logs / "dns.log").write_text(bind_line("192.168.1.1", "a.evil.example") + "\n")
    query = strings(QueryName="b.evil.example", QueryResults="", User="UNIT\\an")
    chunks = list(full_chunks([Record(22, query, computer="PC-MINH")]))
    (logs / "sysmon.evtx").write_bytes(header_of(len(chunks)) + b"".join(chunks))
    question = capture.udp(40000, 53, capture.question("c.evil.example"))
    frame = capture.ethernet(capture.ip("192.168.1.3", "192.168.9.9", 17, question))
    (logs / "net.pcap").write_bytes(capture.pcap([frame]))
    (logs / "proxy.csv").write_text(
        "time,src_ip,dst_ip,host\n2024-03-01T10:00:00Z,192.168.1.4,198.51.100.9,www.good.example\n"
    )
    (logs / "events.json").write_text(
        json.dumps(
            {"timestamp": "2024-03-01T10:00:00Z", "src_ip": "192.168.1.5", "dns_query": "a.evil.example"}
        )
        + "\n"
    )
    return sorted(logs.iterdir())


def test_the_hunt_alone_takes_and_writes_every_kind_of_the_core(tmp_path: Path) -> None:
    lists = [word for path in _lists(tmp_path) for word in ("-i", path)]
    results = [tmp_path / f"found.{kind}" for kind in ("html", "xlsx", "csv", "jsonl", "zip")]
    outputs = [word for path in results for word in ("-o", path)]
    ended = ran("", "hunt", *_logs(tmp_path), *lists, *outputs, folder=tmp_path)
    assert ended.status == ExitStatus.FOUND, ended.errors
    assert all(path.stat().st_size > 500 for path in results)
    records = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert records[0]["indicator_list"]["count"] == 4
    devices = {record.get("ip") or record.get("name") for record in records if record["record"] == "device"}
    assert {f"192.168.1.{number}" for number in (1, 3, 4, 5)} | {"PC-MINH"} <= devices
    assert ended.errors == [] or all("Written" in line or "report" in line for line in ended.errors)


def _found(ended: Ran) -> None:
    assert ended.status == ExitStatus.FOUND, (ended.errors, ended.out)


def test_review_works_with_its_extra_alone(tmp_path: Path) -> None:
    ended = ran(
        "review",
        "indicators",
        "review",
        write_list(tmp_path / "list.txt", "chinhphu.vn", "ask.com"),
        folder=tmp_path,
    )
    _found(ended)
    assert "MISP tranco10k" in ended.out


def test_column_files_work_with_their_extra_alone(tmp_path: Path) -> None:
    log, events = write_log(tmp_path / "dns.log"), tmp_path / "events.parquet"
    _found(ran("tables", "logs", "read", log, "-o", events, folder=tmp_path))
    _found(ran("tables", "hunt", events, "-i", write_list(tmp_path / "list.txt"), folder=tmp_path))


def test_reports_work_with_their_extra_alone(tmp_path: Path) -> None:
    log, bundle = write_log(tmp_path / "dns.log"), tmp_path / "findings.zip"
    _found(ran("docs", "hunt", log, "-i", write_list(tmp_path / "list.txt"), "-o", bundle, folder=tmp_path))
    results = [tmp_path / f"report.{kind}" for kind in ("docx", "pdf", "xlsx")]
    outputs = [word for path in results for word in ("-o", path)]
    _found(ran("docs", "report", "--unit", "Phòng A", "--findings", bundle, *outputs, folder=tmp_path))
    assert [path.read_bytes()[:2] for path in results] == [b"PK", b"%P", b"PK"]


def test_sealing_works_with_its_extra_alone(tmp_path: Path) -> None:
    log, words = write_log(tmp_path / "dns.log"), ("-i", write_list(tmp_path / "list.txt"))
    public = ran("seal", "keys", "new", tmp_path / "key", folder=tmp_path).out.strip()
    outputs = ("-o", tmp_path / "found.html.age", "--seal-to", public)
    _found(ran("seal", "hunt", log, *words, *outputs, folder=tmp_path))
    assert (tmp_path / "found.html.age").read_bytes().startswith(b"age-encryption.org/v1\n")


_TESSERACT = """#!/bin/sh
if [ "$1" = --list-langs ]; then echo vie; exit; fi
read -r kind wide high most < "$1"
if [ "$kind $wide $high $most" = "P5 2480 3509 255" ]; then echo "C2 203.0.113[.]5"; fi
"""
"""Stand-in for tesseract: output for a picture of an A4 page at 300 dpi."""


def test_ocr_draws_the_page_without_poppler(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "tesseract").write_text(_TESSERACT)
    (programs / "tesseract").chmod(0o755)
    (tmp_path / "scan.pdf").write_bytes(pdf([None]))
    ended = ran(
        "ocr", "indicators", "read", tmp_path / "scan.pdf", "--ocr", folder=tmp_path, PATH=str(programs)
    )
    _found(ended)
    assert '"value": "203.0.113.5"' in ended.out


def test_the_scanner_works_with_its_extra_alone(tmp_path: Path) -> None:
    (tmp_path / "rules.yar").write_text('rule planted { strings: $a = "planted for a test" condition: $a }')
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "a.bin").write_bytes(b"planted for a test")
    ended = ran(
        "scanner",
        "scan",
        folder,
        "--rules",
        tmp_path / "rules.yar",
        "-o",
        tmp_path / "scan.json",
        folder=tmp_path,
    )
    _found(ended)
    assert "planted" in (tmp_path / "scan.json").read_text()


_PORTAL = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "lamsach.portal.settings"
import django, granian.server
django.setup()
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.test import Client
settings.MIGRATION_MODULES = {
    app.label: None for app in apps.get_app_configs()
}  # the tables at once, not step by step
call_command("migrate", run_syncdb=True, verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
print(Client().get("/", follow=True, headers={"host": "localhost"}).status_code)
"""


def test_the_portal_answers_with_its_extra_alone(tmp_path: Path) -> None:
    ended = ran("portal", folder=tmp_path, code=_PORTAL, LAMSACH_DATA=str(tmp_path / "data"))
    assert (ended.status, ended.out.strip()) == (0, "200"), ended.errors


def test_postgres_beside_the_portal(tmp_path: Path) -> None:
    address = f"postgres://a:b@127.0.0.1:{free_port()}/lamsach"
    ended = ran(
        "portal,postgres", "serve", folder=tmp_path, LAMSACH_DATA=str(tmp_path / "data"), DATABASE_URL=address
    )
    assert ended.status == ExitStatus.USAGE
    assert len(ended.errors) == 1
    assert "The database does not answer." in ended.errors[0]


_KAFKA = """
from lamsach.collect.kafka import Subscription, consumer_of
from confluent_kafka import Producer
broker = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none"})
servers = ",".join(f"{one.host}:{one.port}" for one in broker.list_topics(timeout=20).brokers.values())
reader = consumer_of(Subscription(servers, ("a",)))
broker.produce("a", b"line")
broker.flush(20)
reader.subscribe(["a"])
print(reader.poll(30).value().decode())
reader.close()
"""
_S3 = """
import fsspec
from lamsach.cli import main
assert type(fsspec.filesystem("s3", anon=True)).__module__.startswith("s3fs")
main(sys.argv[1:])
"""
_CLUSTER = """
from distributed import LocalCluster
from lamsach.cli import main
with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
    main([*sys.argv[1:], "--scheduler", cluster.scheduler_address])
"""
_SIGN = """
from datetime import UTC, datetime, timedelta
import io
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pypdf import PdfWriter
from lamsach.channels.edxml.markup import document
from lamsach.channels.xml_signature import load_signer, sign, verify
from lamsach.letters.signature import sign_pdf
key, name = (
    rsa.generate_private_key(65537, 2048),
    x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A")]),
)
now = datetime.now(UTC)
made = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(7)
)
made = (
    made.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(9)).sign(key, hashes.SHA256())
)
file = pkcs12.serialize_key_and_certificates(
    b"a", key, made, None, serialization.BestAvailableEncryption(b"secret")
)
plain, writer = io.BytesIO(), PdfWriter()
writer.add_blank_page(100, 100)
writer.write(plain)
print(b"ETSI.CAdES.detached" in sign_pdf(plain.getvalue(), file, "secret"))
print(verify(sign(document(), load_signer(file, "secret")), [made]).verdict)
"""


@pytest.mark.parametrize(
    ("extra", "code", "output"), [("kafka", _KAFKA, "line"), ("sign", _SIGN, "True\nvalid")]
)
def test_kafka_and_signatures(extra: str, code: str, output: str, tmp_path: Path) -> None:
    ended = ran(extra, folder=tmp_path, code=code)
    assert (ended.status, ended.out.strip()) == (0, output), ended.errors


@pytest.mark.parametrize(("extra", "code"), [("s3", _S3), ("cluster", _CLUSTER)])
def test_the_hunt_far_away(extra: str, code: str, tmp_path: Path) -> None:
    log = write_log(tmp_path / "dns.log").as_uri()
    _found(ran(extra, "hunt", log, "-i", write_list(tmp_path / "list.txt"), folder=tmp_path, code=code))
