"""Rules for what only looks like a value.

Names of files, app packages and program code, which belong to no machine; versions, numbers of headings and
articles; keys, licence codes, digests of anything but a file.
"""

from __future__ import annotations

import re

from lamsach.indicators.judge.rule import (
    ADDRESS,
    CELL,
    DOMAIN,
    FILE,
    FILE_HASHES,
    PATH,
    WORD,
    WRITTEN,
    Observable,
    Rule,
    any_case,
    near,
)
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.vocabulary import vocabulary
from lamsach.indicators.values import refusals
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS

# Package name: com.example.bank    Tên gói ứng dụng: vn.gov.app
_PACKAGE_LABEL = any_case(
    r"(?:\b(?:package|bundle|application|app)[ _-]?(?:name|id|identifier)?|\bgói(?: ứng dụng)?"
    r"|\bmã ứng dụng)[\"']?\s{0,3}(?:\((?:package|bundle)\))?\s{0,3}[:=]\s{0,3}[\"'`]?$"
)
# File name: setup.com    4. Mẫu tệp: C:\\Windows\\Temp\\a.exe, update.com
_FILES = any_case(
    r"^\W{0,8}(?:\d{1,2}[.)]\s{0,3})?(?:file ?names?|dropped files?|(?:e-?mail )?attachments?|"
    r"(?:tên|mẫu) (?:tệp|file)(?: tin)?)(?: đính kèm)?[*_`]{0,3}\s{0,20}[:=]"
)
# invoice.pdf.com
_TWO_ENDINGS = any_case(r"\.(?:pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|zip|rar|7z)\.com$")
# the file `update.com`, tệp có tên là setup.com
_CALLED_FILE = any_case(
    r"(?:\bfiles?|\btệp(?: tin)?|\btập tin)(?: (?:named|called|name is|tên|có tên|tên là|có tên "
    r"là))?\s{1,3}[\"'`“‘]?$"
)
# 0f4c.. (update.net)    MD5: 0f4c.. FileName: update.net
_FILE_OF_HASH = any_case(
    r"(?:(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})[\"'`*_]{0,3} "
    r"{1,2}\([\"'`*_]{0,3}|\bfile ?names?[\"']?\s{0,3}[:=]\s{0,3}[\"'`]?)$"
)
# 0f4c.. *setup.com    (sha256sum)
_SUMMED = any_case(r"(?<![0-9a-z])[0-9a-f]{32,128} \*$")
# MD5 (setup.com) = 0f4c..    SHA256(setup.com)= 0f4c..
_DIGEST_OF = any_case(r"\b(?:md5|sha-?\d{1,3}|blake\w{0,3}) ?\($")
_DIGEST_IS = any_case(r"\) ?= ?[0-9a-f]{32}")
_FILE_ENDINGS = frozenset({"zip", "mov", "one", "test", "sh", "py", "rs", "md", "cab", "so", "ps", "app"})
"""Top-level domains that are also extensions of files under a heading of hashes."""
_PROGRAM_ROOTS = frozenset({"document", "window", "this", "navigator", "wscript", "console", "activexobject"})
"""First labels of member names in scripts: `document.location.host`."""
# 0f4c..: com.example.bank.app: an app's name is a reversed domain name.
PACKAGE = any_case(
    r"(?:com|org|net|io|app)(?:\.[a-z][a-z0-9_]*){2,6}|[a-z]{2}(?:\.[a-z][a-z0-9_]*){1,5}\.[a-z][a-z0-9_]{3,}"
)
_FIELD = re.compile(
    r"(?:dns|destination|source|host|process|tls|network|event|client|server|winlog|observer"
    r"|related|agent|user|file|threat|registry|rule|container|organization)"
    r"(?:\.[a-z_]{2,20}){0,3}\.(?:name|id|group|email|company)"
)
_CALLED = re.compile(r"\(\s{0,4}(?:['\")]|$)")
_CODE = any_case(
    r"\bfunction\b[^()]{0,60}\(|\b(?:var|let|const|dim|set)\s{1,4}\w{1,60}\s{0,4}="
    r"|ActiveXObject|CreateObject|\bWScript\b"
    r"|\b(?:powershell|pwsh|cmd|curl|wget|bitsadmin|msiexec|wscript|cscript|certutil|mshta"
    r"|regsvr32|rundll32)(?:\.exe)?\"?\s{1,8}[-/\"'$&%|]|\$\w{1,60}\s{0,4}=|=\s{0,2}(?:CALL|IF"
    r"|EXEC)\("
    r"|\b(?:iex|iwr|Invoke-\w{2,40}|New-Object)\b|\breturn\s{1,4}[\"'!(\w.]{1,80}\(|\s(?:!=|=="
    r"|===|&&)\s|^\s{0,20}ping\s"
    r"|\b(?:if|for|while|switch)\s?\(\w{1,60}[.\[(=!]|\w\("
    r"(?:[^()]{0,100}[\"'][^()]{0,100})?\);\s{0,4}$|\w\(\w{1,60}(?:,\s?\w{1,60}){1,8}\);"
    r"\s{0,4}$|\)\s{0,4}\{\s{0,4}$"
)
_YARA = re.compile(
    r"\brule\s{1,4}\w{1,128}[^{]{0,200}\{|^\s{0,40}(?:\w{0,20}hash\d{0,3}|\$\w{0,60})\s{0,4}=\s{0,4}[\"{/]"
)
"""YARA rule, which is no program: the hashes in its head are those of samples."""
_FETCHES = any_case(
    r"\b(?:curl|wget|bitsadmin|certutil|iwr|nslookup|echo\s{1,3}open|Invoke-\w*Request"
    r"|Invoke-RestMethod|WebClient)\b"
)
"""Commands with the queried server as an argument."""
SEAM = re.compile(r"([\"'])\s{0,4}[&+]\s{0,4}\1")
"""The seam between two string literals that program code joins: `"http://evil"&".example/a"`."""

