"""NLnet Labs Unbound: questions, replies, local-zone and policy (RPZ) actions, failures.

Source: unbound.conf(5) (`log-queries`, `log-replies`, `log-tag-queryreply`, `log-local-actions`,
`log-servfail`, `log-destaddr`, `log-time-ascii`, `log-time-iso`, `verbosity`); `util/log.c`,
`util/data/msgreply.c` (log_reply_info), `services/localzone.c` (lz_inform_print), `services/rpz.c`
(log_rpz_apply). Traps:
- A question and a reply differ only after the class: the reply has a code, seconds, `1` for cached, and the
  size. With `log-tag-queryreply`, `query` and `reply` replace the level `info`.
- The time is syslog's, `[1602500000]` in seconds, `Oct 12 10:00:00` without a year, or ISO 8601; the tag is
  `unbound[pid:thread]` in its own file, and `[pid:thread]` after syslog's own tag.
- A local zone or a policy names the client as `192.0.2.9@51345`. Most of them replace the real server's
  answer: blocked.
- Questions that Unbound itself sends (`resolving`, `sending to target`, `reply from <zone> 192.0.2.53#53`)
  name no client.
"""

from __future__ import annotations

import re

from lamsach.logs.events.ends import Role
from lamsach.logs.layouts import Layout, Made, Of, Shape
from lamsach.logs.layouts.kinds import QUESTION, verbs
from lamsach.logs.layouts.line import LayoutFormat, Opened
from lamsach.logs.text.pasted import bare
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.times.timestamps import from_epoch
from lamsach.logs.text.values import among
from lamsach.model import Action, EventKind

_LEVEL = r"(?:info|notice|warning|error|fatal error|debug|query|reply|verbose|verbosity \d|local-actions):\s*"
# [1602500000] unbound[1234:0] info: ...   unbound[1234:0] info: ...   [1234:0] info: ...
# unbound 1234 - [meta sequenceId="1"] [1234:0] info: ...
_START = re.compile(
    r"(?a)(?:\[(\d{9,10}(?:\.\d{1,9})?)\] )?(?:(?:unbound|libunbound)(?:\[\d{1,10}(?::[0-9a-f]{1,4})?\]:? "
    r"|: ))?(?:\[(\d{1,10}:[0-9a-f]{1,4})\] )?"
    rf"(?={_LEVEL})"
)
# rsyslog of OPNsense, without the version: `2026-05-20T16:29:19+07:00 fw01 unbound 79652 - [meta ..
_META = re.compile(r"\[meta sequenceId=\"\d{1,12}\"\] ", re.ASCII)
_NAMED = re.compile(
    r"(?a)(?:^|[ \]])(?:lib)?unbound(?:[:\[ ]|$)|\[\d{1,10}:[0-9a-f]{1,4}\] (?:info|query|reply|error|debug"
    r"|notice|warning|local-actions): ?"
)
_CLASS = r"(?:IN|CH|HS|ANY|NONE|CLASS\d{1,5})"
_ADDRESS = r"[0-9A-Fa-f.:]{2,45}(?:%[\w.-]{1,32})?"
_MASKED = r"(?=\S*[xX*])[\dxX*]{1,3}(?:\.[\dxX*]{1,3}){3}"
_CODES = verbs(allowed=frozenset({"NOERROR"}), blocked=frozenset({"REFUSED"}))
_ZONES = (
    "deny refuse static transparent typetransparent redirect inform inform_deny inform_redirect "
    "always_transparent block_a always_refuse always_nxdomain always_nodata always_null always_deny noview "
    "ipset truncate nodefault unset"
)
_PASSING = among(
    "transparent typetransparent inform always_transparent noview ipset rpz-passthru rpz-tcp-only "
    "rpz-truncate"
)
_FORWARDED = {"kind": EventKind.DNS, "domain": QUESTION, "forwarded": True}


def _is_reply(code: str | None, level: str | None) -> bool:
    return code is not None or level is not None


