"""Rules for links and names meant to be read: cited sites, reference lists, footnotes.

Also labels of a value, imitated sites and detection names; and the default rule, which accepts the rest. The
sites are of security vendors, authorities, software vendors and news (from published advisories, 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lamsach.indicators.judge.rule import (
    ALL,
    CELL,
    DOMAIN,
    LINE,
    LINK,
    NAMES,
    NEAR,
    WORD,
    WRITTEN,
    Observable,
    Rule,
    any_case,
    has_word,
    near,
    on_line,
    word_count,
)
from lamsach.indicators.judge.sections import Section
from lamsach.indicators.judge.vocabulary import vocabulary
from lamsach.indicators.values import refusals
from lamsach.indicators.values.names import split_url
from lamsach.model import IndicatorType

_PUBLISHERS = vocabulary("publishers")
PLATFORMS = vocabulary("platforms")
"""Sites whose bare name is a mention, while single pages may be malicious."""
_CITED = _PUBLISHERS | PLATFORMS
_SANDBOXES = vocabulary("sandboxes")
"""Sites of samples and their analyses, whose pages are cited even where defanged."""
# YARA, Sigma: reference = "https://a.example/post"    MISP: "reference": "https://.."    canonical_url: ..
_REFERENCE = any_case(
    r"^\W{0,8}(?:external[_ ]?)?(?:references?|refs?|permalink|blog ?post|canonical(?:_?url)?"
    r"|og:(?:url|image)|(?:cover|featured|header)_?image|(?:author|source|post|blog|home)_?"
    r"(?:url|page)|参考(?:情報|链接)?|参照|參考|참고)\d{0,2}[\"']?\s{0,4}[:=：]\s{0,4}[\"'\[<(]{0,3}$"
)
_TO_READ = any_case(
    r"(?:xem thêm|xem chi tiết|tham khảo|chi tiết (?:tại|xem)|thông tin (?:chi tiết|thêm)|hướng "
    r"dẫn (?:chi tiết )?tại|liên hệ|cổng thông tin|trang thông tin|được công bố (?:tại|trên)"
    r"|(?:công cụ|phần mềm|bản vá|tiện ích)[^.:;]{0,60}\b(?:tại|từ|ở)|\bbản vá(?: lỗi)?|truy "
    r"cập|\b(?:more|further|additional) (?:info(?:rmation)?|details|reading)|for details|\bsee"
    r"(?: also)?|\brefer(?:ence)? to"
    r"|\bread(?: more)?|\blearn more|\bavailable (?:at|from|here|on)|\bpublished (?:at|on|by"
    r"|in)|\b(?:report|article|advisory|blog(?: post)?|write-?up|analysis|guidance)(?: by| from"
    r"| at| on| here)?"
    r"|\bsource|\bcontact(?: us)?|\bfollow(?: us)?|theo dõi|\b(?:tools?|patch(?:es)?|updates?"
    r"|decryptors?|scripts?|rules?)[^.:;]{0,60}\b(?:at|from|on|here)|\bvia github)"
    r"[^\w.;]{0,3}(?:(?:tại|ở|at|on|here|in|the|us|là|địa chỉ|đường dẫn|website|link|:"
    r"|\[\d{1,3}\])\W{1,3}){0,3}$"
)
"""Phrases of a sentence before a link that its reader may follow."""
# [1] https://..., ¹ https://...: a footnote's link
_FOOTNOTE = re.compile(
    r"\s{0,8}(?:\[\^?\d{1,3}\]|\(\d{1,3}\)"
    r"|[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{1,3})\W{0,4}(?:[^\W\d_]{2,24}\W{1,4}){0,4}$"
)
# 1 https://..., 2. https://...: a footnote's number that lost its superscript
_NUMBERED = re.compile(r"\s{0,8}\d{1,3}[.)]?\s{1,8}")
# [the vendor's report](https://...), [![licence](https://...)](https://...)
_LINK_TEXT = re.compile(
    r"\[(?:!\[[^\[\]]{0,200}\]\([^()\s]{1,500}\)|[^\[\]./]{2,200})\]\(\s?<?$|!\[[^\[\]]{0,200}\]\(\s?<?$"
)
_TEXT_OF_LINK = re.compile(r"(?<=[^=&?]{4})\[[*_`]?[^\W\d_]")
"""A link's text after the link (AsciiDoc): `https://vendor.example/post/[the report]`."""
_FOOTNOTE_AT = 120
"""Maximum offset of a footnote's link in its line."""
_NOT_HTTP = any_case(r"\bh(?:xx|\*\*)ps?\b")
_LINK_BEFORE = re.compile(r"\]\(\s?$")
_SENTENCE = 120
"""Characters before a value that are searched for the sentence's meaning."""
_MIN_SENTENCE_WORDS = 4