_PROGRAMS = vocabulary("known_programs")
"""Windows' own programs and libraries, common office programs, files of every site and installer."""


def is_code(text: str) -> bool:
    """Return whether a line is of a program or a command, and not of a YARA rule."""
    return len(text) > 8 and _CODE.search(text) is not None and not _YARA.search(text)


def _on_hash_line(found: Observable) -> bool:
    return not found.line.alone and found.line.has_hash


def _package(found: Observable) -> bool:
    of_hash = _on_hash_line(found)
    if not (of_hash or found.line.alone):
        return False
    announced = found.line.prose.packages
    return (announced and of_hash) or ((announced or of_hash) and PACKAGE.fullmatch(found.token) is not None)


def _is_argument(found: Observable) -> bool:
    """Return whether a name in code is a whole quoted string, or the argument of a command that fetches."""
    before, after = found.text[found.start - 1 : found.start], found.text[found.end : found.end + 1]
    if before in ("'", '"') and after == before:
        return True
    return before.isspace() and after != "(" and _FETCHES.search(found.text) is not None


_VERSIONS = (
    r"(?:\d+(?:\.\d+){1,3}\s{0,2}(?:,|-|–|\band\b|\bor\b|\bto\b|\bthrough\b|\bvà\b|\bđến\b)\s{0,2}v?){0,4}$"
)
"""Numbers of further versions before the last: `1.2 and`."""
_STATED_VERSION = any_case(
    r"(?:version|phiên bản|\bver\.?|\bbuild|firmware|\bfw)[\"']?\s{0,3}[=:]?\s{0,3}[\"']?v?" + _VERSIONS
)
_SERVERS = (
    r"openssl|openssh|tomcat|nginx|php|mysql|mariadb|postgresql|weblogic|drupal|joomla|confluence|jira|gitlab"
    r"|jenkins|zimbra|forti[a-z]{2,12}|pan-?os|routeros|junos|vcenter|esxi"
)
_PRODUCTS = (
    rf"{_SERVERS}|upx|vmprotect|themida|hotfix|kernel|log4j2?|struts|apache|httpd|java|jre|jdk"
    r"|oracle(?: database)?|windows|exchange(?: server)?|sharepoint(?: server)?|office|outlook"
    r"|\.net(?: framework)?|chrome|chromium"
    r"|firefox|edge|safari|android|ios(?: xe|xr)?|macos|wordpress|big-ip|netscaler|citrix adc|vmware|winrar"
    r"|7-zip|acrobat|reader|flash(?: player)?|teamviewer|anydesk|patch|update|release|bản vá|bản cập nhật"
)
_PRODUCT_VERSION = any_case(
    rf"(?:\b(?:{_PRODUCTS}|before|prior to|earlier than|older than|up to"
    r"|trước|cũ hơn)|(?:(?<![-=])[<≤≥]|(?<=[\w:,(])\s?(?<![-=a-z/\"'])>)=?)\s{0,3}v?" + _VERSIONS
)
# the version number of the latest sample was 1.0.0.9, other version numbers were 1.0.0.1 and 1.0.0.8
_VERSION_IN_SENTENCE = any_case(
    r"(?:versions?|phiên bản)(?: numbers?| số)?\b[^.:;()]{0,60}?\b(?:was|were|is|are|là|numbered)\s{1,3}v?"
    + _VERSIONS
)
_SMALL = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}", re.ASCII)
_PACKERS = "upx|vmprotect|themida|patch|hotfix|bản vá|bản cập nhật"
_SERVER = any_case(rf"(?:{_SERVERS}|{_PACKERS})\b")
_SECTION = re.compile(
    r"\s{0,8}((?:1?\d|20)(?:\.\d){3})\.?\s{1,4}(?=[^\W\d_a-z])[^\W\d_][^.:;\d]{3,100}", re.UNICODE
)
"""A numbered heading: `1.2.3.4 Technical analysis`."""
_ARTICLE = any_case(
    r"\b(?:điểm|khoản|mục|điều|chương|phần|tiểu mục|bước|bảng|hình|phụ lục|section|sections"
    r"|clause|article|chapter|paragraph|exhibit|part|step|table|figure|appendix|annex|§)\s{0,3}$"
)


