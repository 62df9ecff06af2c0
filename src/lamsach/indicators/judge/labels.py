"""Rules by what a text calls a value, what something else imitates, and how a value is spelled; and the one
that takes what nothing speaks against.
"""

from __future__ import annotations

import re

from lamsach.indicators.judge.rule import (
    ALL,
    DOMAIN,
    LINE,
    MENTIONED,
    NAMES,
    REFUSED,
    TAKEN,
    WORD,
    WRITTEN,
    Rule,
    any_case,
    on_line,
)
from lamsach.indicators.values import refusals

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
# Mozilla/5.0 (compatible; Bot/1.0; +http://bot.example/about)
_AGENT = any_case(r"^\W{0,8}(?:user[ _-]?agents?\W{1,4})?mozilla/\d\.\d")
# vcb-vn[.]top giả mạo vietcombank.com.vn
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
    """Return whether a word with dots is what a scanner calls a threat, as the letters' case shows."""
    return _DETECTION.fullmatch(name) is not None


LISTED, DEFANGED = "listed", "defanged"


RULES = (
    Rule("user_agent", NAMES, WRITTEN, on_line(_AGENT), MENTIONED, refusals.BESIDE, 52,
        taken=["The bot calls itself Mozilla and asks evil-a.site"],
        refused=["Mozilla/5.0 (compatible; Bot/1.0; +http://bot-a.site/about"]),
    Rule("registrar", NAMES, WRITTEN, on_line(_REGISTRAR), MENTIONED, refusals.BESIDE, 52,
        taken=["Registered: evil-a.site"],
        refused=["Registrar URL: http://www.registrar-a.site/x",
            "Registrar WHOIS Server: whois.registrar-a.site"]),
    Rule("describes", DOMAIN, WRITTEN, on_line(_ASIDE), MENTIONED, refusals.BESIDE, 56,
        taken=["Domain: evil-a.site"],
        refused=["ASN: AS64500 (Example Hosting, www.hosting-a.site", "Nhà cung cấp: hosting-a.site"]),
    Rule("imitated", NAMES, WRITTEN,
        lambda place: place.line.marked and _IMITATED.search(place.near) is not None, MENTIONED,
        refusals.IN_SENTENCE, 90, taken=["evil-a[.]site, vcb-a.site"], refused=["e1[.]top nhái vcb-a.site"]),
    Rule("detection", DOMAIN, WORD, lambda place: is_detection(place.token), REFUSED, refusals.DETECTION, 20,
        taken=["trojan.evil-a.site"], refused=["Ransom.MSIL.Hidden.one"]),
    Rule("searched_for", ALL, WRITTEN, lambda place: place.line.searched, MENTIONED, refusals.SEARCHED_FOR,
        12, taken=['strings:\n$a = "x"\ncondition: any of them\nC2: evil-a.site'],
        refused=['strings:\n  $a = "evil-a.site']),
    Rule(DEFANGED, ALL, LINE, lambda place: place.start < 0, TAKEN, "", 998,
        taken=["Nó kết nối tới virustotal[.]com", "Package name: com[.]evil[.]bank"]),
    Rule(LISTED, ALL, LINE, lambda place: True, TAKEN, "", 999, taken=["C2: evil-a.site"]),
)  # fmt: skip
