"""What a heading of running text announces: a list of values, references, files, the text of a mail."""

from __future__ import annotations

import re
from enum import Enum, auto

_REFERENCES = re.compile(
    r"(?:\W{0,8}|\d{1,2}[.)]\s{0,3})(?:references?|further reading|read more|see also|external links|related (?:links|posts)|learn more"
    r"|tài liệu tham khảo|tham khảo|nguồn tham khảo|liên kết tham khảo|đường dẫn tham khảo|thông tin tham khảo|参考(?:情報|文献|資料|资料|链接)?|參考(?:資料|文獻|連結)?|참고(?:자료|문헌| 자료| 문헌| 링크)?)\s{0,3}(?::(?!.{0,60}://).{0,60})?",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"\b(?:phụ lục|danh sách|annex|appendix|indicators?|iocs?|c2s?|c&c|ips?|ipv4|ipv6|address(?:es)?|domains?|urls?|hosts?|servers?|network|địa chỉ|tên miền|máy chủ|liên kết độc hại)\b",
    re.IGNORECASE,
)
"""What a heading says that announces addresses or names, whatever else it says."""
_HASH_HEADING = re.compile(
    r"\bhash(?:es)?\b|\bmd5\b|\bsha-?(?:1|256)\b|\bmã băm|\bfile ?names?\b|\btên tệp", re.IGNORECASE
)
_MAIL_HEADING = re.compile(
    r"\b(?:subjects?|senders?|e-?mail (?:body|text|template)|tiêu đề thư|người gửi)\b", re.IGNORECASE
)
# Whitelist    Do not block    3. Danh sách trắng    Exclusions    Benign domains (do not block)    Các tên miền ngoại lệ
_ALLOWED_HEADING = re.compile(
    r"(?:\d{1,2}[.)]\s{0,3})?(?:(?:(?:white|allow|safe)[ -]?list(?:ed)?|do not block|not to be blocked|(?:known )?false positives?|exceptions?|exclusions?|danh sách (?:trắng|cho phép|ngoại lệ|loại trừ)"
    r"|không (?:được )?chặn|ngoại lệ|loại trừ)(?: (?:ips?|domains?|names?|urls?|hosts?|address(?:es)?|entries|địa chỉ|tên miền|ip)){0,2}"
    r"|(?:legit(?:imate)?|benign|excluded|known[- ]good) (?:ips?|domains?|names?|urls?|hosts?|address(?:es)?|sites?|websites?|services?|infrastructure)"
    r"|(?:các )?(?:(?:địa chỉ|tên miền|trang web|website|ip|địa chỉ ip) ){1,2}(?:ngoại lệ|hợp pháp|hợp lệ|chính thống|(?:không|không được) chặn))(?:\s?\([^()]{0,60}\))?",
    re.IGNORECASE,
)
# = Title of an AsciiDoc document
_TITLE = re.compile(r"={1,5} \w")
_WORD = re.compile(r"[^\W\d_]{2,}")
_WORDS_MOST, _LONGEST = 9, 100


class Section(Enum):
    """What the last heading announced."""

    LIST = auto()
    REFERENCES = auto()
    FILES = auto()
    MAIL = auto()
    ALLOWED = auto()
    """What is not to be blocked."""
    MARGIN = auto()
    """A page header or footer, which lists nothing."""


def is_title(text: str) -> bool:
    """Whether a line is a document's title in AsciiDoc."""
    return _TITLE.match(text) is not None


def may_be_heading(text: str) -> bool:
    """Whether a line without values is short enough for a heading and does not end as a sentence does."""
    words = text.split()
    ends = text.rstrip().endswith((".", ";", ",", "!", "?"))
    return 0 < len(words) <= _WORDS_MOST and len(text) <= _LONGEST and not ends


def heads_exceptions(bare: str) -> bool:
    """Whether a heading announces what is not to be blocked."""
    return _ALLOWED_HEADING.fullmatch(bare.rstrip(": ")) is not None


def announced(text: str, bare: str) -> Section | None:
    """What a line that may be a heading announces, None for a mere line; `bare` is the line without marks around it."""
    if heads_exceptions(bare):
        return Section.ALLOWED
    if _LISTS.search(bare):
        return Section.LIST
    if _REFERENCES.fullmatch(bare):
        return Section.REFERENCES
    if not _WORD.search(bare) or not _like_heading(text):
        return None
    if _MAIL_HEADING.search(bare):
        return Section.MAIL
    return Section.FILES if _HASH_HEADING.search(bare) else Section.LIST


def _like_heading(text: str) -> bool:
    """Capitals, a colon at the end, or a mark of Markdown or AsciiDoc at the start."""
    bare = text.strip()
    letters = [character for character in bare if character.isalpha()]
    upper = sum(character.isupper() for character in letters)
    return (
        bare.endswith((":", ":*", ":**"))
        or bare.startswith(("#", "=", "**", "=="))
        or (len(letters) > 3 and upper * 4 >= 3 * len(letters))
        or (bare[:1].isupper() and "." not in bare and len(bare.split()) <= 6)
    )
