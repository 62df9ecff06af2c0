"""What stands before a value on its line and says that it is none: a label (`reference =`, `Package name:`), a word (`impersonates`), a place in the text.

Only windows of fixed length before a value are looked at, so the time stays linear in the text's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from lamsach.indicators.values import refusals
from lamsach.model import IndicatorType
from lamsach.model.indicator_types import DIGESTS

_BEFORE = 96
# YARA and Sigma: reference = "https://blog.example/post"    MISP: "reference": "https://..."    Markdown's head: canonical_url: https://...
_REFERENCE = re.compile(
    r"^\W{0,8}(?:external[_ ]?)?(?:references?|refs?|permalink|blog ?post|canonical(?:_?url)?|og:(?:url|image)|(?:cover|featured|header)_?image|(?:author|source|post|blog|home)_?(?:url|page)|参考(?:情報|链接)?|参照|參考|참고)\d{0,2}[\"']?\s{0,4}[:=：]\s{0,4}[\"'\[<(]{0,3}$",
    re.IGNORECASE,
)
# Package name: com.example.bank    Tên gói ứng dụng: vn.gov.app
_PACKAGE = re.compile(
    r"(?:\b(?:package|bundle|application|app)[ _-]?(?:name|id|identifier)?|\bgói(?: ứng dụng)?|\bmã ứng dụng)[\"']?\s{0,3}(?:\((?:package|bundle)\))?\s{0,3}[:=]\s{0,3}[\"'`]?$",
    re.IGNORECASE,
)
# "key": "0123..", RC4 key = 0123..
_KEY = re.compile(
    r"(?:\b|_)(?:key|salt|nonce|iv|secret|password|passwd|pwd|token|mật khẩu|mã xác thực|build[_ -]?id|bot[_ -]?net[_ -]?id|campaign)[\"']?\s{0,3}(?:[:=]|is|là)\s{0,3}[\"'`]?$",
    re.IGNORECASE,
)
# strings are decrypted with the key 0123..
_KEY_IN_SENTENCE = re.compile(
    r"\b(?:with|using|the|rc4|xor|aes|des|encryption|decryption|hard-?coded|static|session|shared)\s{1,3}key\s{1,3}[\"'`(]?$",
    re.IGNORECASE,
)
# ASN: AS64500 (Example Hosting, www.hosting.example)    PDB: C:\\dev\\evil.app\\x.pdb
_ASIDE = re.compile(
    r"^\W{0,8}(?:asn?|as (?:name|number)|author|reverse dns|rdns|ptr(?: record)?|isp|hosting(?: provider)?|registrar|registrant|organi[sz]ation|org|owner|whois|pdb(?: path)?|mutex|user[ _-]?agent|compiler|packer|issuer"
    r"|signer|signed by|product(?: name)?|internal name|original name|original filename|company|copyright|nhà cung cấp|nhà đăng ký)\s{0,20}[:=]",
    re.IGNORECASE,
)
# Registrar URL: http://www.registrar.example    Registrar WHOIS Server: whois.registrar.example
_REGISTRAR = re.compile(r"^\W{0,8}(?:registr(?:ar|y)\b[^:]{0,40}|whois server)\s{0,20}:", re.IGNORECASE)
# File name: setup.com    4. Mẫu tệp: C:\\Windows\\Temp\\a.exe, update.com
_FILES = re.compile(
    r"^\W{0,8}(?:\d{1,2}[.)]\s{0,3})?(?:file ?names?|dropped files?|(?:e-?mail )?attachments?|(?:tên|mẫu) (?:tệp|file)(?: tin)?)(?: đính kèm)?[*_`]{0,3}\s{0,20}[:=]",
    re.IGNORECASE,
)
# invoice.pdf.com
_TWO_ENDINGS = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|rtf|txt|jpe?g|png|zip|rar|7z)\.com$", re.IGNORECASE)
# the file `update.com`, tệp có tên là setup.com
_CALLED_FILE = re.compile(
    r"(?:\bfiles?|\btệp(?: tin)?|\btập tin)(?: (?:named|called|name is|tên|có tên|tên là|có tên là))?\s{1,3}[\"'`“‘]?$",
    re.IGNORECASE,
)
_ENDS_FILES = frozenset({"com", "zip", "mov", "sh", "py", "so", "rs", "md", "cab", "app", "ps"})
# Website: www.unit.example    of a sender's signature
_SIGNED = re.compile(
    r"^\W{0,8}(?:web(?:site)?|web ?page|home ?page|trang (?:chủ|web|tin)|cổng thông tin)\s{0,3}[:：]\s{0,3}$",
    re.IGNORECASE,
)
# 0f4c.. (update.net)    MD5: 0f4c.. FileName: update.net
_FILE_OF_HASH = re.compile(
    r"(?:(?<![0-9a-z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})[\"'`*_]{0,3} {1,2}\([\"'`*_]{0,3}|\bfile ?names?[\"']?\s{0,3}[:=]\s{0,3}[\"'`]?)$",
    re.IGNORECASE,
)
# vcb-vn[.]top giả mạo vietcombank.com.vn
_IMITATED = re.compile(
    r"(?:giả mạo|giả danh|mạo danh|giống(?: với)?|nhái|impersonat\w{1,4}|mimick?\w{0,4}|spoof\w{0,4}|imitat\w{1,4}|pretend\w{0,4} to be|typosquat\w{0,5}(?: of)?|look-?alike of"
    r"|legit(?:imate)?|genuine|official|real|chính thức|chính thống|hợp pháp|thay vì|instead of)(?: (?:site|website|domain|trang(?: web)?|tên miền|của|the|of|is|là))?\W{1,3}(?:www\.)?$",
    re.IGNORECASE,
)
# MD5 (setup.com) = 0f4c..    SHA256(setup.com)= 0f4c..
_DIGEST_OF = re.compile(r"\b(?:md5|sha-?\d{1,3}|blake\w{0,3}) ?\($", re.IGNORECASE)
_DIGEST_IS = re.compile(r"\) ?= ?[0-9a-f]{32}", re.IGNORECASE)
# Mozilla/5.0 (compatible; Bot/1.0; +http://bot.example/about)
_AGENT = re.compile(r"^\W{0,8}(?:user[ _-]?agents?\W{1,4})?mozilla/\d\.\d", re.IGNORECASE)
_GOES_ON = r"(?:[^.;]|\.\w){0,60}$"
_NOT = r"(?![^.;]{0,60}\b(?:not|never|avoid|stop|không|ngừng|dừng|tránh|đừng)\b)"
_NAME_SERVER = r"(?:dns|resolvers?|name ?servers?|forwarders?|ntp|time servers?|máy chủ phân giải|phân giải tên miền|máy chủ thời gian)\b"
# We recommend the resolver 203.0.113.53    Set your DNS to 203.0.113.53    Đề nghị các đơn vị dùng DNS 203.0.113.53
_RECOMMENDED = re.compile(
    rf"(?:\b(?:recommend\w{{0,6}}|advis\w{{1,3}}|suggest\w{{0,4}}|should|please)\b|(?:^\W{{0,8}}|[.:;!?]\s{{1,3}})(?:use|set|configure|switch|point|change|prefer)\b){_NOT}[^.;]{{0,60}}\b{_NAME_SERVER}{_GOES_ON}"
    rf"|\b(?:khuyến nghị|khuyến cáo|đề nghị|yêu cầu|nên|hãy|cần)\b{_NOT}[^.;]{{0,60}}\b(?:sử dụng|dùng|cấu hình|trỏ|chuyển|đặt|thiết lập)\b[^.;]{{0,40}}\b{_NAME_SERVER}{_GOES_ON}",
    re.IGNORECASE,
)
# our partner Example Ltd (partner.example)    Đơn vị phối hợp: partner.example
_PARTNER = re.compile(
    r"(?:\b(?:our|trusted|security|research|technology) partners?\b|\bin (?:cooperation|collaboration|partnership) with\b|\bpartner(?:ed|ing) with\b|\bđối tác\b|\b(?:phối hợp|hợp tác) (?:với|cùng)\b|\b(?:đơn vị|cơ quan) phối hợp\b)[^.;]{0,60}$",
    re.IGNORECASE,
)
# Please allow good.example    Không chặn good.example và 203.0.113.58
_LET_PASS = re.compile(
    rf"(?:(?:^\W{{0,8}}|[.;!?]\s{{1,3}})(?:please )?(?:allow|whitelist|permit|exempt)\b|\b(?:do not|don't|must not|should not|never) block\b|\bkhông (?:được |nên |cần )?chặn\b(?! được)){_GOES_ON}",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"\s{0,8}((?:1?\d|20)(?:\.\d){3})\.?\s{1,4}(?=[^\W\d_a-z])[^\W\d_][^.:;\d]{3,100}", re.UNICODE
)
"""A heading with its number: `1.2.3.4 Technical analysis`."""
_ARTICLE = re.compile(
    r"\b(?:điểm|khoản|mục|điều|chương|phần|tiểu mục|bước|bảng|hình|phụ lục|section|sections|clause|article|chapter|paragraph|exhibit|part|step|table|figure|appendix|annex|§)\s{0,3}$",
    re.IGNORECASE,
)
_TO_READ = re.compile(
    r"(?:xem thêm|xem chi tiết|tham khảo|chi tiết (?:tại|xem)|thông tin (?:chi tiết|thêm)|hướng dẫn (?:chi tiết )?tại|liên hệ|cổng thông tin|trang thông tin|được công bố (?:tại|trên)"
    r"|(?:công cụ|phần mềm|bản vá|tiện ích)[^.:;]{0,60}\b(?:tại|từ|ở)|\bbản vá(?: lỗi)?|truy cập|\b(?:more|further|additional) (?:info(?:rmation)?|details|reading)|for details|\bsee(?: also)?|\brefer(?:ence)? to"
    r"|\bread(?: more)?|\blearn more|\bavailable (?:at|from|here|on)|\bpublished (?:at|on|by|in)|\b(?:report|article|advisory|blog(?: post)?|write-?up|analysis|guidance)(?: by| from| at| on| here)?"
    r"|\bsource|\bcontact(?: us)?|\bfollow(?: us)?|theo dõi|\b(?:tools?|patch(?:es)?|updates?|decryptors?|scripts?|rules?)[^.:;]{0,60}\b(?:at|from|on|here)|\bvia github)"
    r"[^\w.;]{0,3}(?:(?:tại|ở|at|on|here|in|the|us|là|địa chỉ|đường dẫn|website|link|:|\[\d{1,3}\])\W{1,3}){0,3}$",
    re.IGNORECASE,
)
"""What a sentence says before a link that its reader may follow."""
# [1] https://..., ¹ https://...: what a footnote cites
_FOOTNOTE = re.compile(
    r"\s{0,8}(?:\[\^?\d{1,3}\]|\(\d{1,3}\)|[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]{1,3})\W{0,4}(?:[^\W\d_]{2,24}\W{1,4}){0,4}$"
)
# 1 https://..., 2. https://...: the number of a footnote, whose raised spelling a text has lost
_NUMBERED = re.compile(r"\s{0,8}\d{1,3}[.)]?\s{1,8}")
# [the vendor's report](https://...), [![licence](https://...)](https://...)
_LINK_TEXT = re.compile(
    r"\[(?:!\[[^\[\]]{0,200}\]\([^()\s]{1,500}\)|[^\[\]./]{2,200})\]\(\s?<?$|!\[[^\[\]]{0,200}\]\(\s?<?$"
)
_TEXT_OF_LINK = re.compile(r"(?<=[^=&?]{4})\[[*_`]?[^\W\d_]")
"""The text of a link behind it, as AsciiDoc has it: `https://vendor.example/post/[the report]`."""
_FOOTNOTE_AT = 120
"""At which place of a line a footnote's link begins at most."""
_NOT_HTTP = re.compile(r"\bh(?:xx|\*\*)ps?\b", re.IGNORECASE)
# d41d..    .text    81920    6.5: the sections of a program, as CISA's reports list them
_SECTION_ROW = re.compile(r"\s{1,12}(?:header|\.\w{1,8})\s{1,12}\d{1,10}\s{1,12}\d\.\d{1,8}\b")
_SMALL = re.compile(r"(?:1?\d|20)(?:\.\d{1,2}){3}")