def _version_of_product(found: Observable) -> bool:
    """Match numbers after a product's name; small ones after a server's or device's: `FortiOS 7.4.1.2`."""
    product = _PRODUCT_VERSION.search(found.near) if ":" not in found.value else None
    if product is None:
        return False
    small = _SMALL.fullmatch(found.value) is not None and _SERVER.match(product[0]) is not None
    return ".0" in found.value or ".0" in product[0] or small


# "key": "0123..", RC4 key = 0123..
_KEY = any_case(
    r"(?:\b|_)(?:key|salt|nonce|iv|secret|password|passwd|pwd|token|mật khẩu|mã xác thực"
    r"|build[_ -]?id|bot[_ -]?net[_ -]?id|campaign)[\"']?\s{0,3}(?:[:=]|is|là)\s{0,3}[\"'`]?$"
)
# strings are decrypted with the key 0123..
_KEY_IN_SENTENCE = any_case(
    r"\b(?:with|using|the|rc4|xor|aes|des|encryption|decryption|hard-?coded|static|session"
    r"|shared)\s{1,3}key\s{1,3}[\"'`(]?$"
)
# d41d..    .text    81920    6.5: a program's section, as CISA's reports list them
_SECTION_ROW = re.compile(r"\s{1,12}(?:header|\.\w{1,8})\s{1,12}\d{1,10}\s{1,12}\d\.\d{1,8}\b")
_LICENCE = any_case(
    r"\b(?:licen[cs]e|serial|product|activation|encryption|rc4|xor|aes|botnet|campaign)[ "
    r"_-]{0,3}(?:code|key|number|id|iv)\b|\bmã bản quyền|\bkhóa"
)
_OTHER_DIGEST = any_case(
    r"\b(?:ja3s?|ja4\w{0,4}|jarm|hassh|imp(?:ort)?[ _-]?hash|imphash|authenti[ _-]?hash|pe[ "
    r"_-]?hash|rich[ _-]?(?:header|pe)(?:[ _-]?hash)?|vhash|telfhash|gimphash|typelib id"
    r"|thumb ?print|(?:certificate|cert|ssl|tls|x\.?509)[ _-]{0,3}(?:fingerprint|thumbprint"
    r"|serial(?:[ _-]?number)?|sha-?1|sha-?256|md5|hash)|fingerprint|serial(?:[ _-]?number)?"
    r"|exit ?node|mutex|mvid|guid|uuid"
    r"|commit(?:[ _-]?(?:hash|sha-?1))?|urn:btih|public[_ ]?key|spawn[_ ]?to(?:_x\d\d)?|"
    r"(?:commit|session|bot|user|campaign|victim|machine|client|device|your|personal|unique)[ _-]?id)"
    r"[\s_]{0,3}(?:hash|fingerprint|md5|sha-?1|sha-?256|value|\(md5\))?[\"']?\s{0,3}(?:[:=|–-]"
    r"|is|là)?\s{0,3}[\"'`(\[]?$"
)
# where SHA256 in ("0f4c..", "1a2b..")    md5 == '0f4c..'    let hashes = dynamic(["0f4c..", "1a2b.."])
_NAMED_HASH = any_case(
    r"(?:(?:\b|_|(?-i:(?<=[a-z])(?=MD5|SHA)))(?:md5|sha-?1|sha-?256)\b[\"']?\s{0,3}(?:[=!]=|=~|=|:|\bin~?|\bhas_any)|="
    r"\s{0,3}dynamic)\s{0,3}[\"'(\[]{0,3}(?:[0-9a-f]{32,64}[\"']\s?,\s{0,3}[\"']){0,16}$"
)


