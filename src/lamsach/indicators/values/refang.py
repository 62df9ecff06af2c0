r"""Refanging: undo the spellings that keep a malicious address from being clicked ("defanging").

`hxxp://evil[.]example`, `1.2.3(.)4`, `evil dot example`, `user[at]evil{.}example`, `http:\\\\evil.example`,
invisible characters, full-width letters and dots; names separated by a slash alone
(`evil-a[.]site/evil-b[.]site`). Applies to one value as well as to a line of text; other text is unchanged.
Linear in the length of the text.

Slips in the points of a value (spaces that a PDF adds, a comma for a point) are mended only where the text is
nothing but that value: within a sentence the same marks end one.
"""

from __future__ import annotations

import re

from lamsach.documents.decode import SPELT_ESCAPES, without_escapes
from lamsach.indicators.judge.vocabulary import lazy_pattern
from lamsach.indicators.values.names import is_file_extension, suffixes

_LONGEST = 80
_EDGES = " \t-*+|•"
# 203. 0. 113. 5    203 .0 .113 .5    203.0.113,5
_SPACED_QUAD = lazy_pattern(r"\d{1,3}(?:(?: ?\. ?|,)\d{1,3}){3}(?:/\d{1,2}|:\d{1,5})?", re.ASCII)
_SPACED_BETWEEN = re.compile(r" ?\. ?|,")
_MAX_CHAPTER = 20
"""Largest number of a chapter or version: four such numbers are no address."""
# evil .com    evil-site. com    evil-site,com
_SPACED_NAME = lazy_pattern(
    r"([a-z0-9-]{3,63}(?:\.[a-z0-9-]{1,63}){0,6})(?: \.|\. |,)([a-z]{2,24})", re.ASCII
)
_COMMON_TOP_LEVELS = frozenset([
    "com", "net", "org", "info", "biz", "xyz", "top", "site", "online", "club", "shop", "vn", "ru", "cn",
    "io", "cc", "pw", "icu", "live",
])  # fmt: skip
"""Top-level domains that no sentence continues after."""


def mend_slips(text: str) -> str | None:
    """Return the value without its slip, or None for any other text."""
    if len(text) > _LONGEST or not (" ." in text or ". " in text or "," in text):
        return None
    bare = text.strip(_EDGES).rstrip("., ;")
    if _SPACED_QUAD.fullmatch(bare):
        return _mended_quad(bare)
    match = _SPACED_NAME.fullmatch(bare)
    if match is None or match[2] not in suffixes().top_levels:
        return None
    return f"{match[1]}.{match[2]}" if match[2] in _COMMON_TOP_LEVELS else None


def _mended_quad(text: str) -> str | None:
    quad, mark, rest = re.split(r"([/:])", text, maxsplit=1) if re.search(r"[/:]", text) else (text, "", "")
    numbers = [int(part) for part in _SPACED_BETWEEN.split(quad)]
    plausible = max(numbers) < 256 and max(numbers) > _MAX_CHAPTER and quad.count(",") < 2
    return ".".join(map(str, numbers)) + mark + rest if plausible else None


_POINT = r"(?:\[\.\]|\(\.\)|\{\.\}|\[dot\]|\(dot\))"
_NAME = (
    rf"[a-z0-9][\w-]{{0,62}}(?:\.[\w-]{{1,63}}){{0,6}}{_POINT}[\w-]{{1,63}}(?:(?:\."
    rf"|{_POINT})[\w-]{{1,63}}){{0,6}}"
)
_SEVERAL = lazy_pattern(
    rf"(?<![\w/.:@=\])}}-]){_NAME}(?:[/&+]{_NAME}){{1,7}}(?![\w/?=@\[({{-]|\.\w)", re.IGNORECASE
)
_MARK = re.compile(_POINT, re.IGNORECASE)
_BETWEEN = re.compile(r"[/&+]")


