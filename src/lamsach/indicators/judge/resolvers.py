"""Rules for what the reader is to use: name servers that are public, recommended, or run by a partner."""

from __future__ import annotations

from lamsach.indicators.judge.exceptions import Said, words
from lamsach.indicators.judge.rule import (
    ADDRESS,
    ALL,
    MENTIONED,
    NAMES,
    NO_DIGESTS,
    SAID,
    WRITTEN,
    Rule,
    any_case,
    near,
)
from lamsach.indicators.values import refusals

RESOLVERS = words("""
    8.8.8.8|8.8.4.4|1.1.1.1|1.0.0.1|9.9.9.9|149.112.112.112|208.67.222.222|208.67.220.220|4.2.2.1|4.2.2.2|114.114.114.114|223.5.5.5
    |223.6.6.6|119.29.29.29|77.88.8.8|94.140.14.14|2001:4860:4860::8888|2001:4860:4860::8844|2606:4700:4700::1111""")
"""Addresses of public name servers, which malware asks as everybody does."""
_GOES_ON = r"(?:[^.;]|\.\w){0,60}$"
_NOT = r"(?![^.;]{0,60}\b(?:not|never|avoid|stop|không|ngừng|dừng|tránh|đừng)\b)"
_NAME_SERVER = r"(?:dns|resolvers?|name ?servers?|forwarders?|ntp|time servers?|máy chủ phân giải|phân giải tên miền|máy chủ thời gian)\b"
# We recommend the resolver 203.0.113.53    Set your DNS to 203.0.113.53    Đề nghị các đơn vị dùng DNS 203.0.113.53
_RECOMMENDED = any_case(
    rf"(?:\b(?:recommend\w{{0,6}}|advis\w{{1,3}}|suggest\w{{0,4}}|should|please)\b|(?:^\W{{0,8}}|[.:;!?]\s{{1,3}})(?:use|set|configure|switch|point|change|prefer)\b){_NOT}[^.;]{{0,60}}\b{_NAME_SERVER}{_GOES_ON}"
    rf"|\b(?:khuyến nghị|khuyến cáo|đề nghị|yêu cầu|nên|hãy|cần)\b{_NOT}[^.;]{{0,60}}\b(?:sử dụng|dùng|cấu hình|trỏ|chuyển|đặt|thiết lập)\b[^.;]{{0,40}}\b{_NAME_SERVER}{_GOES_ON}",
)
# our partner Example Ltd (partner.example)    Đơn vị phối hợp: partner.example
_PARTNER = any_case(
    r"(?:\b(?:our|trusted|security|research|technology) partners?\b|\bin (?:cooperation|collaboration|partnership) with\b|\bpartner(?:ed|ing) with\b|\bđối tác\b|\b(?:phối hợp|hợp tác) (?:với|cùng)\b|\b(?:đơn vị|cơ quan) phối hợp\b)[^.;]{0,60}$",
)
_RECOMMENDED_WORDS = words("""
    recommended|recommended resolver|recommended dns|dns server to use|resolver to use|partner|our partner|trusted partner|khuyen nghi|khuyen dung|nen dung|dns khuyen nghi|may chu dns khuyen nghi|doi tac
    |don vi phoi hop""")


def _recommended(said: Said) -> bool:
    return said.key in _RECOMMENDED_WORDS


RULES = (
    Rule("recommended_resolver", NO_DIGESTS, WRITTEN, near(_RECOMMENDED, 192), MENTIONED,
        refusals.RECOMMENDED, 51,
        taken=["The malware sets the DNS to 203.0.113.53", "Do not use the resolver 203.0.113.53"],
        refused=["We recommend the resolver 203.0.113.53", "Đề nghị các đơn vị dùng DNS 203.0.113.53"]),
    Rule("partner", NAMES, WRITTEN, near(_PARTNER, 192), MENTIONED, refusals.RECOMMENDED, 51,
        taken=["The botnet uses evil-a.site"], refused=["Thanks to our partner Example Ltd (partner-a.site"]),
    Rule("public_resolver", ADDRESS, WRITTEN, lambda place: not place.line.alone and place.value in RESOLVERS,
        MENTIONED, refusals.WELL_KNOWN, 60, taken=["8.8.8.8", "It asks 203.0.113.53"],
        refused=["It asks 8.8.8.8"]),
    Rule("said_recommended", ALL, SAID, _recommended, MENTIONED, refusals.RECOMMENDED, 30,
        taken=["ip,role\n203.0.113.53,resolver of the botnet"],
        refused=["ip,role\n203.0.113.53,recommended resolver", "ip,vai trò\n203.0.113.53,đối tác"]),
)  # fmt: skip