def is_cited(name: str) -> bool:
    """Return whether a name is of a cited site or a great platform, or below one."""
    return is_publisher(name, _CITED)


def is_publisher(name: str, sites: frozenset[str] = _PUBLISHERS) -> bool:
    """Return whether a name, or one above it, is that of a cited site."""
    while name and name not in sites:
        name = name.partition(".")[2]
    return bool(name)


def host_of(kind: IndicatorType, value: str) -> str:
    """Return the host of a URL; a name unchanged."""
    return split_url(value)[1].partition(":")[0] if kind is IndicatorType.URL else value


def defangs_links(texts: Iterable[str]) -> bool:
    """Return whether the author of these texts writes malicious links as `hxxp`."""
    return any(_NOT_HTTP.search(text) for text in texts)


def _platform(found: Observable) -> bool:
    _, host, rest = split_url(found.value)
    return not rest and host.partition(":")[0].removeprefix("www.") in PLATFORMS


def _cited_link(found: Observable) -> bool:
    _, host, rest = split_url(found.value)
    if not is_publisher(host.partition(":")[0]):
        return False
    line = found.line
    return (
        not rest
        or line.prose.advisory
        or not line.alone
        or "[" in found.token
        or _LINK_BEFORE.search(found.before(4)) is not None
    )


def _of_a_footnote(found: Observable) -> bool:
    """Return whether a link is a footnote's or has a link text (Markdown, AsciiDoc)."""
    if found.start < _FOOTNOTE_AT:
        before, after = found.text[: found.start], found.text[found.end :].strip(" .")
        numbered = found.line.prose.defangs_links and not after and _NUMBERED.fullmatch(before)
        if numbered or _FOOTNOTE.fullmatch(before):
            return True
    return _LINK_TEXT.search(found.before(800)) is not None or _TEXT_OF_LINK.search(found.token) is not None


def _sentence(found: Observable) -> tuple[str, str]:
    """Return a sentence's text before a value, and all of it without the value.

    The sentence begins on the line above if no word precedes the value on its line and that line is long
    enough and has no final punctuation.
    """
    before, rest = found.before(_SENTENCE), found.text.replace(found.token, "", 1)
    above = found.line.prose.before
    ending = above.rstrip()
    ends = ending[-1:] in ",(" or ending[-1:].isalpha()
    if not has_word(before) and ends and word_count(ending[-2 * _SENTENCE :]) >= _MIN_SENTENCE_WORDS:
        before, rest = f"{above[-_SENTENCE:]} {before}", f"{above} {rest}"
    return before[-_SENTENCE:], rest


def _is_clickable(found: Observable) -> bool:
    line = found.line
    if line.alone or line.code or not line.prose.defangs:
        return False
    return word_count(_sentence(found)[1][: 4 * _SENTENCE]) >= _MIN_SENTENCE_WORDS