def is_dump(text: str) -> bool:
    """Return whether a line is a memory dump (`|...|` between fields), whose numbers are seldom hashes."""
    return text.count("|...|") >= 8


RULES = (
    Rule("known_program", FILE, CELL, lambda cell: cell.value in _PROGRAMS, refusals.KNOWN_PROGRAM, 5,
        accepted=["type,value\nfilename,invoice 2024.exe"],
        refused=["type,value\nfilename,svchost.exe", "type,value\nfile name,C:\\ProgramData\\Rundll32.EXE"]),
    Rule("in_path", DOMAIN, PATH, lambda found: True, refusals.FILE_NAME, 10,
        accepted=["Tệp update.exe tải từ evil-a.site"], refused=["Nó ghi C:\\Windows\\Temp\\setup.com"]),
    Rule("called_with_brackets", DOMAIN, WORD, lambda found: _CALLED.match(found.text, found.end),
        refusals.CODE, 10, accepted=["evil-a.site (203.0.113.5"], refused=["Macro: shell.run('cmd')"]),
    Rule("file_label", DOMAIN, WRITTEN,
        lambda found: (found.token.count(".") == 1 or _TWO_ENDINGS.search(found.token))
        and (_FILES.match(found.text) or _FILE_OF_HASH.search(found.near)), refusals.FILE_NAME, 53,
        accepted=["Domain: setup.com"],
        refused=["File name: setup.com", "Đính kèm: 0123456789abcdef0123456789abcdef (update.com"]),
    Rule("called_file", DOMAIN, WRITTEN,
        lambda found: found.token.count(".") == 1
        and found.token.rpartition(".")[2].lower() in _FILE_ENDINGS - {"one", "test"} | {"com"}
        and _CALLED_FILE.search(found.near), refusals.FILE_NAME, 53, accepted=["domain `update.com"],
        refused=["the file `update.com", "tệp có tên là setup.com"]),
    Rule("digest_of_file", DOMAIN, WRITTEN,
        lambda found: (_DIGEST_OF.search(found.near) and _DIGEST_IS.match(found.text, found.end))
        or _SUMMED.search(found.text[: found.text.find(found.token.lstrip("*"), found.start)]),
        refusals.FILE_NAME, 53, accepted=["MD5 (evil-a.site"],
        refused=["Digest\nMD5 (setup.com) = d41d8cd98f00b204e9800998ecf8427e0",
            "0123456789abcdef0123456789abcdef *setup.com"]),
    Rule("package_label", DOMAIN, WRITTEN, near(_PACKAGE_LABEL), refusals.PACKAGE, 54,
        accepted=["C2: com.evil-a.site"],
        refused=["Package name: com.evil.bank", "Tên gói ứng dụng: vn.gov.app"]),
    Rule("file_heading", DOMAIN, WRITTEN,
        lambda found: found.line.alone and found.line.prose.section is Section.FILES
        and found.last_label in _FILE_ENDINGS, refusals.FILE_NAME, 60, accepted=["MD5:\nevil-a.site"],
        refused=["File names:\nevil.app"]),
    Rule("field_of_a_log", DOMAIN, WRITTEN,
        lambda found: not found.line.alone and _FIELD.fullmatch(found.value), refusals.CODE, 61,
        accepted=["evil-a.name"], refused=["The query looks at dns.question.name"]),
    Rule("member_of_a_program", DOMAIN, WRITTEN,
        lambda found: found.value.partition(".")[0] in _PROGRAM_ROOTS, refusals.CODE, 61,
        accepted=["documents.evil-a.site"], refused=["It reads document.location.host"]),
    Rule("in_code", DOMAIN, WRITTEN,
        lambda found: found.line.code and not found.line.alone and not _is_argument(found), refusals.CODE, 61,
        accepted=["curl -o a.bin evil-a.site"], refused=["var u = evil.agent.name"]),
    Rule("package", DOMAIN, WRITTEN, _package, refusals.PACKAGE, 62, accepted=["C2: com.evil.bank"],
        refused=["Mẫu 0123456789abcdef0123456789abcdef com.evil.bank", "Package names\ncom.evil.bank"]),
    Rule("file_of_hash", DOMAIN, WRITTEN,
        lambda found: found.last_label in _FILE_ENDINGS - {"ps"} and found.value.count(".") == 1
        and _on_hash_line(found), refusals.FILE_NAME, 63,
        accepted=["0123456789abcdef0123456789abcdef evil-a.site"],
        refused=["Mẫu 0123456789abcdef0123456789abcdef setup.app"]),
    Rule("version", ADDRESS, WORD,
        lambda found: ":" not in found.value and _STATED_VERSION.search(found.near), refusals.VERSION, 30,
        accepted=["version 2 of it connects to 203.0.113.58", "version: 1.2.3[.]4"],
        refused=["version 1.2.3.4", "phiên bản 5.6.7.8", "TP-Link, fw 1.1.5.2"]),
    Rule("told_version", ADDRESS, WORD,
        lambda found: _SMALL.fullmatch(found.value) and _VERSION_IN_SENTENCE.search(found.near),
        refusals.VERSION, 30, accepted=["the address was 1.2.3.4"],
        refused=["the version number of the latest sample was 1.2.0.9"]),
    Rule("version_of_product", ADDRESS, WORD, _version_of_product, refusals.VERSION, 30,
        accepted=["OpenSSL and 203.0.113.58", "Patch 203.88.113.58"],
        refused=["FortiOS 7.4.1.2", "Exchange Server 15.0.1.2", "đóng gói bằng UPX 3.9.6.1", "Bản vá 7.4.2.1",
            "Lỗ hổng ảnh hưởng FortiOS 7.0.1.4 đến 7.2.0.8"]),
    Rule("heading_number", ADDRESS, WRITTEN,
        lambda found: (heading := _SECTION.fullmatch(found.text.rstrip()))
        and heading.start(1) == found.start, refusals.VERSION, 54, accepted=["C2 1.2.3.4"],
        refused=["1.2.3.4 Technical analysis"]),
    Rule("article", ADDRESS, WRITTEN,
        lambda found: _SMALL.fullmatch(found.token.rstrip(".")) and _ARTICLE.search(found.before(24)),
        refusals.VERSION, 54, accepted=["address 1.2.3.4"], refused=["theo khoản 1.2.3.4"]),
    Rule("other_digest", frozenset(DIGESTS), WORD, near(_OTHER_DIGEST), refusals.OTHER_DIGEST, 30,
        accepted=["MD5: 0123456789abcdef0123456789abcdef"],
        refused=["imphash: 0123456789abcdef0123456789abcdef",
            "Your ID: 0123456789abcdef0123456789abcdef",
            "JA3 fingerprint 0123456789abcdef0123456789abcdef", "mutex 0123456789abcdef0123456789abcdef"]),
    Rule("part_of_a_program", frozenset({IndicatorType.MD5}), WRITTEN,
        lambda found: _SECTION_ROW.match(found.text, found.end), refusals.OTHER_DIGEST, 53,
        accepted=["0123456789abcdef0123456789abcdef    sample    81920"],
        refused=["0123456789abcdef0123456789abcdef    .text    81920    6.5"]),
    Rule("key", frozenset(DIGESTS), WRITTEN,
        lambda found: _KEY.search(found.near) or _KEY_IN_SENTENCE.search(found.near), refusals.CODE_HASH, 54,
        accepted=["sample: 0123456789abcdef0123456789abcdef"],
        refused=["RC4 key = 0123456789abcdef0123456789abcdef",
            "strings are decrypted with the key 0123456789abcdef0123456789abcdef"]),
    Rule("key_with_dots", ADDRESS, WRITTEN, near(_KEY), refusals.CODE, 53, accepted=["c2: 203.0.113.58"],
        refused=["bot_net_id = 203.0.113.58", "campaign: 203.0.113.58"]),
    Rule("hash_in_code", FILE_HASHES, WRITTEN,
        lambda found: found.line.code and not found.line.alone
        and _NAMED_HASH.search(found.before(1200)) is None, refusals.CODE_HASH, 60,
        accepted=['| where SHA256 == "" or md5 == "0123456789abcdef0123456789abcdef',
            '| where InitiatingProcessMD5 == "0123456789abcdef0123456789abcdef'],
        refused=['var x = "0123456789abcdef0123456789abcdef']),
    Rule("memory_dump", FILE_HASHES, WRITTEN, lambda found: is_dump(found.text), refusals.CODE_HASH, 60,
        accepted=["a|...|b|...|0123456789abcdef0123456789abcdef"],
        refused=["|...||...||...||...||...||...||...||...||...|0123456789abcdef0123456789abcdef"]),
    Rule("licence", FILE_HASHES, WRITTEN, near(_LICENCE, 80), refusals.CODE_HASH, 60,
        accepted=["sample 0123456789abcdef0123456789abcdef"],
        refused=["product key of it 0123456789abcdef0123456789abcdef",
            "mã bản quyền 0123456789abcdef0123456789abcdef"]),
)  # fmt: skip
