"""Rules by the label or the words before a value: what a line calls it that is no indicator, and what something else imitates."""

from __future__ import annotations

from lamsach.indicators.judge.rule import DOMAIN, MENTIONED, NAMES, WRITTEN, Rule, any_case, on_line
from lamsach.indicators.values import refusals

# ASN: AS64500 (Example Hosting, www.hosting.example)    PDB: C:\\dev\\evil.app\\x.pdb
_ASIDE = any_case(
    r"^\W{0,8}(?:asn?|as (?:name|number)|author|reverse dns|rdns|ptr(?: record)?|isp|hosting(?: provider)?|registrar|registrant|organi[sz]ation|org|owner|whois|pdb(?: path)?|mutex|user[ _-]?agent|compiler|packer|issuer"
    r"|signer|signed by|product(?: name)?|internal name|original name|original filename|company|copyright|nhà cung cấp|nhà đăng ký)\s{0,20}[:=]"
)
# Registrar URL: http://www.registrar.example    Registrar WHOIS Server: whois.registrar.example
_REGISTRAR = any_case(r"^\W{0,8}(?:registr(?:ar|y)\b[^:]{0,40}|whois server)\s{0,20}:")
# Mozilla/5.0 (compatible; Bot/1.0; +http://bot.example/about)
_AGENT = any_case(r"^\W{0,8}(?:user[ _-]?agents?\W{1,4})?mozilla/\d\.\d")
# vcb-vn[.]top giả mạo vietcombank.com.vn
_IMITATED = any_case(
    r"(?:giả mạo|giả danh|mạo danh|giống(?: với)?|nhái|impersonat\w{1,4}|mimick?\w{0,4}|spoof\w{0,4}|imitat\w{1,4}|pretend\w{0,4} to be|typosquat\w{0,5}(?: of)?|look-?alike of"
    r"|legit(?:imate)?|genuine|official|real|chính thức|chính thống|hợp pháp|thay vì|instead of)(?: (?:site|website|domain|trang(?: web)?|tên miền|của|the|of|is|là))?\W{1,3}(?:www\.)?$"
)

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
)  # fmt: skip