# ASN: AS64500 (Example Hosting, www.hosting.example)    PDB: C:\\dev\\evil.app\\x.pdb
_ASIDE = any_case(
    r"^\W{0,8}(?:asn?|as (?:name|number)|author|reverse dns|rdns|ptr(?: record)?|isp|hosting(?: "
    r"provider)?|registrar|registrant|organi[sz]ation|org|owner|whois|pdb(?: path)?|mutex|user[ "
    r"_-]?agent|compiler|packer|issuer"
    r"|signer|signed by|product(?: name)?|internal name|original name|original filename|company"
    r"|copyright|nhà cung cấp|nhà đăng ký)\s{0,20}[:=]"
)
# Registrar URL: http://www.registrar.example    Registrar WHOIS Server: whois.registrar.example
_REGISTRAR = any_case(r"^\W{0,8}(?:registr(?:ar|y)\b[^:]{0,40}|whois server)\s{0,20}:")
# signed by "Example" (vendor.example)    evil.example (registered at registrar.example)
# 203.0.113.5 (AS64500, hosting.example)
_PROVIDER = any_case(
    r"(?:\bregistered (?:at|with|through|via)|\bAS\d{2,7}(?:[,:–-]|\s)\s?(?:[^\W\d_][\w ]{0,40}[,(]\s?)?"
    r"|\bđăng ký (?:tại|qua|ở)(?: nhà cung cấp)?|\bsigned (?:by|to|for) [^.;()]{2,60})\s{0,2}\(?$"
)
# Mozilla/5.0 (compatible; Bot/1.0; +http://bot.example/about)
_AGENT = any_case(r"^\W{0,8}(?:user[ _-]?agents?\W{1,4})?mozilla/\d\.\d")
# vcb-vn[.]top giả mạo vietcombank.com.vn
# For questions visit soc.example
_ASK = any_case(
    r"(?:\bquestions?|\b(?:more|further) (?:information|details)|\bfor (?:help|support|details))\b[^;]{0,40}"
    r"\b(?:visit|see|at|on|contact)\s{1,2}$"
)
_IMITATED = any_case(
    r"(?:giả mạo|giả danh|mạo danh|giống(?: với)?|nhái|impersonat\w{1,4}|mimick?\w{0,4}"
    r"|spoof\w{0,4}|imitat\w{1,4}|pretend\w{0,4} to be|typosquat\w{0,5}(?: of)?|look-?alike of"
    r"|legit(?:imate)?|genuine|official|real|chính thức|chính thống|hợp pháp|thay vì|instead "
    r"of)(?: (?:site|website|domain|trang(?: web)?|tên miền|của|the|of|is|là))?\W{1,3}"
    r"(?:www\.)?$"
)


# Trojan.Win32.Agent.xyz, HEUR:Backdoor.Linux.Mirai.b, Ransom.MSIL.Hidden.one
_DETECTION = re.compile(
    r"(?:(?:HEUR|UDS|PDM|VHO|not-a-virus):)?(?:Trojan(?:-\w{2,20})?|Backdoor|Worm|Virus|Ransom"
    r"(?:ware)?|Exploit|Downloader|Dropper|Rootkit|HackTool|RiskTool|Riskware|AdWare|PUA|PUP"
    r"|Spyware|TrojanSpy|TrojanDownloader|TrojanDropper|Infostealer|Stealer|Packed|Gen|Variant"
    r"|W32|W64|Win32|Win64|MSIL|Linux|JS|VBS|HTML|Android(?:OS)?|OSX)\.[A-Z][\w-]*\.[\w.-]+"
)


def is_detection(name: str) -> bool:
    """Return whether a dotted word is a scanner's name for a threat, judged by its capitals."""
    return _DETECTION.fullmatch(name) is not None


LISTED, DEFANGED = "listed", "defanged"


