"""Numbers in a form: `05`, `1.204`, `12 đơn vị`, `12 (mười hai)`, `không có`, `01/12`; with certainty.

Vietnamese number words up to 999.999 are recognized with their variants: mốt, lăm, tư; not rưỡi; linh and lẻ
for an empty ten.
"""

from __future__ import annotations

import re
import unicodedata

_NONE = frozenset(
    {
        "khong",
        "khong co",
        "chua co",
        "chua",
        "khong phat sinh",
        "khong don vi nao",
        "khong co don vi nao",
        "chua co don vi nao",
        "chua phat sinh",
        "chua trien khai",
        "khong trien khai",
        "-",
        "–",
        "—",
        "0 don vi",
        "na",
        "n a",
    }
)
# "chưa có số liệu", "đang tổng hợp": the number is not yet known, which is not zero
_UNKNOWN = re.compile(
    r"\b(?:chua|dang|se)\b.*\b(?:so lieu|thong ke|tong hop|bao cao|cap nhat|bo sung|ro)\b"
    r"|\bchua ro\b|\bcap nhat sau\b"
)
# "khoảng 12", "~10", "trên 20", "> 5", "hơn 5", "10 - 12", "12+", "12?"
_ABOUT = re.compile(
    r"[~≈≥≤<>±?]|\d\s*\+(?!\s*\d)|\b(?:khoang|chung|gan|hon|tren|duoi|it nhat|toi thieu|toi da"
    r"|khong qua|uoc|tam)\b(?! co)"
)
# "trong đó 5 chưa gửi", "gồm 3 phòng": the second number is a part of the first
_PART_OF = re.compile(
    r"\(|\b(?:trong đó|trong do|bao gồm|gồm|cụ thể|danh sách|kèm theo|ghi chú)\b|[;\n]", re.IGNORECASE
)
# "còn 2 đơn vị", "2 đơn vị chưa triển khai", "trừ 3 phòng": the number may count those that did not
_OTHERS = re.compile(r"\b(?:chua|con|thieu|tru|ngoai)\b[^\d]*\d|\d+(?: [a-z]+){0,3} (?:chua|khong)\b")
# "12 nghìn", "1,5 triệu", "2 trăm"
_MULTIPLE = re.compile(r"\A\D*(\d{1,4})(?:[.,](\d))?\s*(trăm|nghìn|ngàn|triệu)\b\D*\Z", re.IGNORECASE)
_SCALES = {"trăm": 100, "nghìn": 1000, "ngàn": 1000, "triệu": 1_000_000}
# "XII", "VII đơn vị"; a single letter and "xx" are marks, no numbers
_ROMAN = re.compile(
    r"\A\s*(?=[IVXL]{2})(?!X+\b)((?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))(?:\s+(?:đơn vị|đv|cơ "
    r"quan|phòng))?[\s.]*\Z"
)
# "cấp tỉnh: 3; cấp xã: 5; tổng: 8"
_TOTAL = re.compile(
    r"\b(?:tổng(?: số| cộng)?|cộng)\s*[:=]?\s*(\d{1,3}(?:[. ]\d{3})+|\d{1,9})(?![\d.,/])", re.IGNORECASE
)
# "- Cấp tỉnh: 3\n- Cấp xã: 5": a list of parts without their sum
_LISTED = re.compile(
    r"\d[^\n;\d]*+[\n;]\s*+[-+•*]?+\s*+(?!\(|trong đó|trong do|bao gồm|gồm|cụ thể|ghi chú)[^\d\n;()]*+\d",
    re.IGNORECASE,
)
_LONGEST = 2000
_ONES = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_UNITS = {
    **{word: value for value, word in enumerate(_ONES)},
    "mốt": 1,
    "tư": 4,
    "lăm": 5,
    "nhăm": 5,
    "bẩy": 7,
}
_KNOWN = frozenset({*_UNITS, "mười", "mươi", "trăm", "linh", "lẻ", "nghìn", "ngàn"})
_BEFORE = frozenset({"có", "khoảng", "là", "gồm", "tổng", "số", "được", "gần", "hơn", "đã"})
_AFTER = frozenset({"đơn", "đv", "cơ", "tổ", "phòng", "máy", "người", "thiết"})
# typed without accents: "muoi hai don vi"
_ACCENTED = {
    **dict(zip(["khong", "mot", "hai", "ba", "bon", "nam", "sau", "bay", "tam", "chin"], _ONES, strict=True)),
    "tu": "tư",
    "lam": "lăm",
    "nham": "nhăm",
    "muoi": "mười",
    "tram": "trăm",
    "le": "lẻ",
    "nghin": "nghìn",
    "ngan": "ngàn",
    "don": "đơn",
    "dv": "đv",
    "co": "có",
    "phong": "phòng",
}
# "1.204", "1,204", "1 204", "05", "12"; not "1,5"
_NUMBER = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,\u00a0\u202f ]\d{3})+|\d{1,9})(?![\d])(?![.,]\d)")
_SHARE = re.compile(r"\d\s*%|%\s*\d")
# "20/9/2022", "tháng 9/2022", "năm 2022", "quý 3", "giờ 17h00"
_DATE = re.compile(
    r"(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)|(?:tháng|quý|đợt|lần)\s+\d{1,2}"
    r"(?:[/.-]\d{4})?(?!\d)|năm\s+(?:19|20)\d\d(?!\d)|\d{1,2}\s*[hg]\s*\d{2}",
    re.IGNORECASE,
)
# "10 + 2", "5+3+4=12"
_SUM = re.compile(r"[\s=]*(\d{1,7}(?:\s*\+\s*\d{1,7})+)\s*(?:=\s*(\d{1,8}))?[^\d+=]*\Z")
# "5/12": of twelve; a spreadsheet may have made a day of it
_PART = re.compile(r"(?<![\d/])(\d{1,7})\s*/\s*(\d{1,7})(?![\d/])")
# "12,0", "12.00", "1.204,0"
_WHOLE = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,]\d{3})+|\d{1,9})[.,]0{1,2}(?![.,\d])")
# a typed O for 0, l for 1: "O5", "l2"
_MISTYPED = re.compile(r"\A\s*(?=[OolI]*\d)(?=\d*[OolI])([0-9OolI]{1,6})(?![\w.,/])")
_WIDE = {ord("０") + digit: str(digit) for digit in range(10)}


