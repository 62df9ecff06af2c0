"""Odd layouts of lists: delimiters and encodings, merged and split cells, pages, service records."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest

from lamsach.indicators.lists import read_list
from lamsach.model import Indicator, Problem
from tests.indicators.builders import archive, sheet, workbook
from tests.indicators.document_samples import docx, opendocument, paragraph, pdf, word_table


class Layout(NamedTuple):
    name: str
    data: bytes
    values: frozenset[str]
    may: frozenset[str]
    """Values that may be accepted or not."""


LAYOUTS: list[Layout] = []


def case(name: str, data: str | bytes, values: str, may: str = "") -> None:
    encoded = data if isinstance(data, bytes) else data.encode()
    LAYOUTS.append(Layout(name, encoded, frozenset(values.split()), frozenset(may.split())))


def sha256(digit: str) -> str:
    return digit * 62 + "01"


def sha1(digit: str) -> str:
    return digit * 38 + "01"


def md5(digit: str) -> str:
    return digit * 30 + "01"


def mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "A <a@mic.gov.vn>", "it@unit.gov.vn", "Danh sach IP"
    message["Received"] = "from mx.relay-x.com (203.0.113.5)"
    message.set_content(
        "Kính gửi đơn vị,\nDanh sách trong tệp đính kèm. Xem thêm tại https://ncsc.gov.vn.\n"
        "C2: evil-m1[.]site\n-- \nTrung tâm, www.ncsc.gov.vn"
    )
    message.add_alternative(
        '<html><body><p>C2: evil-m1[.]site</p><img src="https://track.mail-x.com/p.gif"></body></html>',
        subtype="html",
    )
    message.add_attachment(
        b"STT,IP\n1,203.0.113.201\n2,203.0.113.202\n",
        maintype="text",
        subtype="csv",
        filename="Danh sách.csv",
    )
    message.add_attachment(
        archive({"a.txt": "evil-m2.site\nevil-m3.site\n"}),
        maintype="application",
        subtype="zip",
        filename="x.zip",
    )
    return message.as_bytes()


# CSV oddities
case(
    "pipe.csv",
    "Indicator|Type|Notes\n203.0.113.1|IPv4|a;b\nevil-p1.site|Domain|x,y\n",
    "203.0.113.1 evil-p1.site",
)
case(
    "caret.csv",
    "ip^domain^hash\n203.0.113.2^evil-p2.site^{}\n203.0.113.3^^\n".format(md5("a")),
    "203.0.113.2 evil-p2.site 203.0.113.3 " + md5("a"),
)
case(
    "utf16.csv",
    "STT;Địa chỉ IP;Tên miền\r\n1;203.0.113.4;evil-p3.site\r\n2;203.0.113.5;\r\n".encode("utf-16"),
    "203.0.113.4 203.0.113.5 evil-p3.site",
)
case(
    "utf16be.tsv",
    b"\xfe\xff" + "Tên miền\tGhi chú\nevil-p4.site\tMã độc\nevil-p5.site\t\n".encode("utf-16-be"),
    "evil-p4.site evil-p5.site",
)
case(
    "cp1258.csv",
    "STT,Địa chỉ,Mô tả\n1,203.0.113.6,Mã độc\n2,evil-p6.site,Lừa đảo\n".encode("cp1258", "ignore"),
    "203.0.113.6 evil-p6.site",
)
case("bom_sep.csv", "\ufeffsep=;\nIP;Port\n203.0.113.7;443\n203.0.113.8;80\n", "203.0.113.7 203.0.113.8")
case(
    "quoted_newlines.csv",
    (
        '"indicator","note"\n"evil-p7.site","line 1\nline 2, see https://www.virustotal.com/x"\n'
        '"203.0.113.9, 203.0.113.10","two"\n'
    ),
    "evil-p7.site 203.0.113.9 203.0.113.10",
)
case(
    "single_quotes.csv",
    "'ip','asn'\n'203.0.113.11','AS1'\n'203.0.113.12','AS2'\n",
    "203.0.113.11 203.0.113.12",
)
case(
    "spaces.txt",
    "IP Address      Port   Family\n203.0.113.13       443    Qakbot\n203.0.113.14       995    Qakbot\n",
    "203.0.113.13 203.0.113.14",
)
case(
    "ipport.csv",
    "ip_address,port,malware\n203.0.113.15:443,443,Dridex\n[2001:db8::15]:443,443,Dridex\n",
    "203.0.113.15 2001:db8::15",
)
case(
    "wide.csv",
    (
        "#,Threat,SHA256,SHA1,MD5,C2 IP,C2 Domain,URL,First seen\n"
        "1,X,{},{},{},203.0.113.16,evil-p8.site,hxxp://evil-p8[.]site/a,2024-01-01\n"
    ).format(sha256("b"), sha1("b"), md5("b")),
    " ".join([sha256("b"), sha1("b"), md5("b"), "203.0.113.16", "evil-p8.site", "http://evil-p8.site/a"]),
)
case("cr_only.csv", "ip,note\r203.0.113.17,a\r203.0.113.18,b\r", "203.0.113.17 203.0.113.18")
case(
    "tabs_in_txt.txt",
    "domain\tevil-p9.site\nip\t203.0.113.19\nsha1\t{}\n".format(sha1("c")),
    "evil-p9.site 203.0.113.19 " + sha1("c"),
)
case(
    "misp_export.csv",
    (
        "uuid,event_id,category,type,value,comment,to_ids,date\n"
        '"5a","1","Network activity","ip-dst","203.0.113.20","",1,1500000000\n'
        '"5b","1","Payload delivery","filename|sha256","a.exe|{}","",1,1500000000\n'
        '"5c","1","External analysis","link","https://blog.x.com/a","",0,1500000000\n'
        '"5d","1","Payload delivery","email-src","a@evil.site","",1,1\n'
    ).format(sha256("d")),
    "203.0.113.20 a@evil.site " + sha256("d"),
)
case(
    "otx.csv",
    (
        "Indicator type,Indicator,Description\nIPv4,203.0.113.21,\nhostname,www.evil-p10.site,\n"
        "FileHash-SHA256,{},\nCVE,CVE-2020-1,\nURL,http://evil-p10.site/x,\nemail,a@b.site,\nYARA,abc,\n"
    ).format(sha256("e")),
    "203.0.113.21 a@b.site www.evil-p10.site http://evil-p10.site/x " + sha256("e"),
)
case(
    "misp_digests.csv",
    "uuid,type,value\na,filename|imphash,x.exe|{}\nb,filename|md5,x.exe|{}\n".format(md5("1"), md5("2")),
    md5("2"),
)
case(
    "file_facts.csv",
    (
        "file name,x.exe\nmd5,{}\nimphash,{}\ncompany,vendor-x.com\ndescription,x.vendor-y.com\n"
        "c2,evil-p11.site\n"
    ).format(md5("1"), md5("2")),
    "evil-p11.site " + md5("1"),
)
case(
    "several_in_cells.csv",
    (
        "#comment\n2026-01-01,203.0.113.70;203.0.113.71,evil-p12.site\n"
        "2026-01-02,203.0.113.72|203.0.113.73,evil-p13.site\n"
    ),
    "203.0.113.70 203.0.113.71 203.0.113.72 203.0.113.73 evil-p12.site evil-p13.site",
)
case(
    "threat_column.csv",
    "Threat ID,Threat,Type,Severity\n1,https://evil-p14.site/x,url,1\n",
    "https://evil-p14.site/x",
)
case("hash_of_file.txt", "a.exe: {}\nb.dll: {}\n".format(md5("3"), md5("4")), f"{md5('3')} {md5('4')}")
case(
    "name_address.txt",
    "evil-p15.site: 203.0.113.74\nevil-p16.site: 203.0.113.75\n",
    "evil-p15.site evil-p16.site 203.0.113.74 203.0.113.75",
)
case("hosts_ports.txt", "203.0.113.76:80,203.0.113.77:443\n", "203.0.113.76 203.0.113.77")
case(
    "links_of_services.json",
    json.dumps(
        {
            "next": "https://feeds.vendor-x.com/v1/pulses?page=2",
            "data": "HTTP/1.1 301\r\nLocation: https://shop-x.com/",
            "crawler": sha1("5"),
            "vendor_intel": {"ANY.RUN": [{"analysis_url": "https://app.any.run/tasks/1"}]},
            "reportURL": "https://urlscan.io/result/x/",
            "authentihash": sha256("6"),
            "threat": {"indicator": {"file": {"hash": {"sha256": sha256("7")}}}},
            "ip_str": "203.0.113.78",
        }
    ),
    "203.0.113.78 " + sha256("7"),
)
case(
    "two_documents.json",
    '{\n "ip": "203.0.113.79"\n}\n{\n "ip": "203.0.113.80"\n}\n',
    "203.0.113.79 203.0.113.80",
)
case(
    "dns_record.xml",
    (
        '<stix:STIX_Package xmlns:stix="s" xmlns:c="c" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="d" xmlns:u="u" '
        'xmlns:a="a"><stix:Indicators><stix:Indicator><c:Properties '
        'xsi:type="d:DNSRecordObjectType"><d:Domain_Name><u:Value>evil-s1.site</u:Value></d:Domain_Name>'
        "<d:IP_Address><a:Address_Value>203.0.113.81</a:Address_Value></d:IP_Address></c:Properties>"
        "</stix:Indicator></stix:Indicators></stix:STIX_Package>"
    ),
    "evil-s1.site 203.0.113.81",
)
case(
    "download_history.ioc",
    (
        '<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><definition><Indicator '
        'operator="OR"><IndicatorItem id="a"><Context document="FileDownloadHistoryItem" '
        'search="FileDownloadHistoryItem/SourceURL"/><Content '
        'type="string">http://evil-s2.site/x.exe</Content></IndicatorItem></Indicator></definition></ioc>'
    ),
    "http://evil-s2.site/x.exe",
)
case(
    "cells_on_lines.adoc",
    (
        '= Foo\n\nIt is like http://vendor-x.com/post/[the report].\n\n[options="header"]\n|===\n'
        "|SHA-1 |File |Details\n\n|`{}`\n|`x.com`\n|Seen at hoster-x.com\n\n|`{}`\n|`y.dll`\n|-\n|===\n\n"
        '[cols="1,1,2"]\n|===\na|Domain\na|IP\n|Details\n\n|`a.evil-k3[.]site` +\n'
        "`evil-k4[.]site`|`203.0.113.82` +\n`203.0.113.83`|2026\n|===\n"
    ).format(sha1("1"), sha1("2")),
    f"{sha1('1')} {sha1('2')} a.evil-k3.site evil-k4.site 203.0.113.82 203.0.113.83",
)
case(
    "quoted_urls.txt",
    '"http://evil-u1.site/a/","http://evil-u2.site/b/"\nhttp://evil-u3.site/a/*http://evil-u4.site/b\n',
    "http://evil-u1.site/a http://evil-u2.site/b http://evil-u3.site/a http://evil-u4.site/b",
)
case(
    "piece_of_page.txt",
    '<script src="https://evil-u5.site/x.js"></script>\n<iframe src="https://evil-u6.site/f">\n',
    "https://evil-u5.site/x.js https://evil-u6.site/f",
)
case(
    "own_site.html",
    (
        '<!doctype html><html><head><link rel="canonical" href="https://www.vendor-q.com/post/1"></head>'
        "<body><p>https://www.vendor-q.com/about</p><p>other.vendor-q.com</p><p>evil-u7[.]site</p></body>"
        "</html>"
    ),
    "evil-u7.site",
)
case(
    "intelmq.csv",
    (
        '"time.source","source.ip","source.fqdn","source.geolocation.cc","malware.name","feed",'
        '"feed.documentation","event_description.url"\n'
        '"2026-01-01","203.0.113.84","evil-p17.site","VN","mirai","F","https://docs.vendor-x.com/a",'
        '"https://vendor-x.com/b"\n'
    ),
    "203.0.113.84 evil-p17.site",
)
case("names.csv", "SHA-1;Name;Detection\n{};setup.com;Win32/X\n".format(sha1("8")), sha1("8"))
case(
    "feed.rss",
    (
        "<rss><channel><link>https://feed-x.com</link><atom:link xmlns:atom='a' "
        "href='https://feed-x.com/rss' rel='self'/><item><title>evil-w1.site/x.exe "
        "(2026)</title><link>https://feed-x.com/1</link><description>Host: evil-w2.site, IP address: "
        "203.0.113.85, MD5: {}</description></item></channel></rss>"
    ).format(md5("9")),
    "evil-w1.site/x.exe evil-w2.site 203.0.113.85 " + md5("9"),
)
case(
    "records.ndjson",
    '{"type":"indicator","indicator":{"name":"203.0.113.86","type":"ipv4"}}\n{"ioc":"evil-w3.site"}\n',
    "203.0.113.86 evil-w3.site",
)
case(
    "patterns_within.json",
    json.dumps({"value": [{"properties": {"pattern": "[ipv4-addr:value = '203.0.113.87']"}}]}),
    "203.0.113.87",
)
case(
    "trail.txt",
    "# Reference: https://www.vendor-x.com/post\n\nevil-w4.site\nhttp://203.0.113.88\nevil-w5.site/panel\n",
    "evil-w4.site http://203.0.113.88 evil-w5.site/panel",
)
case(
    "sandbox.json",
    json.dumps({"Summary": {"Subject": {"md5": md5("7"), "Name": "x.com.exe"}, "tags": ["vendor-x.com"]}}),
    md5("7"),
)
case(
    "report_in_event.json",
    json.dumps(
        {
            "Event": {
                "info": "x",
                "Attribute": [
                    {
                        "type": "url",
                        "category": "External analysis",
                        "to_ids": False,
                        "value": "https://blog-x.com/a",
                    },
                    {
                        "type": "url",
                        "category": "Network activity",
                        "to_ids": False,
                        "value": "http://evil-w6.site/a",
                    },
                    {"type": "md5", "category": "External analysis", "to_ids": False, "value": md5("6")},
                ],
            }
        }
    ),
    "",
)
case(
    "report_in_bundle.json",
    json.dumps(
        {
            "type": "bundle",
            "objects": [
                {
                    "type": "observed-data",
                    "labels": [f'misp:category="{category}"'],
                    "objects": {"0": {"type": "url", "value": url}},
                }
                for category, url in (
                    ("External analysis", "https://blog-x.com/a"),
                    ("Network activity", "http://evil-w7.site/a"),
                )
            ],
        }
    ),
    "http://evil-w7.site/a",
)
case(
    "source_above.csv",
    (
        "Foo Campaign IOCs,,\nSource: https://www.vendor-q.com/x,,\n,,\nType,Value,Note\n"
        "Domain,evil-p18.site,x\nIP,203.0.113.89,y\n"
    ),
    "evil-p18.site 203.0.113.89",
)
case(
    "data_text.json",
    '{"data": "203.0.113.90, 203.0.113.91\\nevil-w8.site"}',
    "203.0.113.90 203.0.113.91 evil-w8.site",
)
case("dates_look_like_ip.csv", "ip,version,date\n203.0.113.22,1.2.3.4,01.02.2024\n", "203.0.113.22")
# XLSX
case(
    "title_merged.xlsx",
    workbook(
        [
            sheet(
                {
                    1: ["DANH SÁCH ĐỊA CHỈ ĐỘC HẠI"],
                    3: ["TT", "Địa chỉ IP/Tên miền", None, "Loại"],
                    4: [1, "203.0.113.23", None, "Mirai"],
                    5: [2, "evil-x1[.]site", None, "Mozi"],
                    6: [None, "Nguồn: https://khonggianmang.vn"],
                }
            )
        ]
    ),
    "203.0.113.23 evil-x1.site",
)
case(
    "two_tables.xlsx",
    workbook(
        [
            sheet(
                {
                    1: ["IP", None, "Domain"],
                    2: ["203.0.113.24", None, "evil-x2.site"],
                    3: ["203.0.113.25", None, "evil-x3.site"],
                    5: ["Hash"],
                    6: [sha256("f")],
                }
            ),
            sheet({1: ["hxxp://evil-x4[.]site/a"]}),
        ]
    ),
    "203.0.113.24 203.0.113.25 evil-x2.site evil-x3.site http://evil-x4.site/a " + sha256("f"),
)
case(
    "numbers.xlsx",
    workbook(
        [sheet({1: ["STT", "IP", "Port"], 2: [1, "203.0.113.26", 443], 3: [2.0, "203.0.113.27", 8080]})]
    ),
    "203.0.113.26 203.0.113.27",
)
case(
    "many_in_cell.xlsx",
    workbook(
        [
            sheet(
                {
                    1: ["Malware", "IOC"],
                    2: ["Emotet", "203.0.113.28\n203.0.113.29\nevil-x5.site"],
                    3: ["Qakbot", "evil-x6[.]site; evil-x7[.]site"],
                }
            )
        ]
    ),
    "203.0.113.28 203.0.113.29 evil-x5.site evil-x6.site evil-x7.site",
)
case(
    "vertical.xlsx",
    workbook(
        [
            sheet(
                {
                    1: ["Domain", "evil-x8.site", "evil-x9.site"],
                    2: ["IP", "203.0.113.30", "203.0.113.31"],
                    3: ["MD5", md5("1")],
                }
            )
        ]
    ),
    "evil-x8.site evil-x9.site 203.0.113.30 203.0.113.31 " + md5("1"),
)
case(
    "ods.ods",
    opendocument(
        "spreadsheet",
        (
            '<table:table table:name="a"><table:table-row><table:table-cell><text:p>Tên '
            "miền</text:p></table:table-cell><table:table-cell><text:p>IP</text:p></table:table-cell>"
            "</table:table-row><table:table-row><table:table-cell><text:p>evil-o1.site</text:p>"
            "<text:p>evil-o2.site</text:p></table:table-cell><table:table-cell><text:p>203.0.113.32</text:p>"
            "</table:table-cell></table:table-row></table:table>"
        ),
    ),
    "evil-o1.site evil-o2.site 203.0.113.32",
)
# DOCX
case(
    "merged.docx",
    docx(
        paragraph("PHỤ LỤC: DẤU HIỆU NHẬN BIẾT")
        + word_table(
            [
                ["TT", "Mã độc", "Địa chỉ"],
                ["1", "Mirai", "203.0.113.33"],
                ["^", "^", "203.0.113.34"],
                ["2", "Mozi", "evil-w1[.]site\nevil-w2[.]site"],
            ]
        )
        + paragraph("Chi tiết xem tại https://ncsc.gov.vn/tin")
    ),
    "203.0.113.33 203.0.113.34 evil-w1.site evil-w2.site",
)
case(
    "broken_cell.docx",
    docx(
        word_table(
            [
                ["SHA256", "Tên tệp"],
                [sha256("2")[:40] + "\n" + sha256("2")[40:], "a.exe"],
                ["hxxps://evil-w3[.]site/mot-duong-dan/\nrat-dai/tep.php?id=1", "b.js"],
            ]
        )
    ),
    sha256("2") + " https://evil-w3.site/mot-duong-dan/rat-dai/tep.php?id=1",
)
# HTML vendor blog
case(
    "blog.html",
    """<!DOCTYPE html><html><head><title>Inside X | Vendor Blog</title>\
