"""Names that look like others: letters of other scripts, marks on Latin ones (Unicode UTS 39, "Unicode Security Mechanisms"), digits for letters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import idna

# The letters of UTS 39's confusables that IDN phishing uses: Cyrillic, Greek, Armenian, Latin extensions.
_PAIRS = """
    аa еe оo рp сc хx уy іi јj ѕs ԁd һh ԛq ԝw вb кk мm нh тt гr пn ьb ӏl
    αa βb γy εe νv οo ρp τt υu ιi κk ωw χx
    ոn սu ցg օo քp
    ɑa ɡg ıi łl øo đd ħh ʟl ƅb ƽs
"""
_LOOKS_LIKE = {pair[0]: pair[1] for pair in _PAIRS.split()}


def spelled(name: str) -> str | None:
    """The letters of an A-label name as people see them, or None when it has none but ASCII or is broken."""
    if "xn--" not in name:
        return None
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return None


@lru_cache(maxsize=1 << 12)
def skeleton(text: str) -> str:
    """Return what a name looks like in ASCII letters: marks taken off, look-alikes replaced."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(
        _LOOKS_LIKE.get(letter, letter) for letter in decomposed if not unicodedata.combining(letter)
    )


# g00gle.com, paypa1.com, rnicrosoft.com, vvikipedia.org, 5acombank.com, tlktok.com
_DIGITS = str.maketrans("0135i", "olesl")


def outline(text: str) -> str:
    """Return what a hasty reader takes a name for: its skeleton with digits and pairs of letters as the letters that they look like."""
    return skeleton(text).replace("rn", "m").replace("vv", "w").translate(_DIGITS)


def mixes_scripts(text: str) -> bool:
    """Return whether a label mixes Latin letters with those of Cyrillic, Greek or Armenian."""
    for label in text.split("."):
        scripts = {unicodedata.name(letter, "?").partition(" ")[0] for letter in label if letter.isalpha()}
        if "LATIN" in scripts and scripts & {"CYRILLIC", "GREEK", "ARMENIAN"}:
            return True
    return False
