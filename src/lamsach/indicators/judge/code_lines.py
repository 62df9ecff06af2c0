"""Lines of program code within documents: commands, scripts, macros. What is a name in them is mostly none on the internet."""

from __future__ import annotations

import re

_CODE = re.compile(
    r"\bfunction\b[^()]{0,60}\(|\b(?:var|let|const|dim|set)\s{1,4}\w{1,60}\s{0,4}=|ActiveXObject|CreateObject|\bWScript\b"
    r"|\b(?:powershell|pwsh|cmd|curl|wget|bitsadmin|msiexec|wscript|cscript|certutil|mshta|regsvr32|rundll32)(?:\.exe)?\"?\s{1,8}[-/\"'$&%|]|\$\w{1,60}\s{0,4}=|=\s{0,2}(?:CALL|IF|EXEC)\("
    r"|\b(?:iex|iwr|Invoke-\w{2,40}|New-Object)\b|\breturn\s{1,4}[\"'!(\w.]{1,80}\(|\s(?:!=|==|===|&&)\s|^\s{0,20}ping\s"
    r"|\b(?:if|for|while|switch)\s?\(\w{1,60}[.\[(=!]|\w\((?:[^()]{0,100}[\"'][^()]{0,100})?\);\s{0,4}$|\w\(\w{1,60}(?:,\s?\w{1,60}){1,8}\);\s{0,4}$|\)\s{0,4}\{\s{0,4}$",
    re.IGNORECASE,
)
_YARA = re.compile(
    r"\brule\s{1,4}\w{1,128}[^{]{0,200}\{|^\s{0,40}(?:\w{0,20}hash\d{0,3}|\$\w{0,60})\s{0,4}=\s{0,4}[\"{/]"
)
"""A rule for YARA, which is no program: the hashes in its head are those of samples."""
_FETCHES = re.compile(
    r"\b(?:curl|wget|bitsadmin|certutil|iwr|nslookup|echo\s{1,3}open|Invoke-\w*Request|Invoke-RestMethod|WebClient)\b",
    re.IGNORECASE,
)
"""Commands of which an argument is the server that is asked."""
# where SHA256 in ("0f4c..", "1a2b..")    md5 == '0f4c..'    let hashes = dynamic(["0f4c..", "1a2b.."])
_NAMED_HASH = re.compile(
    r"(?:(?:\b|_)(?:md5|sha-?1|sha-?256)\b[\"']?\s{0,3}(?:[=!]=|=~|=|:|\bin~?|\bhas_any)|=\s{0,3}dynamic)\s{0,3}[\"'(\[]{0,3}(?:[0-9a-f]{32,64}[\"']\s?,\s{0,3}[\"']){0,16}$",
    re.IGNORECASE,
)
_JOINED = re.compile(r"([\"'])\s{0,4}[&+]\s{0,4}\1")
"""The seam between two pieces of a text in program code: `"http://evil"&".example/a"`."""


_FIELDS_OF_DUMP = 8


def is_code(text: str) -> bool:
    """Whether a line is of a program or a command; a rule for YARA is none."""
    return len(text) > 8 and _CODE.search(text) is not None and not _YARA.search(text)


def is_named_hash(before: str) -> bool:
    """Whether the text before a number in a query or script says that it is a file's digest."""
    return _NAMED_HASH.search(before[-1200:]) is not None


def is_dump(text: str) -> bool:
    """Whether a line shows a program's memory, its many fields parted by `|...|`: a long number in it is seldom a file's hash."""
    return text.count("|...|") >= _FIELDS_OF_DUMP


def without_seams(text: str) -> str:
    """A line with the pieces of texts put together that the program joins."""
    return _JOINED.sub("", text)


def is_argument(token: str, text: str) -> bool:
    """Whether a name in program code is a whole quoted text, or the argument of a command that asks a server."""
    place = text.find(token)
    before, after = text[place - 1 : place], text[place + len(token) :][:1]
    if before in ("'", '"') and after == before:
        return True
    return before.isspace() and after != "(" and _FETCHES.search(text) is not None