<meta property="og:url" content="https://blog.vendor-x.com/x"></head><body><nav>\
<a href="https://www.vendor-x.com">Home</a> products.vendor-x.com</nav>
<article><h1>Inside X</h1><p>By Analyst, follow us at <a href="https://twitter.com/vx">twitter.com/vx</a>.\
</p><p>The loader contacts <code>evil-h1[.]site</code> and then \
<strong>hxxps://evil-h2[.]site/gate.php</strong>.</p>
<pre>SHA256: {}
203.0.113.35:8080</pre><h2>IOCs</h2><ul><li>evil-h3.site</li><li>203.0.113.36</li></ul>
<table><thead><tr><th>Indicator</th><th>Type</th><th>Description</th></tr></thead><tbody><tr>\
<td rowspan="2">evil-h4<span>[.]</span>site</td><td>Domain</td><td>C2</td></tr><tr><td>URL</td>\
<td>hxxp://evil-h4[.]site/x</td></tr><tr><td colspan="2">{}</td><td>md5 of a.exe</td></tr></tbody>\
</table></article>
<footer>(c) Vendor-X, vendor-x.com. <a href="https://www.linkedin.com/company/vx">LinkedIn</a></footer>\
<script>var a="http://track.analytics-x.com/p";</script></body></html>""".format(sha256("3"), md5("3")),
    (
        "evil-h1.site https://evil-h2.site/gate.php evil-h3.site 203.0.113.35 203.0.113.36 evil-h4.site "
        "http://evil-h4.site/x "
    )
    + sha256("3")
    + " "
    + md5("3"),
)
case(
    "shy.html",
    (
        "<html><body><p>C2: evil-&#8203;h5&shy;[.]si<wbr>te and "
        "203[.]0[.]113[.]251</p><p>evil-h6&#46;site</p></body></html>"
    ),
    "evil-h5.site 203.0.113.251 evil-h6.site",
)
# JSON
case(
    "threatfox_api.json",
    json.dumps(
        {
            "query_status": "ok",
            "data": [
                {
                    "id": "1",
                    "ioc": "203.0.113.37:443",
                    "ioc_type": "ip:port",
                    "threat_type": "botnet_cc",
                    "malware": "win.cobalt_strike",
                    "malware_printable": "Cobalt Strike",
                    "confidence_level": 75,
                    "first_seen": "2024-01-01 00:00:00 UTC",
                    "reference": "https://bazaar.abuse.ch/x",
                    "reporter": "abuse_ch",
                },
                {"ioc": "evil-j1.site", "ioc_type": "domain"},
                {"ioc": sha256("4"), "ioc_type": "sha256_hash"},
            ],
        }
    ),
    "203.0.113.37 evil-j1.site " + sha256("4"),
)
case(
    "threatfox_export.json",
    json.dumps(
        {
            "1": [
                {
                    "ioc_value": "203.0.113.38:80",
                    "ioc_type": "ip:port",
                    "malware_printable": "Mirai",
                    "reference": "https://x.com/a/status/1",
                }
            ],
            "2": [{"ioc_value": "http://evil-j2.site/a", "ioc_type": "url"}],
        }
    ),
    "203.0.113.38 http://evil-j2.site/a",
)
case(
    "feodo_new.json",
    json.dumps(
        [
            {
                "ip_address": "203.0.113.39",
                "port": 443,
                "status": "online",
                "hostname": "vps.provider-x.com",
                "as_number": 1,
                "as_name": "X",
                "country": "US",
                "first_seen": "2024-01-01 00:00:00",
                "last_online": "2024-01-02",
                "malware": "Pikabot",
            }
        ]
    ),
    "203.0.113.39",
)
case(
    "urlhaus_recent.json",
    json.dumps(
        {
            "query_status": "ok",
            "urls": [
                {
                    "id": "1",
                    "urlhaus_reference": "https://urlhaus.abuse.ch/url/1/",
                    "url": "http://203.0.113.40/i",
                    "url_status": "online",
                    "host": "203.0.113.40",
                    "date_added": "2024-01-01",
                    "threat": "malware_download",
                    "blacklists": {"spamhaus_dbl": "not listed", "surbl": "not listed"},
                    "reporter": "x",
                    "tags": ["elf"],
                }
            ],
        }
    ),
    "http://203.0.113.40/i",
)
case(
    "bazaar_api.json",
    json.dumps(
        {
            "query_status": "ok",
            "data": [
                {
                    "sha256_hash": sha256("5"),
                    "sha3_384_hash": "a" * 96,
                    "sha1_hash": sha1("5"),
                    "md5_hash": md5("5"),
                    "file_name": "a.zip",
                    "imphash": md5("6"),
                    "tlsh": "T1",
                    "signature": "AgentTesla",
                    "tags": ["exe"],
                    "intelligence": {"clamav": ["x"]},
                }
            ],
        }
    ),
    " ".join([sha256("5"), sha1("5"), md5("5")]),
)
case(
    "crowdsec.json",
    json.dumps(
        {
            "new": [
                {
                    "duration": "4h",
                    "id": 1,
                    "origin": "CAPI",
                    "scenario": "ssh",
                    "scope": "Ip",
                    "type": "ban",
                    "value": "203.0.113.41",
                }
            ],
            "deleted": [{"value": "203.0.113.42", "scope": "Ip"}],
        }
    ),
    "203.0.113.41",
)
case(
    "stix21.json",
    json.dumps(
        {
            "type": "bundle",
            "id": "bundle--1",
            "objects": [
                {
                    "type": "identity",
                    "id": "identity--1",
                    "name": "X",
                    "contact_information": "https://x.example.com",
                },
                {
                    "type": "indicator",
                    "spec_version": "2.1",
                    "id": "indicator--1",
                    "pattern_type": "stix",
                    "pattern": (
                        "[ipv4-addr:value = '203.0.113.43' OR domain-name:value IN "
                        "('evil-s1.site','evil-s2.site')] FOLLOWEDBY [url:value LIKE "
                        "'http://evil-s3.site/%']"
                    ),
                    "valid_from": "2024-01-01T00:00:00Z",
                },
                {
                    "type": "indicator",
                    "id": "indicator--2",
                    "spec_version": "2.1",
                    "pattern_type": "stix",
                    "pattern": "[file:hashes.'SHA-256' = '{}' AND file:name = 'a.exe']".format(sha256("7")),
                    "valid_from": "2024-01-01T00:00:00Z",
                    "revoked": False,
                },
                {
                    "type": "indicator",
                    "id": "indicator--3",
                    "pattern_type": "stix",
                    "pattern": (
                        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = "
                        "'203.0.113.44' AND network-traffic:dst_port = 443]"
                    ),
                },
                {
                    "type": "indicator",
                    "id": "indicator--4",
                    "revoked": True,
                    "pattern_type": "stix",
                    "pattern": "[ipv4-addr:value = '203.0.113.45']",
                },
                {"type": "ipv6-addr", "id": "ipv6-addr--1", "value": "2001:db8:7::9"},
                {
                    "type": "report",
                    "id": "report--1",
                    "external_references": [{"source_name": "x", "url": "https://blog.vendor-x.com/a"}],
                },
            ],
        }
    ),
    "203.0.113.43 evil-s1.site evil-s2.site 203.0.113.44 2001:db8:7::9 " + sha256("7"),
    "http://evil-s3.site",
)
case(
    "stix20_observed.json",
    json.dumps(
        {
            "type": "bundle",
            "id": "bundle--2",
            "spec_version": "2.0",
            "objects": [
                {
                    "type": "observed-data",
                    "id": "observed-data--1",
                    "objects": {
                        "0": {"type": "ipv4-addr", "value": "203.0.113.46"},
                        "1": {"type": "file", "hashes": {"MD5": md5("8")}, "name": "x"},
                        "2": {"type": "domain-name", "value": "evil-s4.site"},
                    },
                },
                {
                    "type": "indicator",
                    "id": "indicator--9",
                    "labels": ["malicious-activity"],
                    "pattern": "[domain-name:value = 'evil-s5.site'] AND [file:hashes.MD5 = '{}']".format(
                        md5("9")
                    ),
                },
            ],
        }
    ),
    " ".join(["203.0.113.46", md5("8"), "evil-s4.site", "evil-s5.site", md5("9")]),
)
case(
    "openioc11.ioc",
    """<?xml version="1.0"?>\
