"""Sections that headings of running text announce, and the rules that follow from them."""

from __future__ import annotations

import re
from enum import Enum, auto

from lamsach.documents.headings import fold
from lamsach.indicators.judge.rule import (
    ALL,
    DOMAIN,
    LINE,
    NAMES,
    NO_DIGESTS,
    WRITTEN,
    Rule,
    Test,
    any_case,
    has_word,
)
from lamsach.indicators.tables.fields import Field, field_of
from lamsach.indicators.values import refusals

_REFERENCES = any_case(
    r"(?:\W{0,8}|\d{1,2}[.)]\s{0,3})(?:references?|(?:additional |further )?(?:reading|resources)|read more"
    r"|see also|external links|related (?:links|posts)|learn more"
    r"|tài liệu tham khảo|tham khảo|nguồn tham khảo|liên kết tham khảo|đường dẫn tham khảo"
    r"|thông tin tham khảo|参考(?:情報|文献|資料|资料|链接)?|參考(?:資料|文獻|連結)?"
    r"|참고(?:자료|문헌| 자료| 문헌| 링크)?)"
    r"\s{0,3}(?::(?!.{0,60}://).{0,60})?"
)
_LISTS = any_case(
    r"\b(?:phụ lục|danh sách|annex|appendix|indicators?|iocs?|c2s?|c&c|ips?|ipv4|ipv6|address"
    r"(?:es)?|domains?|urls?|hosts?|servers?|network|địa chỉ|tên miền|máy chủ|liên kết độc "
    r"hại)\b"
)
"""Words of a heading that announce addresses or names, regardless of the other words."""
_HASH_HEADING = any_case(r"\bhash(?:es)?\b|\bmd5\b|\bsha-?(?:1|256)\b|\bmã băm|\bfile ?names?\b|\btên tệp")
_MAIL_HEADING = any_case(r"\b(?:subjects?|senders?|e-?mail (?:body|text|template)|tiêu đề thư|người gửi)\b")
_KINDS = (
    r"(?:ips?|domains?|names?|urls?|hosts?|address(?:es)?|entries|địa chỉ|tên miền|ip|websites?"
    r"|trang(?: web)?|máy chủ|dịch vụ)"
)
# Whitelist    Do not block    3. Danh sách trắng    Exclusions    Benign domains (do not block)    Các tên
# miền ngoại lệ    Benign traffic observed    Lưu lượng hợp lệ    Không chặn các tên miền sau
_ALLOWED_HEADING = any_case(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}[.)]?\s{0,3})?(?:(?:(?:white|allow|safe)[ -]?list(?:ed)?|do "
    r"not block|not to be blocked|never block|(?:known )?false ?positives?|exceptions?"
    r"|exclusions?|danh sách (?:trắng|cho phép|ngoại lệ|loại trừ|không chặn)"
    rf"|không (?:được |nên )?chặn(?: (?:các|những))?|ngoại lệ|loại trừ)(?: (?:the "
    rf"(?:following|below))?)?(?: {_KINDS}){{0,2}}(?: sau(?: đây)?| below)?"
    rf"|{_KINDS} (?:to allow|not to (?:be )?block(?:ed)?|that (?:must|should) not be blocked)"
    r"|(?:not (?:related|malicious)|unrelated|không liên quan|không độc hại)(?:, .{0,40})?"
    r"|(?:(?:shown|listed|given|included|mentioned|chỉ) )?(?:for context|for completeness"
    r"|để tham khảo)(?: only)?"
    r"|(?:legit(?:imate)?|benign|excluded|known[- ]good|normal|harmless|clean|safe|trusted"
    r"|non-malicious|allowed) (?:network |web |dns )?(?:ips?|domains?|names?|urls?|hosts?"
    r"|address(?:es)?|sites?|websites?|services?|infrastructure|traffic|connections?|activity"
    r"|destinations?|servers?|software|tools?|utilities|programs?)(?: (?:names?|address(?:es)?|observed"
    r"|seen|used|abused|contacted))?"
    r"|(?:các |danh sách )?(?:(?:địa chỉ|tên miền|trang web|website|ip|địa chỉ ip|lưu lượng(?: "
    r"mạng)?|kết nối|truy cập|dịch vụ|máy chủ|phần mềm) ){1,2}(?:ngoại lệ|hợp pháp|hợp lệ|chính "
    r"thống|lành tính|bình thường|an toàn|tin cậy|sạch|không độc hại|được phép|(?:không|không "
    r"được) chặn))(?:\s?\([^()]{0,60}\)|\s[-–—]\s.{1,60})?"
)
# Máy bị nhiễm kết nối tới: 203.0.113.5    Máy bị nhiễm và máy chủ điều khiển
_OTHER_SIDE = any_case(
    r"ket noi|\b(?:toi|den)\b|dieu khien|\bc2\b|c&c|tan cong tu|truy van"
    r"|\b(?:connect|contact|beacon|quer|attack)"
)
# Please do NOT block the following, they are shared hosting:    Không chặn các tên miền sau vì của đơn vị:
ALLOWED_SENTENCE = any_case(
    r"[^:]{0,120}\b(?:do not|don't|must not|should not|never) block (?:any of )?(?:the (?:following|below"
    r"|listed)|these|those|it|them)\b[^:]{0,160}:\s*"
    r"|[^:]{0,120}\bkhông (?:được |nên |cần )?chặn (?:các|những|địa chỉ|tên miền)\b[^:]{0,160}:\s*"
)
# DNS servers to use    Recommended resolvers    Our partners    Máy chủ DNS khuyến nghị    Sử dụng các máy
# chủ DNS sau    Đơn vị phối hợp    Thông tin liên hệ
_SERVERS = (
    r"(?:dns|name|ntp|time|public|secure|safe|national|filtering) ?(?:dns |ntp )?(?:servers?"
    r"|resolvers?)|resolvers?"
)
_RECOMMENDED_HEADING = any_case(
    rf"(?:\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}[.)]?\s{{0,3}})?(?:(?:{_SERVERS}) (?:to "
    rf"(?:use|configure|set)|(?:that )?we "
    rf"recommend|recommended)|(?:recommended|preferred|approved|trusted|suggested) (?:{_SERVERS})"
    rf"|(?:please )?(?:use|configure|set) (?:the following|these|our) (?:{_SERVERS})|(?:our "
    rf")?partners?|contacts?(?: (?:us|details|information|points?))?|points? of contact"
    r"|(?:các |danh sách )?(?:(?:địa chỉ|máy chủ|bộ|dịch vụ) ){0,2}(?:dns|ntp|phân giải(?: tên "
    r"miền)?|thời gian)(?: (?:được )?(?:khuyến nghị|khuyến cáo|khuyên dùng|nên (?:sử )?dùng|cần "
    r"(?:sử )?dùng|sử dụng|tin cậy|an toàn))"
    r"|(?:(?:đề nghị|khuyến nghị|nên|hãy) )?(?:sử dụng|dùng|cấu hình) (?:các )?(?:máy chủ )?"
    r"(?:dns|ntp|phân giải(?: tên miền)?)(?: sau(?: đây)?)?|(?:các )?(?:đối tác|(?:đơn vị|cơ "
    r"quan) phối hợp)|(?:thông tin |đầu mối )?liên hệ|đầu mối(?: hỗ trợ)?|nơi nhận)"
)
# Best regards,    Trân trọng./.
_CLOSING = any_case(
    r"[>\s]{0,8}(?:(?:best|kind|warm) regards|regards|sincerely(?: yours)?|yours (?:faithfully"
    r"|sincerely|truly)|trân trọng(?: cảm ơn| kính chào)?|kính thư|thân ái|thân mến)["
    r"\s.,!/]{0,6}"
)
_DASHES = re.compile(r"[>\s]{0,8}-- ?")
"""Separator of a signature from its letter (RFC 3676, section 4.3)."""
# On Mon, 2 Mar 2026, A wrote:    Vào 10:00 .. đã viết:    From: a@unit.example    ----- Original Message
# -----
QUOTED_LETTER = any_case(
    r"[>\s]{0,8}(?:.{0,200}(?:wrote|đã viết):|(?:from|từ|subject|chủ đề)\s?:\s.{0,200}"
    r"|-{3,}.{0,60}-{3,}|_{8,})"
)
ANNEX = any_case(r"(?:phụ lục|danh sách|annex|appendix|attachment|indicators?|iocs?)\b")
SIGNATURE_LINES = 8
"""Maximum number of lines of a letter's signature."""
# ## Booking.com    = Telegram.org    2.1 Example.com
_TITLE_LINE = re.compile(r"(?:#{1,6}|={1,5}|\d{1,2}(?:\.\d{1,2}){1,3}\.?)\s{1,4}(?=\S)")
# = Title of an AsciiDoc document
TITLE = re.compile(r"={1,5} \w")
_MAX_WORDS, _MAX_LENGTH = 9, 100


class Section(Enum):
    """Section announced by the last heading."""

    LIST = auto()
    REFERENCES = auto()
    FILES = auto()
    MAIL = auto()
    ALLOWED = auto()
    """Values not to be blocked."""
    MARGIN = auto()
    """A page header or footer, which lists nothing."""
    RECOMMENDED = auto()
    """Services to use, or contacts."""
    SIGNATURE = auto()
    """Sender's signature."""
    VICTIMS = auto()
    """Infected machines."""


def may_be_heading(text: str) -> bool:
    """Return whether a line without values is as short as a heading and does not end like a sentence."""
    ends_sentence = text.rstrip().endswith((".", ";", ",", "!", "?"))
    return 0 < len(text.split()) <= _MAX_WORDS and len(text) <= _MAX_LENGTH and not ends_sentence


def exception_section(bare: str) -> Section | None:
    """Return the section of a heading over what is not the attacker's, or None."""
    bare = bare.rstrip(": ")
    if field_of(bare) is Field.VICTIM and not _OTHER_SIDE.search(fold(bare)):
        return Section.VICTIMS
    if _ALLOWED_HEADING.fullmatch(bare) is not None:
        return Section.ALLOWED
    return Section.RECOMMENDED if _RECOMMENDED_HEADING.fullmatch(bare) is not None else None


def label_section(line: str) -> Section | None:
    """Return `exception_section` of a line's label (`Legitimate domains: a.example`)."""
    label, colon, _ = line[:_MAX_LENGTH].partition(":")
    return exception_section(label.strip(" \t#=*_->")) if colon else None


def begins_signature(text: str, *, letter: bool) -> bool:
    """Return whether a signature follows: closing words, or two dashes in a (quoted) `letter`."""
    if _DASHES.fullmatch(text):
        return letter or text.lstrip().startswith(">")
    return _CLOSING.fullmatch(text) is not None


def section_of(text: str, bare: str) -> Section | None:
    """Return the section that a line announces, or None; `bare` is the line without surrounding marks."""
    if (section := exception_section(bare)) is not None:
        return section
    if _LISTS.search(bare):
        return Section.LIST
    if _REFERENCES.fullmatch(bare):
        return Section.REFERENCES
    if not has_word(bare) or not _looks_like_heading(text):
        return None
    if _MAIL_HEADING.search(bare):
        return Section.MAIL
    return Section.FILES if _HASH_HEADING.search(bare) else Section.LIST


def _looks_like_heading(text: str) -> bool:
    """Return whether a line is in capitals, short, marked as a heading, or ends in a colon."""
    bare = text.strip()
    letters = [character for character in bare if character.isalpha()]
    return (
        bare.endswith((":", ":*", ":**"))
        or bare.startswith(("#", "=", "**"))
        or (len(letters) > 3 and sum(map(str.isupper, letters)) * 4 >= 3 * len(letters))
        or (bare[:1].isupper() and "." not in bare and len(bare.split()) <= 6)
    )


# Website: www.unit.example    (in a sender's signature)
_SIGNED = any_case(
    r"^\W{0,8}(?:web(?:site)?|web ?page|home ?page|trang (?:chủ|web|tin)|cổng thông tin)\s{0,3}[:：]\s{0,3}$"
)


def _under(section: Section) -> Test:
    return lambda found: found.line.prose.section is section


def _labelled(section: Section) -> Test:
    return lambda found: found.line.label is section


RULES = (
    Rule("label_allows", ALL, LINE, _labelled(Section.ALLOWED), refusals.ALLOWED, 11,
        accepted=["Malicious domains: evil-a.site, evil-b.site"],
        refused=["Legitimate domains: good-a.site, good-b.site", "Whitelist: 203.0.113.58",
            "Not related, shown for context only: good-a.site", "Không liên quan: good-a.site",
            "Legitimate tools used: AnyDesk (good-a.site)"]),
    Rule("label_recommends", ALL, LINE, _labelled(Section.RECOMMENDED), refusals.RECOMMENDED, 11,
        accepted=["DNS servers of the attacker: 203.0.113.53"],
        refused=["Recommended resolvers: 203.0.113.53", "Đơn vị phối hợp: partner-a.site"]),
    Rule("label_of_victims", NO_DIGESTS, LINE, _labelled(Section.VICTIMS), refusals.VICTIM, 11,
        accepted=["Máy bị nhiễm kết nối tới: 203.0.113.58", "C2: 203.0.113.58",
            "may nhiem ket noi den http://evil-a.site/x"],
        refused=["Infected hosts: 203.0.113.57, 203.0.113.58", "IP máy bị nhiễm: 203.0.113.58"]),
    Rule("under_victims", NO_DIGESTS, LINE, _under(Section.VICTIMS), refusals.VICTIM, 20,
        accepted=["Máy bị nhiễm và máy chủ điều khiển\n203.0.113.58",
            "Victims\n203.0.113.57\nC2 servers\n203.0.113.58"],
        refused=["Infected machines\n203.0.113.57\n203.0.113.58", "Máy bị nhiễm:\n- 203.0.113.58"]),
    Rule("form_of_another_type", ALL, LINE, lambda found: found.line.prose.form, refusals.UNSUPPORTED_TYPE,
        13, accepted=["Type\ndomain\nValue\nevil-a.site"],
        refused=["Type\nlink\nValue\nhttps://vendor-a.site/post"]),
    Rule("under_exceptions", ALL, LINE, _under(Section.ALLOWED), refusals.ALLOWED, 20,
        accepted=["Domains\nevil-a.site", "Please do not block it, as all use it:\nIt asks evil[.]site",
            "Please do not block it, as all use it:\ngood[.]site\nC2: evil-a.site",
            "You should not block users from reading this, for the servers behind it are many:\nevil-a.site"],
        refused=["Do not block\ngood[.]site", "# Allow list - do not block\ngood-a.site",
            "falsepositives:\n- Visits to good-a.site",
            "Please do not block the following, they are shared by many:\n\n  good[.]site",
            "3. Danh sách trắng\n203.0.113.58", "Benign traffic observed\ngood.site"]),
    Rule("under_recommended", ALL, LINE, _under(Section.RECOMMENDED), refusals.RECOMMENDED, 20,
        accepted=["Servers of the attacker\n203.0.113.53"],
        refused=["DNS servers to use\n203.0.113.53", "Thông tin liên hệ\nunit-a.site"]),
    Rule("margin", ALL, WRITTEN, _under(Section.MARGIN), refusals.MARGIN, 40,
        accepted=["Trang 1\nwww.unit-a.site"],
        refused=["\n\f".join(["www.unit-a.site\n" + "a b c d e f g h i k l m n\n" * 7] * 2)]),
    Rule("letters_signature", NAMES, WRITTEN, _under(Section.SIGNATURE), refusals.SIGNATURE, 40,
        accepted=["Trân trọng./.\nPhụ lục: danh sách tên miền\nevil-a.site"],
        refused=["Best regards,\nwww.unit-a.site"]),
    Rule("mail_text", DOMAIN, WRITTEN,
        lambda found: _under(Section.MAIL)(found) or (not found.line.alone and found.line.has_mailbox),
        refusals.IN_SENTENCE, 64, accepted=["Domains:\nevil-a.site"],
        refused=["Email subjects:\nupdate of evil-a.site",
            "From: Support <a@unit.example> via relay.evil-a.site"]),
    Rule("title", DOMAIN, WRITTEN,
        lambda found: _TITLE_LINE.match(found.text.lstrip())
        and not (":" in (label := found.text[: found.start]) and _LISTS.search(label)), refusals.TITLE, 70,
        accepted=["- evil-a.site", "2.2. Tên miền: evil-b.site, evil-a.site"], refused=["2.1 Stay-a.site"]),
    Rule("own_page", NAMES, WRITTEN,
        lambda found: found.line.prose.defangs and _SIGNED.match(found.text[: found.start]),
        refusals.IN_SENTENCE, 81, accepted=["Website: unit-a.site"],
        refused=["C2: evil-b[.]site\nWebsite: unit-a.site"]),
)  # fmt: skip
