"""Rules by how a value is spelled: defanged, a scanner's name of a threat, a text that a rule searches files for; and the one that takes what nothing speaks against."""

from __future__ import annotations

import re

from lamsach.indicators.judge.rule import ALL, DOMAIN, LINE, MENTIONED, REFUSED, TAKEN, WORD, WRITTEN, Rule
from lamsach.indicators.values import refusals

# Trojan.Win32.Agent.xyz, HEUR:Backdoor.Linux.Mirai.b, Ransom.MSIL.Hidden.one
_DETECTION = re.compile(
    r"(?:(?:HEUR|UDS|PDM|VHO|not-a-virus):)?(?:Trojan(?:-\w{2,20})?|Backdoor|Worm|Virus|Ransom(?:ware)?|Exploit|Downloader|Dropper|Rootkit|HackTool|RiskTool|Riskware|AdWare|PUA|PUP"
    r"|Spyware|TrojanSpy|TrojanDownloader|TrojanDropper|Infostealer|Stealer|Packed|Gen|Variant|W32|W64|Win32|Win64|MSIL|Linux|JS|VBS|HTML|Android(?:OS)?|OSX)\.[A-Z][\w-]*\.[\w.-]+",
)


def is_detection(name: str) -> bool:
    """Return whether a word with dots is what a scanner calls a threat, as the letters' case shows."""
    return _DETECTION.fullmatch(name) is not None


LISTED, DEFANGED = "listed", "defanged"

RULES = (
    Rule("detection", DOMAIN, WORD, lambda place: is_detection(place.token), REFUSED, refusals.DETECTION, 20,
        taken=["trojan.evil-a.site"], refused=["Ransom.MSIL.Hidden.one"]),
    Rule("searched_for", ALL, WRITTEN, lambda place: place.line.searched, MENTIONED, refusals.SEARCHED_FOR,
        12, taken=['strings:\n$a = "x"\ncondition: any of them\nC2: evil-a.site'],
        refused=['strings:\n  $a = "evil-a.site']),
    Rule(DEFANGED, ALL, LINE, lambda place: place.start < 0, TAKEN, "", 998,
        taken=["Nó kết nối tới virustotal[.]com", "Package name: com[.]evil[.]bank"]),
    Rule(LISTED, ALL, LINE, lambda place: True, TAKEN, "", 999, taken=["C2: evil-a.site"]),
)  # fmt: skip