def aside(kind: IndicatorType, token: str, text: str, place: int) -> str | None:
    """Why a value that its author did not defang is none, by what stands before it on the line; or None."""
    before = text[max(0, place - _BEFORE) : place]
    if (
        kind not in DIGESTS
        and (reason := _own_side(kind, text[max(0, place - 2 * _BEFORE) : place])) is not None
    ):
        return reason
    if kind in (IndicatorType.URL, IndicatorType.DOMAIN) and (_AGENT.match(text) or _REGISTRAR.match(text)):
        return refusals.BESIDE
    if kind is IndicatorType.URL:
        return refusals.REFERENCE if place < _BEFORE and _REFERENCE.search(before) else None
    if kind is IndicatorType.DOMAIN:
        if (token.count(".") == 1 or _TWO_ENDINGS.search(token)) and (
            _FILES.match(text) or _FILE_OF_HASH.search(before)
        ):
            return refusals.FILE_NAME
        if (
            token.count(".") == 1
            and token.rpartition(".")[2].lower() in _ENDS_FILES
            and _CALLED_FILE.search(before)
        ):
            return refusals.FILE_NAME
        if _DIGEST_OF.search(before) and _DIGEST_IS.match(text, place + len(token)):
            return refusals.FILE_NAME
        if _PACKAGE.search(before):
            return refusals.PACKAGE
        if _REFERENCE.search(before):
            return refusals.REFERENCE
        return refusals.BESIDE if _ASIDE.match(text) else None
    if kind is IndicatorType.IP:
        if _KEY.search(before):
            return refusals.CODE
        return refusals.VERSION if is_number_of_a_section(token, text, place) else None
    if kind is IndicatorType.MD5 and _SECTION_ROW.match(text, place + len(token)):
        return refusals.OTHER_DIGEST
    if kind in DIGESTS and (_KEY.search(before) or _KEY_IN_SENTENCE.search(before)):
        return refusals.CODE_HASH
    return None