<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="1" last-modified="2014" published-date="0001">\
<metadata><short_description>X</short_description><links><link rel="ref" href="https://vendor-x.com/a"/>\
</links></metadata><criteria><Indicator id="a" operator="OR">\
<IndicatorItem id="b" condition="is" preserve-case="false" negate="false">\
<Context document="FileItem" search="FileItem/Md5sum" type="mir"/><Content type="md5">{}</Content>\
</IndicatorItem><IndicatorItem condition="contains" negate="false">\
<Context document="DnsEntryItem" search="DnsEntryItem/Host" type="mir"/>\
<Content type="string">evil-i1.site</Content></IndicatorItem><IndicatorItem condition="is" negate="false">\
<Context document="PortItem" search="PortItem/remoteIP" type="mir"/>\
<Content type="IP">203.0.113.47</Content></IndicatorItem><IndicatorItem condition="is" negate="true">\
<Context document="PortItem" search="PortItem/remoteIP" type="mir"/>\
<Content type="IP">203.0.113.48</Content></IndicatorItem></Indicator></criteria></OpenIOC>""".format(
        md5("b")
    ),
    "evil-i1.site 203.0.113.47 " + md5("b"),
)
case("mail.eml", mail(), "evil-m1.site 203.0.113.201 203.0.113.202 evil-m2.site evil-m3.site")
case(
    "pdf_two.pdf",
    pdf(
        [
            [
                "IOC list of campaign X",
                "",
                "evil-d1[.]site          203.0.113.51",
                "evil-d2[.]site          203.0.113.52",
                "hxxp://evil-d3[.]site/a   203.0.113.53",
                "Page 1 of 2",
            ],
            ["evil-d4[.]site          203.0.113.54", "See https://www.cisa.gov/x for more.", "Page 2 of 2"],
        ]
    ),
    (
        "evil-d1.site evil-d2.site http://evil-d3.site/a evil-d4.site 203.0.113.51 203.0.113.52 "
        "203.0.113.53 203.0.113.54"
    ),
)
case(
    "list.md",
    (
        "| Type | Value |\n|---|---|\n| Domain | `evil-k1[.]site` |\n| IP | 203.0.113.55<br>203.0.113.56 |\n"
        "| [Report](https://blog.vendor-x.com/r) | text |\n\n* [evil-k2.site](http://evil-k2.site)\n"
    ),
    "evil-k1.site 203.0.113.55 203.0.113.56 evil-k2.site",
    "http://evil-k2.site",
)
case(
    "rpz.zone",
    (
        "$TTL 60\n@ IN SOA localhost. root.localhost. 1 1h 15m 30d 2h\n  IN NS localhost.\n"
        "evil-z1.site CNAME .\n*.evil-z1.site CNAME .\n32.250.113.0.203.rpz-ip CNAME .\n"
        "24.0.100.51.198.rpz-ip CNAME *.\ngood-z.site CNAME rpz-passthru.\nevil-z2.site A 192.0.2.1\n"
    ),
    "evil-z1.site 203.0.113.250 198.51.100.0/24 evil-z2.site",
)
case(
    "suri.rules",
    (
        'drop ip $HOME_NET any -> [203.0.113.57/32,198.51.100.0/27] any (msg:"x"; sid:1;)\n'
        'alert tls any any -> any any (tls.sni; content:"evil-r1.site"; startswith; endswith; msg:"y"; '
        'sid:2;)\nalert http any any -> any any (http.host; content:"evil-r2.site"; http.uri; '
        'content:"/gate.php"; msg:"z"; sid:3;)\npass ip 203.0.113.58 any -> any any (sid:4;)\n'
    ),
    "203.0.113.57 198.51.100.0/27 evil-r1.site evil-r2.site",
    "http://evil-r2.site/gate.php",
)
case(
    "yara.yar",
    (
        'import "hash"\nrule X {{ meta: reference="https://blog.vendor-x.com/y" hash1="{}" md5="{}" '
        'strings: $a="http://evil-y1.site/a" $b="203.0.113.59" condition: hash.sha256(0,filesize)=="{}" or '
        "any of them }}\n"
    ).format(sha256("c"), md5("c"), sha256("d")),
    " ".join([sha256("c"), md5("c"), sha256("d")]),
    "http://evil-y1.site/a 203.0.113.59",
)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_yields_its_values_and_no_others(layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / layout.name
    path.write_bytes(layout.data)
    problems: list[Problem] = []
    accepted = {item.value for item in read_list(str(path), problems.append) if isinstance(item, Indicator)}
    assert problems == []
    assert layout.values <= accepted <= layout.values | layout.may
