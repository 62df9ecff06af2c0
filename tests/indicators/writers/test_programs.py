"""Third-party programs accept the outputs, long and hostile ones."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from functools import partial
from pathlib import Path

import pymisp
import pytest
import stix2
import yara_x
from sigma.backends.elasticsearch import LuceneBackend
from sigma.collection import SigmaCollection

from lamsach.indicators.writers import BY_NAME
from lamsach.model import Indicator
from tests.programs import in_ci

from .long_lists import digest, ipv6_address, listed
from .programs import program, run
from .sample import SAMPLE, T, exported, text_of

pytestmark = pytest.mark.programs

MANY = 100_000 if in_ci() else 10_000
SOME = 10_000 if in_ci() else 1_000
"""Number of names and of addresses for programs that would need half a minute with MANY."""
long_lists = pytest.mark.parametrize("count", [SOME, pytest.param(50_000, marks=pytest.mark.soak)])


def written(name: str, folder: Path, count: int) -> Path:
    """Write a file with at least so many values."""
    more = {
        "clamav_hdb": partial(digest, T.MD5),
        "clamav_hsb": partial(digest, T.SHA256),
        "ip6tables": ipv6_address,
    }
    items = [*SAMPLE, *map(more[name], range(count))] if name in more else listed(count)
    export = exported(BY_NAME[name], items)
    assert export.stamp.count >= count
    path = folder / ("lamsach" + export.writer.suffix)
    with path.open("wb") as stream:
        export.save(stream)
    return path


def check_accepted(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("rpz", ("named-checkzone", "lamsach.rpz", "FILE")),
        ("unbound", ("unbound-checkconf", "FILE")),
        ("dnsmasq", ("dnsmasq", "--test", "-C", "FILE")),
        ("clamav_hdb", ("clamscan", "-d", "FILE", "FILE")),
        ("clamav_hsb", ("clamscan", "-d", "FILE", "FILE")),
    ],
)
def test_a_long_list_is_accepted(name: str, command: tuple[str, ...], tmp_path: Path) -> None:
    program(command[0])
    path = written(name, tmp_path, MANY)
    check_accepted(run(command[0], *(path if word == "FILE" else word for word in command[1:])))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("nftables", ("nft", "-c", "-f", "FILE")),
        ("iptables", ("iptables-restore", "--test", "FILE")),
        ("ip6tables", ("ip6tables-restore", "--test", "FILE")),
    ],
)
def test_rules_of_the_kernel_are_accepted(name: str, command: tuple[str, ...], tmp_path: Path) -> None:
    path = written(name, tmp_path, MANY)
    words = [program(command[0]), *(str(path) if word == "FILE" else word for word in command[1:])]
    done = run("unshare", "--map-root-user", "--net", *words)
    if "unshare" in done.stderr:
        pytest.skip("the machine gives tests no network of their own")
    check_accepted(done)


def test_squid_accepts_the_lists(tmp_path: Path) -> None:
    program("squid")
    path = written("squid", tmp_path, MANY)
    settings = tmp_path / "squid.conf"
    settings.write_text(f"include {path}\nhttp_access allow all\nhttp_port 127.0.0.1:3128\n")
    done = run("squid", "-k", "parse", "-f", settings)
    check_accepted(done)
    assert "WARNING" not in done.stderr, done.stderr[-2000:]
    assert "ERROR" not in done.stderr


@long_lists
def test_suricata_accepts_the_rules(count: int, tmp_path: Path) -> None:
    program("suricata")
    path = written("suricata", tmp_path, count)
    check_accepted(run("suricata", "-T", "-S", path, "-l", tmp_path))


def test_suricata_accepts_the_datasets(tmp_path: Path) -> None:
    program("suricata")
    zipfile.ZipFile(written("suricata_datasets", tmp_path, MANY)).extractall(tmp_path)
    rules = tmp_path / "lamsach.rules"
    check_accepted(
        run("suricata", "-T", "-S", rules, "-l", tmp_path, "--set", f"default-rule-path={tmp_path}")
    )


def test_clamscan_finds_a_listed_file(tmp_path: Path) -> None:
    program("clamscan")
    (tmp_path / "bad.bin").write_bytes(b"a file that is listed")
    for name, kind in (("clamav_hdb", T.MD5), ("clamav_hsb", T.SHA256)):
        digest = hashlib.new(kind.value, b"a file that is listed").hexdigest()
        export = exported(BY_NAME[name], [Indicator(kind, digest, "Mirai")])
        base = tmp_path / f"lamsach{export.writer.suffix}"
        base.write_text(text_of(export))
        done = run("clamscan", "-d", base, tmp_path / "bad.bin")
        assert "Lamsach.Mirai.UNOFFICIAL FOUND" in done.stdout, done.stdout


def test_yara_finds_a_listed_file() -> None:
    data = b"a file that is listed"
    digests = [
        Indicator(kind, hashlib.new(kind.value, data).hexdigest()) for kind in (T.MD5, T.SHA1, T.SHA256)
    ]
    rules = yara_x.compile(text_of(exported(BY_NAME["yara"], digests)))
    assert len(rules.scan(data).matching_rules) == 3
    assert not rules.scan(data + b".").matching_rules
    many = [digest(kind, number) for number in range(MANY // 3 + 1) for kind in (T.MD5, T.SHA1, T.SHA256)]
    long = yara_x.compile(text_of(exported(BY_NAME["yara"], many)))
    assert not long.scan(data).matching_rules


@long_lists
def test_a_stix_validator_accepts_the_bundle(count: int) -> None:
    """Object by object, so that a hundred thousand need only their text's memory; the bundle with a few."""
    few = stix2.parse(text_of(exported(BY_NAME["stix"], listed(50))), allow_custom=False, version="2.1")
    assert len([item for item in few.objects if item.type == "indicator"]) > 20
    objects = json.loads(text_of(exported(BY_NAME["stix"], listed(count))))["objects"]
    for item in objects:
        stix2.parse(item, allow_custom=False, version="2.1")
    assert sum(item["type"] == "indicator" for item in objects) > count


def test_pymisp_accepts_the_event() -> None:
    export = exported(BY_NAME["misp"], listed(MANY // 2))
    event = pymisp.MISPEvent()
    event.load(text_of(export))
    assert [attribute.value for attribute in event.attributes] == [item.value for item in export.items]


def test_sigmas_own_library_reads_and_converts_the_rules() -> None:
    items = [*SAMPLE, *listed(SOME // 10)]
    rules = SigmaCollection.from_yaml(text_of(exported(BY_NAME["sigma"], items)), collect_errors=True)
    assert rules.errors == []
    names, connections, requests, files = LuceneBackend().convert(rules)
    for query, kinds in (
        (names, (T.DOMAIN,)),
        (connections, (T.IP, T.NETWORK)),
        (requests, (T.DOMAIN, T.URL)),
        (files, (T.MD5, T.SHA1, T.SHA256)),
    ):
        plain = query.replace("\\", "").casefold()
        wanted = {item.value.casefold() for item in items if item.type in kinds and item.type is not T.URL}
        assert [value for value in wanted if value not in plain] == []
