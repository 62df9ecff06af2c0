"""OpenSSH's `sshd` and Dropbear: log-ons, attempts and mere connections.

Source: OpenSSH portable, `auth.c` (`auth_log`), `packet.c` (`sshpkt_vfatal`), `sshd.c`, `sshd-session.c`,
`monitor.c`, and `pam_unix(8)`; Dropbear `svr-auth.c`, `svr-authpam.c`, `svr-session.c`; `sftp-server.c`;
tcp_wrappers' `refused connect from`. Traps:
- The client chooses the user's name, including spaces and ` from 192.0.2.1 port 1`: the last address counts.
- Since 9.8 the program is called `sshd-session` or `sshd-auth`.
- `Connection from A port P on B port 22`: B is the server.
- PAM's own sentences name the user before or after the address: `PAM: ... for root from A`, `rhost=A
  user=root`.
- Solaris puts `[ID 800047 auth.info] ` before the message.
- A stranger who connects is no machine of the unit: `device_ip` is the client only when it is internal.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import LogFormat, fields_named
from lamsach.logs.events.ends import Way, event_between, placed
from lamsach.logs.mappings.sentences import stated_event
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.values import among, ip_of, port_of, stated
from lamsach.model import Action, Event, EventKind

_APPS = among("sshd sshd-session sshd-auth dropbear sshguard internal-sftp sftp-server")
_SIGNS = ("sshd", "dropbear", "sshguard", "internal-sftp[", "sftp-server[")
_BARE_WORDS = (
    "Invalid user ", "Accepted ", "Failed ", "Connection ", "Disconnected from ", "Received disconnect ",
)  # fmt: skip
_ADDRESS = r"((?=[0-9A-Fa-f]{0,4}[.:])[0-9A-Fa-f:.]{2,45}(?:%[\w.-]{1,20})?)"
# Failed password for invalid user admin from 192.0.2.7 port 51182 ssh2
# Bad password attempt for 'root' from 192.0.2.7:51182
_WITH_PORT = re.compile(rf"[ \[<]{_ADDRESS}\]?(?: port |:)(\d{{1,5}})(?![.\w])", re.ASCII)
# Connection from 192.0.2.7 port 51182 on 192.0.2.22 port 22
_ON = re.compile(
    rf"(?a)(.*) on \[?{_ADDRESS}\]?(?: port |:)(\d{{1,5}})(?: rdomain .*| past .*| penalty: .*|)"
)
# fatal: Timeout before authentication for connection from 192.0.2.7 to 192.0.2.22, pid = 812
_WAITED = re.compile(rf" to {_ADDRESS}(?=,|$)", re.ASCII)
_NAMES_SERVER = ("Connection from ", "drop connection ", "error: drop connection ")
# Invalid user admin from 192.0.2.7     ROOT LOGIN REFUSED FROM 192.0.2.7     (host=pc.example, ip=192.0.2.7)
# refused connect from host.example (192.0.2.7)     getaddrinfo for host.example [192.0.2.7] failed
_WITHOUT_PORT = re.compile(
    rf"(?a)(?: from | FROM | with | by | for | new |Address |rhost=|, ip=|[(\[]){_ADDRESS}(?![\w.])"
)
# message repeated 2 times: [ Failed password for root from 192.0.2.7 port 51182 ssh2]
_REPEATED = re.compile(r"message repeated \d{1,9} times: \[ ?(.*)\]", re.DOTALL)
_QUOTED_USER = re.compile(r"(?:for|user) '([^']{0,256})'")
# Failed publickey for invalid user an from pc.unit.example port 51182 ssh2: a name with `UseDNS`
_FROM_A_NAME = re.compile(
    r"(?a) from [A-Za-z][\w.-]{0,252}(?: port \d{1,5})?(?: ssh\d)?(?: \[preauth\])?(?=$"
    r"| not allowed because )"
)
# [ID 800047 auth.info] Failed password for root from 192.0.2.7 port 51182 ssh2
_SOLARIS = re.compile(r"\[ID \d{1,10} [a-z0-9]{2,10}\.[a-z]{2,10}\] ", re.ASCII)
_PAM_USER = re.compile(r"(?<= )user=(\S{1,256})\s*$")
_BEFORE_USER = re.compile(
    r"(?a)(?:error: |fatal: )?(?:(?:Accepted|Failed|Postponed|Partial) \S{1,64} for "
    r"|maximum authentication attempts exceeded for |Authentication tried for |PAM: .{1,80}? for "
    r"(?:illegal user )?|Disconnecting: .{1,80}? for |session (?:opened|closed) for local user "
    r"|(?:Connection (?:closed|reset) by|Disconnected from|Disconnecting|Close session:"
    r"|Timeout, client not responding from) (?=\S+ user |user )|Starting session: .{1,60}? for "
    r"|(?:pam_\w{1,20}\((?:sshd?|dropbear):session\): )?session (?:opened|closed) for (?=user )"
    r"|input_userauth_request: (?=invalid user )|(?=(?:[Ii]nvalid|[Ii]llegal|User) user )|(?=User ))"
)
_USER_WORD = re.compile(r"(?:(?:[Ii]nvalid|[Ii]llegal|authenticating) user |[uU]ser )", re.ASCII)
_ALLOWED = re.compile(
    r"Accepted |(?:PAM p|P)assword auth succeeded|Pubkey auth succeeded|(?:pam_\w{1,20}\((?:sshd?"
    r"|dropbear):session\): )?session opened for (?:local )?user |Starting session"
)
_BLOCKED = re.compile(
    r"(?:error: |fatal: )?(?:Failed |[Ii]nvalid user|[Ii]llegal user|refused connect|maximum authentication"
    r"|Unable to negotiate|Bad p|PAM \d|PAM: |drop connection|ROOT LOGIN REFUSED|Authentication tried"
    r"|Disconnecting: Too many|pam_\w{1,20}\((?:sshd|dropbear):auth\): authentication failure"
    r"|authentication failure;|Login attempt for nonexistent|User .* not allowed|.*POSSIBLE BREAK-IN)"
)
# Invalid user admin from 192.0.2.7 port 51182   (the journal's `-o cat`, which omits the program)
_BARE = re.compile(
    r"(?a)(?:Invalid user .{0,256}? from|(?:Accepted|Failed) [\w/-]{1,64} for .{1,256}? from"
    r"|(?:Connection (?:closed|reset) by|Disconnected from) (?:authenticating |invalid )user .{0,256}?"
    rf"|Received disconnect from) {_ADDRESS} port \d{{1,5}}(?![.\w])"
)
# Attack from "192.0.2.7" on service SSH with danger 10.   Blocking "192.0.2.7/32" for 120 secs
_GUARDED = re.compile(
    rf'(Attack from|Blocking|blocking) "?(?P<ip>{_ADDRESS})(?:/\d{{1,3}})?"? (?:on|for) ', re.ASCII
)


class Sshd(LogFormat):
    """Log-ins and attempts, PAM's sentences, sftp.

    A stranger who connects is no machine of the unit.
    """

    name = "sshd"
    title = "OpenSSH and Dropbear server"
    gives = fields_named("contact user action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match a syslog header with the program's name, or a known sentence."""
        if any(word in line for word in _SIGNS):
            return split_message(line)[0] in _APPS
        return line.startswith(_BARE_WORDS) and _BARE.match(line) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the server logged."""
        header, message = split_header(line, self.context)
        if header.app not in _APPS and not self.recognises(line):
            raise LineError("The line is not of this product.", line[:80])
        message = message.strip()
        if solaris := _SOLARIS.match(message):
            message = message[solaris.end() :]
        repeated = _REPEATED.fullmatch(message)
        return placed(_event(repeated[1] if repeated else message), header.time, header.host)


def _event(message: str) -> Event:
    if message.startswith("Server listening on"):
        return Event()
    if guarded := _GUARDED.search(message, 0, 400):
        action = Action.UNKNOWN if guarded[1].startswith("Attack") else Action.BLOCKED
        return stated_event(guarded.groupdict(), kind=EventKind.LOGON, action=action)
    server = _ON.fullmatch(message) if message.startswith(_NAMES_SERVER) else None
    timeout = _WAITED.search(message) if server is None and "Timeout before auth" in message else None
    text = server[1] if server else message[: timeout.start(1)] if timeout else message
    source, port, before = _client(text)
    destination = ip_of(server[2]) if server else ip_of(timeout[1]) if timeout else None
    user = _user(before if source else _FROM_A_NAME.sub("", message)) or _pam_user(message)
    return event_between(
        (source, port),
        (destination, port_of(server[3]) if server and destination else None),
        kind=EventKind.LOGON if source or user else EventKind.OTHER,
        user=user,
        action=_action(message),
        way=Way.CALLED,
    )


def _client(text: str) -> tuple[str | None, int | None, str]:
    """Find the last address, its port, if any, and the text before it."""
    for pattern in (_WITH_PORT, _WITHOUT_PORT):
        found: tuple[str, int | None, str] | None = None
        for match in pattern.finditer(text):
            address = ip_of(match[1].rstrip(":"))
            if address:
                port = port_of(match[2]) if pattern is _WITH_PORT else None
                found = address, port, text[: match.start(1)].rstrip(" [(")
        if found:
            return found
    return None, None, text


def _user(before: str) -> str | None:
    """Find the account in the text before the client's address."""
    quoted = _QUOTED_USER.search(before)
    if quoted:
        return stated(quoted[1])
    start = _BEFORE_USER.match(before)
    if start is None:
        return None
    word = _USER_WORD.match(before, start.end())
    name = before[word.end() if word else start.end() :]
    name = re.sub(
        r"(?: from| not allowed because .*| with correct key but not from .*| by \w{0,64}\(uid=\d+\)"
        r"|\(uid=\d+\).*| \[preauth\])$",
        "",
        name[:256],
    )
    return stated(name)


def _pam_user(message: str) -> str | None:
    match = _PAM_USER.search(message[-300:])
    return stated(match[1]) if match else None


def _action(message: str) -> Action:
    if _ALLOWED.match(message):
        return Action.ALLOWED
    return Action.BLOCKED if _BLOCKED.match(message) else Action.UNKNOWN