def plain(text: str) -> str:
    """Normalise wordings for comparison: lower case without accents, dots and numbering."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9 ]", " ", letters).split()) or text.strip()


def number_of(text: str) -> tuple[int | None, float]:
    """Parse a number as people write it; returns it and its certainty.

    Two different numbers in one cell are a guess, an estimate is uncertain; None without a number.
    """
    text = unicodedata.normalize("NFC", text[:_LONGEST]).translate(_WIDE)
    bare = plain(text)
    if bare in _NONE:
        return 0, 0.8
    shown = _WHOLE.sub(r"\1", _DATE.sub(" ", text))
    if mistyped := _MISTYPED.match(text):
        return int(mistyped[1].translate(str.maketrans("OolI", "0011"))), 0.4
    if total := _SUM.match(shown):
        return _sum(total)
    if scaled := _MULTIPLE.match(shown):
        tenths = int(scaled[1]) * 10 + int(scaled[2] or 0)
        return tenths * _SCALES[scaled[3].lower()] // 10, 0.6
    found = [int(re.sub(r"\D", "", number)) for number in _NUMBER.findall(shown)]
    spelled = in_words(text)
    if not found:
        return _without_digits(text, bare, spelled)
    if _SHARE.search(shown):
        return _without_share(shown, found)
    if spelled is not None and spelled != found[0] and _has_spelling(text):
        return found[0], 0.3
    factor = 0.5 if _ABOUT.search(bare) or _ABOUT.search(shown) else 1.0
    factor = min(factor, 0.4) if _OTHERS.search(plain(_PART_OF.split(shown, maxsplit=1)[0])) else factor
    if len(found) > 1:
        return _select(shown, found[0], factor)
    rest = _NUMBER.sub("", shown, count=1).strip(" .")
    return found[0], (1.0 if not rest else 0.9) * factor


def _select(shown: str, first: int, factor: float) -> tuple[int, float]:
    """Select one of several numbers: the total, else the first; most certain if the others are its parts."""
    if total := _TOTAL.search(shown):
        return int(re.sub(r"\D", "", total[1])), 0.6 * factor
    alone = len(_NUMBER.findall(_PART_OF.split(shown, maxsplit=1)[0])) == 1 and not _PART.search(shown)
    listed = bool(_LISTED.search(shown))
    return first, 0.6 * factor if alone and not listed else 0.3


def _without_digits(text: str, bare: str, spelled: int | None) -> tuple[int | None, float]:
    if _UNKNOWN.search(bare):
        return None, 0.0
    if spelled is not None:
        return spelled, 0.5 if _ABOUT.search(bare) or _ABOUT.search(text) else 0.85
    if roman := _ROMAN.match(text):
        return _roman(roman[1]), 0.4
    return None, 0.0


def _roman(text: str) -> int:
    """Return the value of a Roman numeral below a hundred."""
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in text]
    return sum(
        -digit if digit < after else digit for digit, after in zip(values, [*values[1:], 0], strict=True)
    )


def _sum(total: re.Match[str]) -> tuple[int, float]:
    """Read `10+2` as twelve, with more certainty when the sum follows."""
    whole = sum(int(part) for part in total[1].split("+"))
    if total[2] is None:
        return whole, 0.6
    return (whole, 0.9) if int(total[2]) == whole else (int(total[2]), 0.3)


def _without_share(shown: str, found: list[int]) -> tuple[int, float]:
    """Read `12 (100%)` as twelve; `100%` alone is no number."""
    bare = re.sub(r"\d+(?:[.,]\d+)?\s*%", " ", shown)
    numbers = [int(re.sub(r"\D", "", number)) for number in _NUMBER.findall(bare)]
    if len(numbers) == 1:
        return numbers[0], 0.85
    if part := _PART.search(bare):
        return int(part[1]), 0.5
    return found[0], 0.2


def _has_spelling(text: str) -> bool:
    """Return whether a number is spelled out in parentheses, as in `12 (mười hai)`."""
    return "(" in text


def in_words(text: str) -> int | None:
    """Parse a number spelled out in words, up to 999.999; None for any other text.

    At most `có` or the like precedes it, and the counted noun follows: `mười hai` -> 12, `hai mươi mốt đơn
    vị` -> 21, `một trăm linh năm` -> 105, `một nghìn hai trăm` -> 1200, `muoi hai don vi` -> 12.
    """
    composed = unicodedata.normalize("NFC", text).lower()
    words = re.sub(r"[\d\W_]+", " ", composed).split()
    if composed.isascii() and len(words) > 1:
        words = [_ACCENTED.get(word, word) for word in words]
        words = ["mươi" if word == "mười" and place else word for place, word in enumerate(words)]
    while words and words[0] in _BEFORE:
        words.pop(0)
    count = next((place for place, word in enumerate(words) if word not in _KNOWN), len(words))
    if count < len(words) and words[count] not in _AFTER:
        return None
    return _thousands(words[:count])


def _thousands(words: list[str]) -> int | None:
    place = next((place for place, word in enumerate(words) if word in ("nghìn", "ngàn")), None)
    if place is None:
        return _value(words)
    above, rest = _value(words[:place]), words[place + 1 :]
    if not above or rest[:1] == ["linh"] or len(rest) == 1:  # "một nghìn hai" may be 1.200 or 1.002
        return None
    below = _value(rest) if rest else 0
    return None if below is None else above * 1000 + below


def _value(words: list[str]) -> int | None:
    hundreds, rest = 0, words
    if len(words) > 1 and words[1] == "trăm":
        if words[0] not in _UNITS:
            return None
        hundreds, rest = _UNITS[words[0]] * 100, words[2:]
        if rest and rest[0] in ("linh", "lẻ"):
            return hundreds + _UNITS[rest[1]] if len(rest) == 2 and rest[1] in _UNITS else None
    if not rest:
        return hundreds or None
    if rest[0] == "mười":
        tens, rest = 10, rest[1:]
    elif len(rest) > 1 and rest[1] == "mươi" and rest[0] in _UNITS:
        tens, rest = _UNITS[rest[0]] * 10, rest[2:]
    elif hundreds == 0 and len(rest) == 1:
        return _UNITS.get(rest[0])
    else:
        return None
    if not rest:
        return hundreds + tens
    return hundreds + tens + _UNITS[rest[0]] if len(rest) == 1 and rest[0] in _UNITS else None