def _own_side(kind: IndicatorType, before: str) -> str | None:
    """Why a value is none that the words before it recommend, let pass, or call a partner's; or None."""
    if _LET_PASS.search(before):
        return refusals.ALLOWED
    if _RECOMMENDED.search(before) or (
        kind in (IndicatorType.URL, IndicatorType.DOMAIN) and _PARTNER.search(before)
    ):
        return refusals.RECOMMENDED
    return None


def defangs_links(texts: Iterable[str]) -> bool:
    """Whether the author of these texts writes malicious links as `hxxp`."""
    return any(_NOT_HTTP.search(text) for text in texts)


def is_to_read(before: str) -> bool:
    """Whether the words before a link say that it is to be read: `see`, `xem thêm tại`, `the patch at`."""
    return _TO_READ.search(before) is not None


def is_signature(before: str) -> bool:
    """Whether what stands before a name on its line is the label of a sender's own page."""
    return _SIGNED.match(before) is not None


def is_of_a_footnote(token: str, text: str, place: int, *, numbered: bool) -> bool:
    """Whether a link is a footnote's or has a text of its own, as Markdown and AsciiDoc write it. `numbered`: a mere number before it marks one."""
    if place < _FOOTNOTE_AT:
        if _FOOTNOTE.fullmatch(text[:place]):
            return True
        if numbered and _NUMBERED.fullmatch(text[:place]) and not text[place + len(token) :].strip(" ."):
            return True
    return (
        _LINK_TEXT.search(text[max(0, place - 800) : place]) is not None
        or _TEXT_OF_LINK.search(token) is not None
    )


def is_imitated(text: str, place: int) -> bool:
    """Whether the words before a value say that something else imitates it."""
    return _IMITATED.search(text[max(0, place - _BEFORE) : place]) is not None


def is_number_of_a_section(token: str, text: str, place: int) -> bool:
    """Whether a dotted quad numbers a heading, or an article of a law or table."""
    heading = _SECTION.fullmatch(text.rstrip())
    if heading is not None and heading.start(1) == place:
        return True
    return (
        _SMALL.fullmatch(token.rstrip(".")) is not None
        and _ARTICLE.search(text[max(0, place - 24) : place]) is not None
    )
