"""Lists in delimited text: separators, encodings, quotes, several values in a cell, headings of services."""

from __future__ import annotations

from .layout import layout, md5, sha1, sha256

LAYOUTS = [
    layout(
        "pipe.csv",
        "Indicator|Type|Notes\n203.0.113.1|IPv4|a;b\nevil-p1.site|Domain|x,y\n",
        "203.0.113.1 evil-p1.site",
    ),
    layout(
        "caret.csv",
        "ip^domain^hash\n203.0.113.2^evil-p2.site^{}\n203.0.113.3^^\n".format(md5("a")),
        "203.0.113.2 evil-p2.site 203.0.113.3 " + md5("a"),
    ),
    layout(
        "utf16.csv",
        "STT;Địa chỉ IP;Tên miền\r\n1;203.0.113.4;evil-p3.site\r\n2;203.0.113.5;\r\n".encode("utf-16"),
        "203.0.113.4 203.0.113.5 evil-p3.site",
    ),
    layout(
        "utf16be.tsv",
        b"\xfe\xff" + "Tên miền\tGhi chú\nevil-p4.site\tMã độc\nevil-p5.site\t\n".encode("utf-16-be"),
        "evil-p4.site evil-p5.site",
    ),
    layout(
        "cp1258.csv",
        "STT,Địa chỉ,Mô tả\n1,203.0.113.6,Mã độc\n2,evil-p6.site,Lừa đảo\n".encode("cp1258", "ignore"),
        "203.0.113.6 evil-p6.site",
    ),
    layout(
        "bom_sep.csv", "\ufeffsep=;\nIP;Port\n203.0.113.7;443\n203.0.113.8;80\n", "203.0.113.7 203.0.113.8"
    ),
    layout(
        "quoted_newlines.csv",
        '"indicator","note"\n"evil-p7.site","line 1\nline 2, see https://www.virustotal.com/x"\n'
        '"203.0.113.9, 203.0.113.10","two"\n',
        "evil-p7.site 203.0.113.9 203.0.113.10",
    ),
    layout(
        "single_quotes.csv",
        "'ip','asn'\n'203.0.113.11','AS1'\n'203.0.113.12','AS2'\n",
        "203.0.113.11 203.0.113.12",
    ),
    layout(
        "spaces.txt",
        "IP Address      Port   Family\n203.0.113.13       443    Qakbot\n203.0.113.14       995    Qakbot\n",
        "203.0.113.13 203.0.113.14",
    ),
    layout(
        "ipport.csv",
        "ip_address,port,malware\n203.0.113.15:443,443,Dridex\n[2001:db8::15]:443,443,Dridex\n",
        "203.0.113.15 2001:db8::15",
    ),
    layout(
        "wide.csv",
        (
            "#,Threat,SHA256,SHA1,MD5,C2 IP,C2 Domain,URL,First seen\n"
            "1,X,{},{},{},203.0.113.16,evil-p8.site,hxxp://evil-p8[.]site/a,2024-01-01\n"
        ).format(sha256("b"), sha1("b"), md5("b")),
        " ".join([sha256("b"), sha1("b"), md5("b"), "203.0.113.16", "evil-p8.site", "http://evil-p8.site/a"]),
    ),
    layout("cr_only.csv", "ip,note\r203.0.113.17,a\r203.0.113.18,b\r", "203.0.113.17 203.0.113.18"),
    layout(
        "tabs_in_txt.txt",
        "domain\tevil-p9.site\nip\t203.0.113.19\nsha1\t{}\n".format(sha1("c")),
        "evil-p9.site 203.0.113.19 " + sha1("c"),
    ),
    layout(
        "misp_export.csv",
        (
            "uuid,event_id,category,type,value,comment,to_ids,date\n"
            '"5a","1","Network activity","ip-dst","203.0.113.20","",1,1500000000\n'
            '"5b","1","Payload delivery","filename|sha256","a.exe|{}","",1,1500000000\n'
            '"5c","1","External analysis","link","https://blog.x.com/a","",0,1500000000\n'
            '"5d","1","Payload delivery","email-src","a@evil.site","",1,1\n'
        ).format(sha256("d")),
        "203.0.113.20 a@evil.site " + sha256("d"),
    ),
    layout(
        "otx.csv",
        (
            "Indicator type,Indicator,Description\nIPv4,203.0.113.21,\nhostname,www.evil-p10.site,\n"
            "FileHash-SHA256,{},\nCVE,CVE-2020-1,\nURL,http://evil-p10.site/x,\nemail,a@b.site,\nYARA,abc,\n"
        ).format(sha256("e")),
        "203.0.113.21 a@b.site www.evil-p10.site http://evil-p10.site/x " + sha256("e"),
    ),
    layout(
        "misp_digests.csv",
        "uuid,type,value\na,filename|imphash,x.exe|{}\nb,filename|md5,x.exe|{}\n".format(md5("1"), md5("2")),
        md5("2"),
    ),
    layout(
        "file_facts.csv",
        (
            "file name,x.exe\nmd5,{}\nimphash,{}\ncompany,vendor-x.com\ndescription,x.vendor-y.com\n"
            "c2,evil-p11.site\n"
        ).format(md5("1"), md5("2")),
        "evil-p11.site " + md5("1"),
    ),
    layout(
        "several_in_cells.csv",
        "#comment\n2026-01-01,203.0.113.70;203.0.113.71,evil-p12.site\n"
        "2026-01-02,203.0.113.72|203.0.113.73,evil-p13.site\n",
        "203.0.113.70 203.0.113.71 203.0.113.72 203.0.113.73 evil-p12.site evil-p13.site",
    ),
    layout(
        "threat_column.csv",
        "Threat ID,Threat,Type,Severity\n1,https://evil-p14.site/x,url,1\n",
        "https://evil-p14.site/x",
    ),
    layout("hash_of_file.txt", "a.exe: {}\nb.dll: {}\n".format(md5("3"), md5("4")), f"{md5('3')} {md5('4')}"),
    layout(
        "name_address.txt",
        "evil-p15.site: 203.0.113.74\nevil-p16.site: 203.0.113.75\n",
        "evil-p15.site evil-p16.site 203.0.113.74 203.0.113.75",
    ),
    layout("hosts_ports.txt", "203.0.113.76:80,203.0.113.77:443\n", "203.0.113.76 203.0.113.77"),
    layout(
        "quoted_urls.txt",
        '"http://evil-u1.site/a/","http://evil-u2.site/b/"\nhttp://evil-u3.site/a/*http://evil-u4.site/b\n',
        "http://evil-u1.site/a http://evil-u2.site/b http://evil-u3.site/a http://evil-u4.site/b",
    ),
    layout(
        "intelmq.csv",
        '"time.source","source.ip","source.fqdn","source.geolocation.cc","malware.name","feed",'
        '"feed.documentation","event_description.url"\n'
        '"2026-01-01","203.0.113.84","evil-p17.site","VN","mirai","F","https://docs.vendor-x.com/a",'
        '"https://vendor-x.com/b"\n',
        "203.0.113.84 evil-p17.site",
    ),
    layout("names.csv", "SHA-1;Name;Detection\n{};setup.com;Win32/X\n".format(sha1("8")), sha1("8")),
    layout(
        "trail.txt",
        "# Reference: https://www.vendor-x.com/post\n\nevil-w4.site\nhttp://203.0.113.88\nevil-w5.site/panel\n",
        "evil-w4.site http://203.0.113.88 evil-w5.site/panel",
    ),
    layout(
        "source_above.csv",
        "Foo Campaign IOCs,,\nSource: https://www.vendor-q.com/x,,\n,,\nType,Value,Note\n"
        "Domain,evil-p18.site,x\nIP,203.0.113.89,y\n",
        "evil-p18.site 203.0.113.89",
    ),
    layout("dates_look_like_ip.csv", "ip,version,date\n203.0.113.22,1.2.3.4,01.02.2024\n", "203.0.113.22"),
]
