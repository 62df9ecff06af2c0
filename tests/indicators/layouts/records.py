"""Lists in records of JSON and XML: answers of services, MISP, STIX, OpenIOC, feeds."""

from __future__ import annotations

from .layout import layout, md5, sha1, sha256

LAYOUTS = [
    layout(
        "links_of_services.json",
        {
            "next": "https://feeds.vendor-x.com/v1/pulses?page=2",
            "data": "HTTP/1.1 301\r\nLocation: https://shop-x.com/",
            "crawler": sha1("5"),
            "vendor_intel": {"ANY.RUN": [{"analysis_url": "https://app.any.run/tasks/1"}]},
            "reportURL": "https://urlscan.io/result/x/",
            "authentihash": sha256("6"),
            "threat": {"indicator": {"file": {"hash": {"sha256": sha256("7")}}}},
            "ip_str": "203.0.113.78",
        },
        "203.0.113.78 " + sha256("7"),
    ),
    layout(
        "two_documents.json",
        '{\n "ip": "203.0.113.79"\n}\n{\n "ip": "203.0.113.80"\n}\n',
        "203.0.113.79 203.0.113.80",
    ),
    layout(
        "dns_record.xml",
        '<stix:STIX_Package xmlns:stix="s" xmlns:c="c" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="d" xmlns:u="u" '
        'xmlns:a="a"><stix:Indicators><stix:Indicator><c:Properties '
        'xsi:type="d:DNSRecordObjectType"><d:Domain_Name><u:Value>evil-s1.site</u:Value></d:Domain_Name>'
        "<d:IP_Address><a:Address_Value>203.0.113.81</a:Address_Value></d:IP_Address></c:Properties>"
        "</stix:Indicator></stix:Indicators></stix:STIX_Package>",
        "evil-s1.site 203.0.113.81",
    ),
    layout(
        "download_history.ioc",
        '<ioc xmlns="http://schemas.mandiant.com/2010/ioc"><definition><Indicator '
        'operator="OR"><IndicatorItem id="a"><Context document="FileDownloadHistoryItem" '
        'search="FileDownloadHistoryItem/SourceURL"/><Content '
        'type="string">http://evil-s2.site/x.exe</Content></IndicatorItem></Indicator></definition></ioc>',
        "http://evil-s2.site/x.exe",
    ),
    layout(
        "feed.rss",
        (
            "<rss><channel><link>https://feed-x.com</link><atom:link xmlns:atom='a' "
            "href='https://feed-x.com/rss' rel='self'/><item><title>evil-w1.site/x.exe "
            "(2026)</title><link>https://feed-x.com/1</link><description>Host: evil-w2.site, IP address: "
            "203.0.113.85, MD5: {}</description></item></channel></rss>"
        ).format(md5("9")),
        "evil-w1.site/x.exe evil-w2.site 203.0.113.85 " + md5("9"),
    ),
    layout(
        "records.ndjson",
        '{"type":"indicator","indicator":{"name":"203.0.113.86","type":"ipv4"}}\n{"ioc":"evil-w3.site"}\n',
        "203.0.113.86 evil-w3.site",
    ),
    layout(
        "patterns_within.json",
        {"value": [{"properties": {"pattern": "[ipv4-addr:value = '203.0.113.87']"}}]},
        "203.0.113.87",
    ),
    layout(
        "sandbox.json",
        {"Summary": {"Subject": {"md5": md5("7"), "Name": "x.com.exe"}, "tags": ["vendor-x.com"]}},
        md5("7"),
    ),
    layout(
        "report_in_event.json",
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
        },
        "",
    ),
    layout(
        "report_in_bundle.json",
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
        },
        "http://evil-w7.site/a",
    ),
    layout(
        "data_text.json",
        '{"data": "203.0.113.90, 203.0.113.91\\nevil-w8.site"}',
        "203.0.113.90 203.0.113.91 evil-w8.site",
    ),
    layout(
        "threatfox_api.json",
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
        },
        "203.0.113.37 evil-j1.site " + sha256("4"),
    ),
    layout(
        "threatfox_export.json",
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
        },
        "203.0.113.38 http://evil-j2.site/a",
    ),
    layout(
        "feodo_new.json",
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
        ],
        "203.0.113.39",
    ),
    layout(
        "urlhaus_recent.json",
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
        },
        "http://203.0.113.40/i",
    ),
    layout(
        "bazaar_api.json",
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
        },
        " ".join([sha256("5"), sha1("5"), md5("5")]),
    ),
    layout(
        "crowdsec.json",
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
        },
        "203.0.113.41",
    ),
    layout(
        "stix21.json",
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
        },
        "203.0.113.43 evil-s1.site evil-s2.site 203.0.113.44 2001:db8:7::9 " + sha256("7"),
        "http://evil-s3.site",
    ),
    layout(
        "stix20_observed.json",
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
        },
        " ".join(["203.0.113.46", md5("8"), "evil-s4.site", "evil-s5.site", md5("9")]),
    ),
    layout(
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
    ),
]