def _split_names(match: re.Match[str]) -> str:
    """Replace the slash between such names with a space; a path that ends in a file extension stays."""
    names = _BETWEEN.split(match[0])
    lasts = [_MARK.sub(".", name).lower().rpartition(".")[2] for name in names]
    known = suffixes().top_levels
    whole = all(last.isdigit() or last in known for last in lasts)
    return " ".join(names) if whole and not any(map(is_file_extension, lasts[1:])) else match[0]


_INVISIBLE = dict.fromkeys([
    0xAD, 0x180E, *range(0x2060, 0x2065), 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F),
])  # fmt: skip
_LOOKALIKES = {
    **{0xFF01 + place: 0x21 + place for place in range(94)},  # full-width forms of ASCII
    **str.maketrans(
        "\u3002\uff61\u2024\ufe52\u06d4\u0701\u0702\u2027\ua4f8\U00010a50\ufe55\u02d0\ua789\u2236"
        "\u2215\u2044\u29f8\u3010\u3011\u3014\u3015",
        "..........::::///[][]",
    ),
}
_TRANSLATE: dict[int, int | None] = {**_INVISIBLE, **_LOOKALIKES}

_HINT = re.compile(
    r"[\[({<\\\])}]|[^\x00-\x7f]| \. |(?i:h(?!ttps?://[\w-]{1,63}(?:[^\s.\w-]|\.\S|$))"
    r"(?:https?:|xx| t|t t|pp|tt|tx|xt|__|--|\*|x:|x\w|\.\.|\?\?)|fx|ftx|f\*|f_p|ftps?\s?:"
    r"(?!//\w)|t\*|meow|dot|h(?!tt)[a-z]{2}ps?://|t(?:ps?//|(?<!ht)tps?:/)|%5b|:_|:/ |:/\w|zzp"
    r"|&#46;|&period;)"
)
"""Necessary condition for any of the rules below."""