def _port(port: str | None, server: str | None) -> int | None:
    return int(port) if port else 53 if server else None


def _question(client: str, rest: str, *, columns: bool, needs: tuple[str, ...] = ()) -> Shape:
    fields = {
        "kind": EventKind.DNS,
        "domain": QUESTION,
        "action": Of(_CODES, ("code",), absent=Action.ALLOWED),
        "response": Made(_is_reply, ("code", "level")),
    }
    level = _LEVEL.replace("reply", "(?P<level>reply)")
    pattern = rf"{level}{client}(?:[@#](?P<source_port>\d{{1,5}}))? (?P<domain>\S{{1,1100}}{rest} *$"
    return Shape(pattern, fields, needs=needs, lead=_LEVEL, columns=columns)


# 192.168.10.8 www.example. A IN                        192.168.10.8 www.example. A IN NOERROR 0.095659 0 134
_WHOLE = (
    rf") [A-Z0-9]{{1,16}}(?: {_CLASS}(?: (?P<code>[A-Z]{{2,16}}\d{{0,5}}|RCODE\d{{1,5}})(?: \d{{1,10}}"
    rf"\.\d{{1,9}} [01] \d{{1,7}})?"
    r"(?: on (?:udp|tcp|dot|doh|doq|ssl|https|dnscrypt|quic) (?P<destination_ip>\S{1,64}?)(?:[@ #]"
    r"(?P<destination_port>\d{1,5}))?)?(?: [\d.]{1,12}){0,2})?)?"
)
# cut: 192.168.10.8 www.example. A I     192.168.10.8 www.example. A IN NOERROR 0.095659 0 134 on ud
_CUT = (
    rf"\.)(?: (?:[A-Z0-9]{{1,16}})(?: (?:I|{_CLASS}(?: (?P<code>[A-Z]{{2,16}}\d{{0,5}})(?: [\d.]{{1,24}}"
    rf"){{0,3}}"
    r"(?: on?(?: [a-z]{1,8}(?: [0-9A-Fa-f.:]{0,45}[@#]?)?)?)?)?)?)?)?"
)
_CLIENT = rf"(?P<source_ip>{_ADDRESS})"


