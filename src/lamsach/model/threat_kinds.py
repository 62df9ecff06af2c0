"""Malware kinds by threat name.

Names are spelled as authorities and vendors write them; the kind of a case can be overridden by hand.
"""

from __future__ import annotations

import re

_NAMES: tuple[tuple[str, str], ...] = (
    (
        "ransom",
        "ransom lockbit blackcat alphv conti ryuk akira babuk revil sodinokibi clop royal cobalt ?strike "
        "beacon sliver brute ?ratel qakbot qbot emotet trickbot icedid bokbot bumblebee bazar(loader)? "
        "ursnif gozi systembc darkgate latrodectus mã~hóa~dữ~liệu",
    ),
    (
        "stealer",
        "stealer infostealer redline lumma(c2)? vidar raccoon azorult formbook xloader agent ?tesla "
        "agenttesla lokibot loki ?pwd pony snake ?keylogger keylogger racoon stealc risepro meta ?stealer "
        "hawkeye remcos asyncrat njrat nanocore quasar(rat)? dcrat xworm warzone ave ?maria banking banker "
        "trojan-?psw đánh~cắp~thông~tin",
    ),
    (
        "miner",
        "miner coin ?miner xmrig cryptominer cryptojack\\w* coinhive monero kinsing lemon "
        "?duck prometei đào~tiền",
    ),
    (
        "loader",
        "loader downloader dropper private ?loader smoke ?loader gcleaner amadey socgholish fake ?updates "
        "gootloader guloader cloudeye hijackloader crack keygen kms(pico|auto)? activator warez bẻ~khóa",
    ),
    (
        "botnet",
        "bot botnet \\w*bot mirai mozi gafgyt bashlite tsunami necurs andromeda gamarue "
        "conficker kelihos waledac sality virut ramnit zeus zbot "
        "avalanche dorkbot wannacry mykings hajime fodcha mạng~máy~tính~ma",
    ),
)
_PATTERNS = tuple(
    (
        kind,
        re.compile(
            rf"(?<![^\W_])(?:{'|'.join(re.split(r' (?![?])', words)).replace('~', ' ')})(?![^\W_])",
            re.IGNORECASE,
        ),
    )
    for kind, words in _NAMES
)


def kind_of(threat: str) -> str:
    """Return the kind; the most dangerous when several match, `unknown` when none does."""
    text = threat[:200].replace("_", " ").replace(".", " ").replace("/", " ")
    return next((kind for kind, pattern in _PATTERNS if pattern.search(text)), "unknown")
