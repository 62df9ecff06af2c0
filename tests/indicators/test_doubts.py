"""Context against a value (versions, other fingerprints, detection names), and links to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from lamsach.indicators.judge.mentions import Prose
from lamsach.indicators.lists import read_list
from lamsach.indicators.text.extract import scan
from lamsach.indicators.values import refusals
from lamsach.indicators.values.refusals import Refused
from lamsach.model import Indicator

MD5 = "5f4dcc3b5aa765d61d8327deb882cf98"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Affected: OpenSSL 198.51.0.3", refusals.VERSION),
        ("kernel 5.4.0.1 and 5.4.0.9", refusals.VERSION),
        ("Firefox < 115.0.2.1", refusals.VERSION),
        ("phiên bản 7.2.0.4 của FortiOS", refusals.VERSION),
        ("the version number of the last sample was 1.0.0.9, others", refusals.VERSION),
        ("earlier version numbers were 1.0.0.1 and 1.0.0.8", refusals.VERSION),
        ("ProductVersion, which was 1.0.0.1 in older ones", refusals.VERSION),
        ("phiên bản mới nhất là 2.0.1.7", refusals.VERSION),
        (f"JA3: {MD5}", refusals.OTHER_DIGEST),
        (f"imphash {MD5}", refusals.OTHER_DIGEST),
        (f"signed with serial {MD5}", refusals.OTHER_DIGEST),
        ("Trojan.Win32.Agent.xyz", refusals.DETECTION),
        ("HEUR:Backdoor.Linux.Mirai.top", refusals.DETECTION),
    ],
)
def test_a_doubt_refuses_with_its_reason(text: str, reason: str) -> None:
    found = list(scan(text))
    assert found
    assert {item.reason for item in found if isinstance(item, Refused)} == {reason}
    assert all(isinstance(item, Refused) for item in found)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Windows machines called 203.0.113.5", "203.0.113.5"),
        ("before the attack 203.0.113.5 was silent", "203.0.113.5"),
        ("the server of the new version is 203.0.113.5", "203.0.113.5"),
        ("this version was fetched from 5.9.1.7", "5.9.1.7"),
        (f"MD5: {MD5}", MD5),
        (f"file hash {MD5}", MD5),
        ("trojan.agent.bot-c2.xyz", "trojan.agent.bot-c2.xyz"),
    ],
)
def test_ordinary_words_raise_no_doubt(text: str, value: str) -> None:
    assert [item[1] for item in scan(text) if not isinstance(item, Refused)] == [value]


@pytest.mark.parametrize(
    ("line", "is_listed"),
    [
        ("Chi tiết xem tại: https://news.bot-info.net/a", False),
        ("The tool is available at https://tool.bot-info.net/a", False),
        ("The loader then fetches hxxp://bot-c2[.]xyz/a and runs it", True),
        ("https://bot-c2.xyz/a", True),
    ],
)
def test_links_to_read_are_mentioned(line: str, is_listed: bool) -> None:
    found = Prose(advisory=True).line(line)
    assert any(not isinstance(item, Refused) for item in found) is is_listed


def test_clickable_links_of_a_defanging_author_are_references() -> None:
    sentence = "Our partners at www.bot-info.net wrote of it in https://www.bot-info.net/report this spring"
    free, marked = Prose(advisory=True), Prose(advisory=True, defangs=True)
    assert any(not isinstance(item, Refused) for item in free.line(sentence))
    assert all(isinstance(item, Refused) for item in marked.line(sentence))
    assert not isinstance(marked.line("bot-c2.xyz")[0], Refused)


def test_a_sentence_continues_on_the_next_line() -> None:
    prose = Prose(advisory=True)
    assert prose.line("Phần mềm gỡ mã độc được cung cấp tại") == []
    (found,) = prose.line("https://tools.bot-info.net/remover")
    assert isinstance(found, Refused)
    assert found.reason is refusals.REFERENCE


def test_a_form_on_lines_of_their_own_states_the_type() -> None:
    prose = Prose(advisory=True)
    lines = [
        "Attribute #1",
        "Type",
        "link",
        "Value",
        "https://bot-c2.xyz/a",
        "Attribute #2",
        "Type",
        "url",
        "Value",
        "https://bot-c2.xyz/b",
    ]
    found = [
        item for line in lines for item in prose.line(line) if not isinstance(item, Refused) or item.type
    ]
    assert isinstance(found[0], Refused)
    assert found[0].reason is refusals.UNSUPPORTED_TYPE
    assert not isinstance(found[1], Refused)


_TABLES = [
    # a list's first line with MD5 in it is no heading
    (f"MD5: {MD5}, SHA1: {MD5}01234567\n", {MD5, f"{MD5}01234567"}),
    # DShield's block list
    ("#\n# columns (tab delimited)\nStart\tEnd\tNetblock\tAttacks\n203.0.113.0\t203.0.113.255\t24\t30\n",
     {"203.0.113.0/24"}),
    # AlienVault's reputation list
    (("203.0.113.3#4#2#Malicious Host#CN#Beijing#39.9,116.3#3\n"
      "203.0.113.4#4#2#Scanning Host#CN##35.0,105.0#11\n"), {"203.0.113.3", "203.0.113.4"}),
    # the publisher's own page in a row without headings
    (("## (c) Example Lists - lists-by-us.net\n"
      "bot-c2.xyz,Domain of a bot,2024-01-01 00:00,http://osint.lists-by-us.net/bot.txt\n"
      "evil-b.xyz,Domain of a bot,2024-01-01 00:00,http://osint.lists-by-us.net/b.txt\n"),
      {"bot-c2.xyz", "evil-b.xyz"}),
    # camel case headings
    ((f"IndicatorType,IndicatorValue,ExpirationTime,Action\nFileMd5,{MD5},2025-01-01,Block\n"
      f"DomainName,bot-c2.xyz,,Alert\nCertificateThumbprint,{MD5}01234567,,Alert\n"), {MD5, "bot-c2.xyz"}),
    # PhishTank
    (("phish_id,url,phish_detail_url,submission_time,verified,verification_time,online,target\n"
      "1,http://bot-c2.xyz/login,http://www.phish-lists.net/detail.php?phish_id=1,"
      "2024-01-01T00:00:00+00:00,yes,2024-01-01T00:00:00+00:00,yes,Other\n"), {"http://bot-c2.xyz/login"}),
    # a column of domains that holds a URL
    (("domain,ip_address,date\nhttp://www.bot-c2.xyz/a,203.0.113.9,2024-01-01\n"
      "http://drive.google.com/a,203.0.113.8,2024-01-01\n"),
      {"http://www.bot-c2.xyz/a", "www.bot-c2.xyz", "203.0.113.9", "http://drive.google.com/a",
       "203.0.113.8"}),
    # withdrawn decisions
    ('{"new":[{"scope":"Ip","value":"203.0.113.3"}],"deleted":[{"scope":"Ip","value":"203.0.113.4"}]}',
     {"203.0.113.3"}),
    # several URLs on a line, and a mask
    ("hxxp://bot-c2[.]xyz/a.exe,hxxp://bot-c2[.]xyz/b.exehxxp://bot-c2[.]xyz/c.exe\nevil-b.xyz/*\n",
     {"http://bot-c2.xyz/a.exe", "http://bot-c2.xyz/b.exe", "http://bot-c2.xyz/c.exe", "evil-b.xyz"}),
    # a port and a path
    ("bot-c2.xyz:8080/gate.php\n", {"bot-c2.xyz:8080/gate.php"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values"), _TABLES)
def test_lists_as_they_come(tmp_path: Path, text: str, values: set[str]) -> None:
    path = tmp_path / "list.txt"
    real = text.replace("203.0.113.", "45.155.37.")  # reserved addresses would be refused
    path.write_text(real, encoding="utf-8")
    found = {item.value for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)}
    assert found == {value.replace("203.0.113.", "45.155.37.") for value in values}


_MORE = [
    # types that cannot be met in logs
    ((f"Indicator Type,Indicator,Context\nDomain,bot-c2[.]xyz,C2\nJA3,{MD5},\n"
      f"Certificate SHA1,{MD5}01234567,\nImport Hash,{MD5},\nTên tệp,update.zip,\n"
      "File Path,C:\\x\\evil.com,\n"), {"bot-c2.xyz", MD5, "update.zip"}),
    # the headings in a comment have other columns than the rows
    (("## nextvalidation\tdomain\ttype\toriginal_reference-why\tdateverified\n"
      "\t\tbot-c2.xyz\tphishing\topenphish.com\t20160527\n"
      "20160601\tevil-b.xyz\tmalicious\tsafebrowsing.google.com\t20160527\n"), {"bot-c2.xyz", "evil-b.xyz"}),
    # a record with the digests of other things
    (('{"family_id":"d8b0bdbf07a62a1dd1455ff1c5f19b45","ip":"45.155.37.7",'
      '"ssl_cert_issued_to":"*.evil-b.xyz","ssl_cert_serial":"5D41402ABC4B2A76B9719D911017C592",'
      '"url":"https://bot-c2.xyz/a"}\n'), {"45.155.37.7", "https://bot-c2.xyz/a"}),
    ("2016-11-18 19:38:00\tsip=45.155.37.7\tdport=2323\n2016-11-18 19:39:00\tsip=45.155.37.8\tdport=23\n",
     {"45.155.37.7", "45.155.37.8"}),
    ("# DShield\n# IP\tReports\tTargets\tFirst Seen\n045.155.037.007 \t4\t4\t2016-01-01\n", {"45.155.37.7"}),
    ('zone "bot-c2.xyz" {type master; file "/etc/namedb/blocked.hosts";};\n', {"bot-c2.xyz"}),
    (("#category|address|asn|timestamp|optional_information|asninfo\n"
      "phishing|45.155.37.9|64496|2019-03-22 11:18:52|http://bot-c2.xyz/login|AS Example\n"),
      {"45.155.37.9", "http://bot-c2.xyz/login"}),
    ("Evil corp:45.155.37.0-45.155.37.255\nBad:45.156.0.0-45.156.0.255\n",
     {"45.155.37.0/24", "45.156.0.0/24"}),
    ("access-list 101 deny ip 45.155.37.0 0.0.0.255 any\nroute 45.156.0.0 255.255.0.0 Null0\n",
     {"45.155.37.0/24", "45.156.0.0/16"}),
    ("#Botnet server found: 45.155.37[.]3:443 and bot-c2[.]xyz today\n# bot-off.xyz\n",
     {"45.155.37.3", "bot-c2.xyz"}),
    # a dispatch with a table among its paragraphs, whose headings promise nothing of the lines below
    (("Cục ATTT (www.ais.gov.vn) cảnh báo. Chi tiết xem tại https://tin.bot-info.net\n"
      "STT | Địa chỉ IP | Cổng\n1 | 45.155.37.7 | 443\n2 | 45.155.37[.]8 | 80\n2. Tên miền\n"
      f"- bot-c2[.]xyz\n- evil-b[.]xyz (giả mạo dichvucong.gov.vn)\na) MD5: {MD5} (tệp a.exe)\n"
      "hxxps://evil-c[.]xyz/a\n"),
      {"45.155.37.7", "45.155.37.8", "bot-c2.xyz", "evil-b.xyz", MD5, "https://evil-c.xyz/a"}),
    # a report's own link, next to its listed values
    (('{"report":{"title":"a","url":"https://blog.bot-info.net/a","iocs":[{"ioc_type":"domain",'
      '"ioc":"bot-c2[.]xyz"},{"ioc_type":"IPv4","ioc":"45.155.37.7"}]}}'), {"bot-c2.xyz", "45.155.37.7"}),
    (("Domain Name: BOT-C2.XYZ\nRegistrar URL: http://www.registrar-a.com\n"
      "Registrar WHOIS Server: whois.registrar-a.com\nName Server: NS1.EVIL-DNS.XYZ\n"),
      {"bot-c2.xyz", "ns1.evil-dns.xyz"}),
    (f"host=bot-c2.xyz\nurl=http://evil-b.xyz/a\nkey={MD5}\n", {"bot-c2.xyz", "http://evil-b.xyz/a"}),
    # values that a list allows
    ("bot-c2.xyz\n\nWhitelist\n\ngood-a.xyz\n45.155.37.9\n\nDomains\n\nevil-b.xyz\n",
     {"bot-c2.xyz", "evil-b.xyz"}),
    (('{"version":2,"blacklist":["bot-c2.xyz"],"whitelist":["good-a.xyz"],'
      '"allowed_domains":[{"value":"good-b.xyz"}],"domains":{"exceptions":["good-c.xyz"],'
      '"listed":["evil-b.xyz"]}}'), {"bot-c2.xyz", "evil-b.xyz"}),
    # a name after a file's hash or label, also below titles of one cell
    (f"{MD5} (update.net)\nMD5: {MD5[::-1]} FileName: kit.net C2: bot-c2.xyz\n",
     {MD5, MD5[::-1], "bot-c2.xyz"}),
    (f"Network,,\nDomain,bot-c2.xyz,C2\nFiles,,\nMD5,{MD5},a.exe\nFile name,setup.com,\n",
     {"bot-c2.xyz", MD5}),
    ("bot-c2.xyz\n//evil-b.xyz/a\n", {"bot-c2.xyz", "evil-b.xyz/a"}),
    ("# IoC\n[bot-c2\\[.\\]xyz](https://opentip.kaspersky.com/bot-c2.xyz/)\n", {"bot-c2.xyz"}),
    (('{"type":"bundle","objects":[{"type":"indicator","pattern":"[url:value LIKE '
      '\'http://bot-c2.xyz/a/%\' OR domain-name:value LIKE \'%.evil-b.xyz\']"}]}'),
      {"http://bot-c2.xyz/a", "evil-b.xyz"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values"), _MORE)
def test_more_lists_as_they_come(tmp_path: Path, text: str, values: set[str]) -> None:
    path = tmp_path / "list"
    path.write_text(text, encoding="utf-8")
    assert {
        item.value for item in read_list(str(path), lambda problem: None) if isinstance(item, Indicator)
    } == values


def test_a_page_does_not_list_its_own_site_or_menu(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        "<html><head><title>Bot-Info.net | news</title></head><body><nav><a>menu-site.net</a></nav>"
        "<p>Bot-info.net tells of bot-c2.xyz in this text.</p><table><tr><td>evil-b.xyz</td></tr>"
        "</table></body></html>"
    )
    found = list(read_list(str(path), lambda problem: None))
    assert {item.value for item in found if isinstance(item, Indicator)} == {"bot-c2.xyz", "evil-b.xyz"}
    assert "bot-info.net" in {item.value for item in found}