_OPEN, _CLOSE = r"[\[({<]{1,8}", r"[\])}>]{1,8}"
_RULES = tuple(
    (lazy_pattern(pattern), replacement)
    for pattern, replacement in (
        # evil·example, evil•example; evil&#46;example: points of other kinds between letters of a name.
        (r"(?<=[a-z0-9])[\u00b7\u2022\u2219\u30fb](?=[a-z0-9])", "."),
        (r"(?i)(?<=\w)&(?:#46|#x2e|period);(?=\w)", "."),
        # evil\[.\]example, evil\.example, 10.0.0\\\\.1: escapes of Markdown and regular expressions.
        (r"\\{1,8}(?=[\[\](){}])", ""),
        (r"(?<=\w)\\{1,8}(?=[._-]\w)", ""),
        # hxxp://evil.example/a.exehxxp://evil.example/b.exe: two values that an edit ran together
        (r"(?i)(?<=[a-z0-9/])(?=hxxps?\[?:\]?//)", " "),
        # http:\/\/evil.example\/a: a text of JSON
        (r"(?<=\w):\\/\\/(?=\w)", "://"),
        (r"(?<=\w)\\/(?=[\w.~?-]|$)", "/"),
        # hxxp://evil%5B.%5Dexample/a: brackets that a program encoded
        (r"(?i)(?<=\w)%5B(?:\.|dot)%5D(?=\w)", "."),
        # h[xx]p://  h(tt)ps://  ht[t]p://  htt[p]://
        (r"(?i)(?<![a-z0-9])h[\[({](?:tt|xx|t|x)[\])}](t?)p(s?)(?=\[?:)", r"http\2"),
        (r"(?i)(?<![a-z0-9])h[tx](?:[\[({][tx][\])}]p|[tx][\[({]p[\])}])(s?)(?=\[?:)", r"http\1"),
        # http[:]//  http[://]  http(:)//  hxxp[:/]/
        (r"(?<=[\w*])\s?[\[({]\s{0,2}:\s{0,2}[\])}]\s?(?=//|\\\\|__|[\[(]//)", ":"),
        (r"(?<=[\w*])\s?[\[({]\s{0,2}:\s{0,2}(?:/{2}|\\{2}|_{2})\s{0,2}[\])}]\s?", "://"),
        (r"(?<=[\w*])[\[({]:[\])}][\[({]/[\])}][\[({]/[\])}]", "://"),
        (r"(?<=\w:)[\[({](?:/{2}|\\{2})[\])}]", "//"),
        (r"(?i)(?<=[\w:\]])[\[({]:[\])}](?=[0-9a-f:\[({/]|$)", ":"),
        # hxxp://evil[.]example [/] path, hxxp://evil.example[/path
        (r"(?<=\w) {1,2}[\[({]/[\])}] {0,2}(?=\w)", "/"),
        (r"(?<=\w)[\[({]/(?=\w)(?![^\s\])}]{0,200}[\])}])", "/"),
        # [http://]evil.example  [https:]//evil.example  "https"://evil.example
        (r"(?i)[\[(]((?:h..|h.{3}|f.{1,2})ps?)(:/{0,2})[\])](?=/{0,2}\w)", r"\1\2"),
        (r"(?i)([\"'])(h(?:tt|xx)ps?)\1(?=://)", r"\2"),
        # ht tp://  http!://
        (r"(?i)(?<![a-z0-9])(?:ht tp|h ttp|htt p|http!)(s?)(?=://)", r"http\1"),
        # [http]://  [hxxps]://  <hxxp>://
        (r"(?i)[\[(]((?:h..|h.{3}|f.{1,2})ps?)[\])](?=\s?:[/\\]{2})", r"\1"),
        (r"(?i)(?<![a-z0-9])(htt|hxx)p[\[(](s)[\])](?=:)", r"http\2"),
        # 2001[:]db8[::]1
        (r"(?i)(?<=[0-9a-f])[\[({]::[\])}](?=[0-9a-f:/]|$)", "::"),
        # [www].evil.example
        (r"(?i)(?<![\w.@/-])[\[({](www\d{0,2})[\])}]\.(?=\w)", r"\1."),
        (r"(?i)(?<=//)[\[({](www\d{0,2})[\])}]\.(?=\w)", r"\1."),
        # hxxp://evil[.]example/a.php[?]b[=]c[&]d
        (r"(?<=\w)\[([?&=])\](?=\S|$)", r"\1"),
        # evil].example, without its other half
        (r"(?<![^\s\"'/@,;|])((?:[\w-]{1,63}\.){0,8}[\w-]{1,63})\]\.(?=\w)", r"\1."),
        # evil[.]example, evil (dot) example, evil[.example, evil.]example, evil[dot]example, evil[.com]
        (rf"(?i)(?<=[\w\]]) {{0,2}}{_OPEN} "
            rf"{{0,2}}(?:\.|,|dot|d0t|punkt|punto|ponto|point|точка|chấm|cham) {{0,2}}{_CLOSE} "
            rf"{{0,2}}(?=[\w\[({{*])", "."),
        # evil[.com]/a
        (r"(?i)(?<=\w)[\[({]\.([a-z0-9-]{1,63})[\])}](?=[./:?,;\s]|$)", r".\1"),
        (r"(?<=\w)[\[({]{1,8}\.(?=\w)", "."),
        (r"(?i)(?<=\w)(?: ?\[{1,8}| ?\{{1,8})(?:\.|dot)(?=\w)", "."),
        (r"(?<=/)\[\.\](?=\w)", "."),
        (r"(?<=\w)\.[\])}]{1,8}(?=\w)", "."),
        (r"(?i)(?<=\w)\.?dot[\])}](?=\w)", "."),
        (r"(?i)\.[\[({](?!\d{1,3}[\])}])([a-z0-9-]{1,63})[\])}](?=[./:?\s]|$)", r".\1"),
        (r"(?<=\d)\.[\[({](\d{1,3})[\])}](?=[./:?\s]|$)", r".\1"),
        # evil.example[/]path, evil.example[:]8080, user[at]evil.example, www[-]x
        (r"(?<=\w)[\[({]([/\\-])[\])}](?=\S|$)", r"\1"),
        (r"(?<=\w)[\[({]:[\])}](?=\d)", ":"),
        (rf"(?i)(?<=\w) {{0,2}}{_OPEN} {{0,2}}(?:@|at) {{0,2}}{_CLOSE} {{0,2}}(?=\w)", "@"),
        # app—evil.example alone on its line: an editor made one dash of two
        (r"^([\s*`|-]{0,8}[a-z0-9][a-z0-9-]{0,62})[–—](?=[a-z0-9-]{1,63}"
            r"(?:\.[a-z0-9-]{1,63}){1,8}[\s`|]{0,8}$)", r"\1--"),
        # hxxp//evil.example, http__evil.example/a: no colon
        (r"(?i)(?<![\w/=.?&%-])(h(?:tt|xx)ps?|f[tx]p)(?://|__)(?=[\w-]{1,63}"
            r"(?:\.[\w-]{1,63}){1,8}(?:[/:?\s]|$))", r"\1://"),
    )
)  # fmt: skip
_SCHEME = lazy_pattern(
    # hxxp, h**p, htxp, h__p, hxxxp, hp, meow; fxp, ftx, f*p; then ://, :\\, :__, :/ /, ://// or a space
    r"(?<![a-z0-9])(?:(?P<web>h(?:(?!elp)[a-z]{2}|xxx|\*\*|__|--|t?\*|\*t|x|\.\.|\?\?)p|hhttp"
    r"|hhxxp|ttp|htt|httx|hppt|hxx|meow)(?P<s>s?)|(?P<ftp>fxp|ftx|f\*p|f_p|ftp)(?P<fs>s?))"
    r"\s?:\s?(?:/\s?/|\\{2}|_{2}|//|/(?=[\w\[]))/{0,2}",
    re.IGNORECASE,
)
_SPACED = lazy_pattern(
    # http:// evil.example/a   http://evil .example/a   http://evil. example/a   http://evil example/a
    r"(?P<scheme>(?:https?|ftp)://)(?P<space> {0,2})(?P<host>"
    r"(?:[\w-]{1,63}\.){0,8}[\w-]{1,63})(?P<gap> ?\. ?| |)(?P<end>[a-z]{2,24})?(?P<tail> "
    r"(?=/[^\s/]))?(?=(?P<path>[/:])|[^\w.-]|$)",
    re.IGNORECASE,
)
_WIDE = lazy_pattern(
    # 203 . 0 . 113 . 5   evil . example . com
    r"(?<![\w.@/-])([a-z0-9][\w-]{0,62}(?: \. [\w-]{1,63}){1,8})(?![\w@-]| ?\.)",
    re.IGNORECASE,
)
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)
_SPELT = lazy_pattern(
    r"(?<![\w.=&?%-])(?<![^:/]/)([a-z0-9][\w-]{0,62}(?:(?:\.[\w-]{1,63}){0,8}(?:\s+dot\s+"
    r"|_dot_)[\w-]{1,63}){1,12})(?![\w-]|\.\w)",
    re.IGNORECASE,
)
_SPELT_DOT = re.compile(r"\s+dot\s+|_dot_", re.IGNORECASE)
_POINTLESS = lazy_pattern(r"(?<![\w.@/-])[\w-]{4,253}(?![\w.@-])")
# evil[d]example[d]com/a
_INITIAL = lazy_pattern(
    r"(?<![\w\]])(?:https?://)?[\w.-]{1,200}(?:\[d\][\w.-]{1,63}){1,8}(?:[/:?]\S*)?(?![\w\[])"
)
_SYLLABLE = 2
_ENGLISH = frozenset([
    "to", "in", "is", "it", "at", "be", "as", "am", "me", "my", "so", "no", "us", "by", "do", "an", "on",
    "or", "and",
])  # fmt: skip
"""Words that follow `dot` in sentences, though some are top-level domains."""