RULES = (
    Rule("reference_label", NAMES, WRITTEN,
        lambda found: (found.kind is IndicatorType.DOMAIN or found.start < NEAR)
        and _REFERENCE.search(found.near), refusals.REFERENCE, 55,
        accepted=['url = "https://evil-a.site/post'],
        refused=['reference = "https://vendor-a.site/post', "canonical_url: https://vendor-a.site/post"]),
    Rule("under_references", LINK, WRITTEN, lambda found: found.line.prose.section is Section.REFERENCES,
        refusals.REFERENCE, 60, accepted=["Indicators\nhttps://evil-a.site/x"],
        refused=["References\nhttps://vendor-a.site/post", "Tài liệu tham khảo\nhttps://vendor-a.site/post"]),
    Rule("platform", LINK, WRITTEN, _platform, refusals.WELL_KNOWN, 61,
        accepted=["https://github.com/evil/x"], refused=["Nó tải tệp từ https://github.com"]),
    Rule("cited_link", LINK, WRITTEN, _cited_link, refusals.REFERENCE, 62,
        accepted=["Nó tải tệp từ https://evil-a.site/x"], refused=["Theo https://securelist.com/a-report"]),
    Rule("cited_name", DOMAIN, WRITTEN,
        lambda found: found.line.prose.advisory and is_publisher(found.value) if found.line.alone
        else is_cited(found.value), refusals.WELL_KNOWN, 65, accepted=["Nó kết nối tới evil-a.site"],
        refused=["Nó được tải lên virustotal.com", "Nó kết nối tới github.com"]),
    Rule("to_read", LINK, WRITTEN,
        lambda found: found.line.prose.marks and (_of_a_footnote(found)
        or _TO_READ.search(_sentence(found)[0])), refusals.REFERENCE, 80,
        accepted=["C2: https://evil-a.site/x"], refused=["Xem thêm tại https://vendor-a.site/post",
            "[1] https://vendor-a.site/post", "[the report](https://vendor-a.site/post"]),
    Rule("link_beside_defanged", LINK, WRITTEN, _is_clickable, refusals.REFERENCE, 82,
        accepted=["https://evil-a.site/x"],
        refused=["C2: evil-b[.]site\nNhóm này dùng mã độc như trong https://vendor-a.site/post"]),
    Rule("name_beside_defanged", DOMAIN, WRITTEN, _is_clickable, refusals.IN_SENTENCE, 82,
        accepted=["Nhóm này dùng mã độc để gửi dữ liệu tới evil-b.site"],
        refused=["C2: evil-b[.]site\nNhóm này dùng mã độc để tấn công trang unit-a.site"]),
    Rule("source_row", NAMES, CELL, lambda cell: cell.of_source, refusals.REFERENCE, 20,
        refused=["note,ip\nSource: https://vendor-a.site/post,"]),
    Rule("cited_cell", LINK, CELL,
        lambda cell: cell.in_sentence and is_publisher(host_of(cell.kind, cell.value)), refusals.REFERENCE,
        30, refused=["url,note\nsee https://securelist.com/a,x"]),
    Rule("user_agent", NAMES, WRITTEN, on_line(_AGENT), refusals.BESIDE, 52,
        accepted=["The bot calls itself Mozilla and asks evil-a.site"],
        refused=["Mozilla/5.0 (compatible; Bot/1.0; +http://bot-a.site/about"]),
    Rule("registrar", NAMES, WRITTEN, on_line(_REGISTRAR), refusals.BESIDE, 52,
        accepted=["Registered: evil-a.site"], refused=["Registrar URL: http://www.registrar-a.site/x",
            "Registrar WHOIS Server: whois.registrar-a.site"]),
    Rule("provider", DOMAIN, WRITTEN, near(_PROVIDER), refusals.BESIDE, 52,
        accepted=["Registered yesterday: evil-a.site", "AS64500 is where the bot asks evil-a.site"],
        refused=["Domain: evil-a.site (registered at registrar-a.site",
            "IP: 203.0.113.5 (AS64500, hosting-a.site",
            'The file is signed by "Example Soft" (soft-a.site']),
    Rule("cited_defanged", LINK, LINE, lambda found: found.start < 0 and "/" in split_url(found.value)[2][:1]
        and is_publisher(host_of(found.kind, found.value), _SANDBOXES), refusals.REFERENCE, 62,
        accepted=["hxxps://evil-a[.]site/x"], refused=["sample hxxps://bazaar.abuse[.]ch/sample/123"]),
    Rule("name_to_read", DOMAIN, WRITTEN, near(_ASK), refusals.REFERENCE, 80,
        accepted=["Users visit evil-a.site"], refused=["Questions? Visit soc-a.site"]),
    Rule("describes", DOMAIN, WRITTEN, on_line(_ASIDE), refusals.BESIDE, 56, accepted=["Domain: evil-a.site"],
        refused=["ASN: AS64500 (Example Hosting, www.hosting-a.site", "Nhà cung cấp: hosting-a.site"]),
    Rule("imitated", NAMES, WRITTEN, lambda found: found.line.marked and _IMITATED.search(found.near),
        refusals.IN_SENTENCE, 90, accepted=["evil-a[.]site, vcb-a.site"],
        refused=["e1[.]top nhái vcb-a.site"]),
    Rule("detection", DOMAIN, WORD, lambda found: is_detection(found.token), refusals.DETECTION, 20,
        accepted=["trojan.evil-a.site"], refused=["Ransom.MSIL.Hidden.one"]),
    Rule("searched_for", ALL, WRITTEN, lambda found: found.line.searched, refusals.SEARCHED_FOR, 12,
        accepted=['strings:\n$a = "x"\ncondition: any of them\nC2: evil-a.site'],
        refused=['strings:\n  $a = "evil-a.site']),
    Rule(DEFANGED, ALL, LINE, lambda found: found.start < 0, "", 998,
        accepted=["Nó kết nối tới virustotal[.]com", "Package name: com[.]evil[.]bank"]),
    Rule(LISTED, ALL, LINE, lambda found: True, "", 999, accepted=["C2: evil-a.site"]),
)  # fmt: skip
