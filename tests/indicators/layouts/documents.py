"""Lists in workbooks, text documents, pages and mail: merged and split cells, titles, links around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import EmailMessage

from tests.indicators.builders import archive, sheet, workbook
from tests.indicators.document_samples import docx, opendocument, paragraph, pdf, word_table

from .layout import layout, md5, sha1, sha256


def one_sheet(rows: Mapping[int, Sequence[object]]) -> bytes:
    """Return a workbook of one sheet, by row number."""
    return workbook([sheet(rows)])


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


LAYOUTS = [
    layout(
        "cells_on_lines.adoc",
        (
            '= Foo\n\nIt is like http://vendor-x.com/post/[the report].\n\n[options="header"]\n|===\n'
            "|SHA-1 |File |Details\n\n|`{}`\n|`x.com`\n|Seen at hoster-x.com\n\n|`{}`\n|`y.dll`\n|-\n|===\n\n"
            '[cols="1,1,2"]\n|===\na|Domain\na|IP\n|Details\n\n|`a.evil-k3[.]site` +\n'
            "`evil-k4[.]site`|`203.0.113.82` +\n`203.0.113.83`|2026\n|===\n"
        ).format(sha1("1"), sha1("2")),
        f"{sha1('1')} {sha1('2')} a.evil-k3.site evil-k4.site 203.0.113.82 203.0.113.83",
    ),
    layout(
        "piece_of_page.txt",
        '<script src="https://evil-u5.site/x.js"></script>\n<iframe src="https://evil-u6.site/f">\n',
        "https://evil-u5.site/x.js https://evil-u6.site/f",
    ),
    layout(
        "own_site.html",
        '<!doctype html><html><head><link rel="canonical" href="https://www.vendor-q.com/post/1"></head>'
        "<body><p>https://www.vendor-q.com/about</p><p>other.vendor-q.com</p><p>evil-u7[.]site</p></body>"
        "</html>",
        "evil-u7.site",
    ),
    layout(
        "title_merged.xlsx",
        one_sheet(
            {
                1: ["DANH SÁCH ĐỊA CHỈ ĐỘC HẠI"],
                3: ["TT", "Địa chỉ IP/Tên miền", None, "Loại"],
                4: [1, "203.0.113.23", None, "Mirai"],
                5: [2, "evil-x1[.]site", None, "Mozi"],
                6: [None, "Nguồn: https://khonggianmang.vn"],
            }
        ),
        "203.0.113.23 evil-x1.site",
    ),
    layout(
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
    ),
    layout(
        "numbers.xlsx",
        one_sheet({1: ["STT", "IP", "Port"], 2: [1, "203.0.113.26", 443], 3: [2.0, "203.0.113.27", 8080]}),
        "203.0.113.26 203.0.113.27",
    ),
    layout(
        "many_in_cell.xlsx",
        one_sheet(
            {
                1: ["Malware", "IOC"],
                2: ["Emotet", "203.0.113.28\n203.0.113.29\nevil-x5.site"],
                3: ["Qakbot", "evil-x6[.]site; evil-x7[.]site"],
            }
        ),
        "203.0.113.28 203.0.113.29 evil-x5.site evil-x6.site evil-x7.site",
    ),
    layout(
        "vertical.xlsx",
        one_sheet(
            {
                1: ["Domain", "evil-x8.site", "evil-x9.site"],
                2: ["IP", "203.0.113.30", "203.0.113.31"],
                3: ["MD5", md5("1")],
            }
        ),
        "evil-x8.site evil-x9.site 203.0.113.30 203.0.113.31 " + md5("1"),
    ),
    layout(
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
    ),
    layout(
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
    ),
    layout(
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
    ),
    layout(
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
            f"http://evil-h4.site/x {sha256('3')} {md5('3')}"
        ),
    ),
    layout(
        "shy.html",
        "<html><body><p>C2: evil-&#8203;h5&shy;[.]si<wbr>te and "
        "203[.]0[.]113[.]251</p><p>evil-h6&#46;site</p></body></html>",
        "evil-h5.site 203.0.113.251 evil-h6.site",
    ),
    layout("mail.eml", mail(), "evil-m1.site 203.0.113.201 203.0.113.202 evil-m2.site evil-m3.site"),
    layout(
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
                [
                    "evil-d4[.]site          203.0.113.54",
                    "See https://www.cisa.gov/x for more.",
                    "Page 2 of 2",
                ],
            ]
        ),
        "evil-d1.site evil-d2.site http://evil-d3.site/a evil-d4.site 203.0.113.51 203.0.113.52 "
        "203.0.113.53 203.0.113.54",
    ),
    layout(
        "list.md",
        "| Type | Value |\n|---|---|\n| Domain | `evil-k1[.]site` |\n| IP | 203.0.113.55<br>203.0.113.56 |\n"
        "| [Report](https://blog.vendor-x.com/r) | text |\n\n* [evil-k2.site](http://evil-k2.site)\n",
        "evil-k1.site 203.0.113.55 203.0.113.56 evil-k2.site",
        "http://evil-k2.site",
    ),
]