def refang(text: str) -> str:
    """Undo every defanged spelling. Never raises; a text without any is returned unchanged."""
    if _HINT.search(text) is None:
        return ((" " in text or "," in text) and mend_slips(text)) or text
    if "[" in text:
        text = SPELT_ESCAPES.sub("", without_escapes(text))
    if not text.isascii():
        text = text.translate(_TRANSLATE)
    if "/" in text or "&" in text or "+" in text:
        text = _SEVERAL.sub(_split_names, text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _SCHEME.sub(
        lambda match: f"http{match['s'].lower()}://" if match["web"] else f"ftp{match['fs'].lower()}://", text
    )
    if " " in text and "://" in text:
        text = _SPACED.sub(_close_up, text)
    if " . " in text:
        alone = text.strip(" \t-*+|")
        text = _WIDE.sub(lambda match: _join_spaced(match, alone), text)
    if "[d]" in text:
        alone = text.strip(" \t-*+|")
        text = _INITIAL.sub(lambda match: _join_initial(match, alone), text)
    if "dot" in text.lower():
        text = _SPELT.sub(_join_spelt, text)
        if "DOT" in text or "-dot-" in text:
            text = _POINTLESS.sub(_join_pointless, text)
    return text


def _ends_as_name(name: str) -> bool:
    """Return whether a name ends in a top-level domain that is no English word of a sentence."""
    last = name.rpartition(".")[2].lower()
    return last in suffixes().top_levels and last not in _ENGLISH


def _join_spaced(match: re.Match[str], alone: str) -> str:
    """Join `evil . example . com`, alone in the text, or with two such points and a name's end."""
    name = match[1].replace(" . ", ".")
    sure = match[0] == alone or (match[1].count(" . ") > 1 and name == name.lower())
    return name if _QUAD.fullmatch(name) or (sure and _ends_as_name(name)) else match[0]


def _join_initial(match: re.Match[str], alone: str) -> str:
    """Join `evil[d]example`: alone, with two such points, or not ending like a syllable (`foun[d]er`)."""
    name = match[0].replace("[d]", ".")
    host = re.split(r"[/:?]", name.partition("://")[2] or name, maxsplit=1)[0]
    last = host.rpartition(".")[2].lower()
    sure = match[0] == alone or match[0].count("[d]") > 1 or len(last) > _SYLLABLE
    return name if sure and last in suffixes().top_levels else match[0]


def _close_up(match: re.Match[str]) -> str:
    """Close up the spaces in a URL's host; a whole host stays separate from the next word."""
    host, gap, end = match["host"], match["gap"], match["end"] or ""
    split_names = (
        not gap.strip() or ("." in host and gap[:1] != " ") or end.lower() not in suffixes().top_levels
    )
    if gap and (
        not split_names
        or (gap == " " and "." not in host and match["path"] and end.lower() in suffixes().top_levels)
    ):
        return f"{match['scheme']}{host}.{end}"
    if match["space"] and ("." in host or gap == "."):
        return f"{match['scheme']}{match[0][match.end('space') - match.start() :].removesuffix(' ')}"
    return match[0]


def _join_pointless(match: re.Match[str]) -> str:
    """Replace the spelt points of a word without any other: `evilDOTexample`, `203-dot-0-dot-113-dot-5`."""
    word = match[0]
    if "DOT" in word and "dot" not in (plain := word.replace("DOT", "")) and plain == plain.lower():
        name = word.replace("DOT", ".")
    elif word.count("-dot-") > 1:
        name = word.replace("-dot-", ".")
    else:
        return word
    last = name.rpartition(".")[2]
    whole = all(name.split("."))
    is_name = last in suffixes().top_levels and last not in _ENGLISH
    return name if whole and (is_name or _QUAD.fullmatch(name)) else word


def _join_spelt(match: re.Match[str]) -> str:
    """Join `evil dot example` if its last word is a top-level domain; else it is an English sentence."""
    name = _SPELT_DOT.sub(".", match[1])
    return name if _QUAD.fullmatch(name) or _ends_as_name(name) else match[0]