class Unbound(LayoutFormat):
    """Questions, replies, local-zone and policy (RPZ) actions, failures; own file, syslog, pfSense, OPNsense.

    Its own questions upstream name no client.
    """

    layout = Layout(
        name="unbound",
        title="NLnet Labs Unbound",
        role=Role.SERVES_THE_UNIT,
        of_resolver=True,
        shapes=(
            _question(_CLIENT, _WHOLE, columns=True, needs=("source_ip",)),
            _question(_MASKED, _WHOLE, columns=False),
            _question(_CLIENT, _CUT, columns=False, needs=("source_ip",)),
            _question(_MASKED, _CUT, columns=False),
            # bot-c2.xyz. always_nxdomain 192.0.2.9@51345 www.bot-c2.xyz. A IN
            # rpz: applied [blocklist] bot-c2.xyz. rpz-nxdomain 192.0.2.9@5353 www.bot-c2.xyz. A IN
            Shape(
                rf"{_LEVEL}(?:rpz: applied (?:\[[^\]]{{0,255}}\] )?(?:\S{{1,1100}} )?"
                rf"(?P<word>[a-z_-]{{3,40}})|(?:\S{{1,1100}} )?(?P<word2>rpz-[a-z_-]{{0,36}}"
                rf"|{_ZONES.replace(' ', '|')})) {_CLIENT}[@#](?P<source_port>\d{{1,5}})(?: "
                rf"(?P<domain>\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS}| (?P<domain2>\S{{1,1100}}\.)(?: "
                rf"[A-Z0-9]{{1,16}}(?: I)?)? *$)",
                {
                    "kind": EventKind.DNS,
                    "domain": QUESTION,
                    "action": Of(verbs(allowed=_PASSING, other=Action.BLOCKED), ("word", "word2")),
                },
                needs=("source_ip",),
                columns=False,
            ),
            # ip_ratelimit exceeded 192.0.2.9 100 www.example. A IN
            Shape(
                rf"{_LEVEL}(?:ip_ratelimit exceeded {_CLIENT}(?:@\d{{1,5}})? \d{{1,10}}(?: \(cookie\))?(?: "
                rf"(?P<domain>\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS})?|ratelimit exceeded \S{{1,1100}} "
                rf"\d{{1,10}} query (?P<domain2>\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS}(?: from "
                rf"(?P<source_ip2>{_ADDRESS}))?)",
                {"kind": EventKind.DNS, "domain": QUESTION, "action": Action.BLOCKED},
                columns=False,
            ),
            # SERVFAIL <www.example. A IN>: all the configured stub or forward servers failed, at zone . ..
            Shape(
                rf"{_LEVEL}SERVFAIL <(?P<domain>\S{{1,1100}}) [A-Z0-9]{{1,16}} {_CLASS}>(?:.{{0,400}}? "
                rf"from (?P<destination_ip>{_ADDRESS}))?",
                {**_FORWARDED, "destination_port": Made(_port, ("", "destination_ip"))},
                columns=False,
            ),
            # reply from <example.> 192.0.2.53#53     sending to target: <example.> 192.0.2.53#53
            Shape(
                rf"{_LEVEL}(?:reply from|sending to target:) <(?P<domain>\S{{1,1100}})> "
                rf"(?P<destination_ip>{_ADDRESS})#(?P<destination_port>\d{{1,5}})",
                _FORWARDED,
                columns=False,
            ),
            # resolving www.example. A IN    response for www.example. A IN
            Shape(
                rf"{_LEVEL}(?:resolving(?: \(init part \d\): )?|response for|sending query:"
                rf"|prime trust anchor|generate keytag query|validation (?:failure|success|bogus)"
                rf"|processQueryTargets:|priming|validate(?:\(\w{{1,20}}\))?:|use stub|cache hit"
                rf"|finishing processing for|new target|query took) <?(?P<domain>\S{{1,1100}}?) "
                rf"[A-Z0-9]{{1,16}} {_CLASS}\b",
                _FORWARDED,
                columns=False,
            ),
        ),
        examples=(
            (
                "May 20 16:29:19 gw unbound: [79652:0] info: 192.168.10.8 www.example. A IN",
                {"source_ip": "192.168.10.8", "device_ip": "192.168.10.8", "domain": "www.example",
                    "observer": "gw", "action": "allowed"},
            ),
            (
                "[1602500000] unbound[1234:0] reply: 192.168.10.8 bot-c2.example. A IN REFUSED 0.000000 0 34",
                {"domain": "bot-c2.example", "action": "blocked", "response": True},
            ),
            (
                "unbound[1234:0] info: reply from <example.> 192.0.2.53#53",
                {"destination_ip": "192.0.2.53", "forwarded": True, "device_ip": None},
            ),
        ),
    )  # fmt: skip

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match Unbound's tag, or `[pid:thread] level: ` before a message of Unbound's own wording."""
        if "unbound" in line[:160]:
            named = _NAMED.search(line, 0, 260)
            return named is not None and _START.search(line, max(0, named.start() - 14), 400) is not None
        if line.find("] ", 0, 160) < 0:
            return False
        start = _START.search(line, 0, 260)
        return (
            start is not None
            and start[2] is not None
            and cls.fits(line[start.end() :])
            and split_message(line)[0] is None
        )

    def opened(self, line: str) -> Opened:
        """See `LayoutFormat`: the record begins with the level."""
        header, message = split_header(bare(line), self.context)
        if message.startswith("[meta"):
            message = _META.sub("", message, count=1)
        start = _START.match(message)
        if start is None or header.app != "unbound":
            self.check(line)
            start = start or _START.search(line, 0, 400)
        if start is None:
            return header.time, header.host, ""
        time = header.time or (from_epoch(start[1]) if start[1] else None)
        return time, header.host, start.string[start.end() :].rstrip()
