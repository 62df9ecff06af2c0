"""FTP servers: ProFTPD, vsftpd, Pure-FTPd, FileZilla Server and the transfer log (xferlog).

Connections, log-ons and transfers.

Source: ProFTPD "Logging", vsftpd.conf(5) and `logging.c`, pure-ftpd(8) and `ftpd.c`, FileZilla Server
"Logging", xferlog(5). Traps:
- The name before the client's address (`host[192.0.2.7]`) comes from its own name server.
- A user name is the client's own text; an address counts where the server writes it.
"""

from __future__ import annotations

import re

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings.sentences import event_of, sentence, stated_event
from lamsach.logs.text.syslog import split_header, split_message
from lamsach.logs.text.times.loose_times import LooseTimes, month_comes_first
from lamsach.model import Action, Event, EventKind

_APPS = frozenset({"proftpd", "vsftpd", "pure-ftpd"})
_OK, _NO = Action.ALLOWED, Action.BLOCKED
_SENTENCES = (
    # host1 (pc.example[203.0.113.7]) - USER admin: no such user found from 203.0.113.7 [203.0.113.7] to ..
    sentence("Login successful",
        r"\(\S{0,255}?\[{IP}\]\)(?:: | - )USER (?P<user>.{1,128}?): Login successful", _OK),
    sentence("no such user",
        r"\(\S{0,255}?\[{IP}\]\)(?:: | - )(?:USER )?(?P<user>.{1,128}?): no such user found(?: from "
        r"\S{1,255} \[\S{2,45}\] to (?P<to>[0-9A-Fa-f:.]{2,45}):(?P<to_port>\d{1,5}))?", _NO),
    sentence("Login failed",
        r"\(\S{0,255}?\[{IP}\]\)(?:: | - )USER (?P<user>.{1,128}?) \(Login failed\)", _NO),
    sentence("SECURITY VIOLATION",
        r"\(\S{0,255}?\[{IP}\]\)(?:: | - )SECURITY VIOLATION: (?P<user>\S{1,64}) login attempted", _NO),
    sentence("Maximum login attempts", r"\(\S{0,255}?\[{IP}\]\)", _NO),
    sentence("])", r"\(\S{0,255}?\[{IP}\]\)(?:: | - )"),
    # [pid 2] [admin] FAIL LOGIN: Client "203.0.113.7"     [pid 2] CONNECT: Client "::ffff:203.0.113.7"
    sentence("FAIL ", r"(?:\[(?P<user>(?!pid \d)[^\]]{1,128})\] )?FAIL [A-Z]{3,12}: Client \"{IP}\"", _NO),
    sentence("OK ", r"(?:\[(?P<user>(?!pid \d)[^\]]{1,128})\] )?OK [A-Z]{3,12}: Client \"{IP}\"", _OK),
    sentence(": Client ",
        r"(?:\[(?P<user>(?!pid \d)[^\]]{1,128})\] )?(?:CONNECT|FTP command|FTP response"
        r"|DEBUG): Client \"{IP}\""),
    # (?@203.0.113.7) [WARNING] Authentication failed for user [admin]   (?@10.1.2.3)
    sentence("Authentication failed",
        r"\(\S{1,128}?@{IP}\) \[WARNING\] Authentication failed for user \[(?P<user>[^\]]{1,128})\]", _NO),
    sentence("is now logged in", r"\(\S{1,128}?@{IP}\) \[INFO\] (?P<user>\S{1,128}) is now logged in", _OK),
    sentence(") [", r"\((?:\?|(?P<user>\S{1,128}?))@{IP}\) \[[A-Z]{4,10}\] "),
    # pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=admin ..
    sentence("rhost=",
        r"authentication failure; .{0,200}?\brhost={IP}(?: {1,2}user=(?P<user>\S{1,128}))?", _NO),
)  # fmt: skip
# Jun 07 09:00:01 host1 proftpd[812] host1 (203.0.113.7[203.0.113.7]) - ...
_PROFTPD = re.compile(
    r"(?as)(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:,\d{3})?|[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2}) "
    r"(\S{1,255}) proftpd\[\d{1,10}\] (.*)"
)
# Mon Dec  7 09:00:01 2026 [pid 2] [admin] FAIL LOGIN: Client "203.0.113.7"
_VSFTPD = re.compile(
    r"(?as)([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}) (\[pid \d{1,10}\] .*)"
)
# Mon Dec  7 09:00:01 2026 1 10.1.2.3 1234 /pub/x b _ o r lan ftp 0 * c
_TRANSFER = re.compile(
    r"(?a)([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}) \d{1,9} (?P<ip>[0-9A-Fa-f:.]{2,45})"
    r" \d{1,20} .{1,2048}? [ab] [_CUT] [oid] [arg] (?P<user>\S{1,128}) ftp [01] \S{1,64}(?: [ci])?\s*$"
)
# (000001) 12/7/2026 9:00:01 AM - (not logged in) (203.0.113.7)> USER admin
_FILEZILLA_OLD = re.compile(
    r"(?a)\(\d{6}\) ?(\d[\d./-]{5,9} \d{1,2}:\d{2}:\d{2}(?: [AP]M)?) - \((?P<user>[^()]{1,128})\) "
    r"\((?P<ip>[0-9A-Fa-f:.]{2,45})\)> ?(?P<said>.{0,200})"
)
_FILEZILLA = re.compile(
    r"(?a)(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z?) \S{2} \[FTPS? (?:Session"
    r"|Server) \d{1,10} (?P<ip>[0-9A-Fa-f:.]{2,45})(?: (?P<user>[^\]]{1,128}))?\] (?P<said>.{0,200})"
)
_SAID_NO = re.compile(r"530[ -]|Login incorrect|authentication failed", re.IGNORECASE)
_SAID_YES = re.compile(r"230[ -]|[Ll]ogged on|login successful", re.IGNORECASE)


class FtpServers(LogFormat):
    """Own log files, syslog, `xferlog`.

    The name before the client's address comes from its own name server.
    """

    name = "ftp_servers"
    title = "FTP servers (ProFTPD, vsftpd, Pure-FTPd, FileZilla Server)"
    gives = fields_named("time observer source_ip destination_ip destination_port device_ip user action")

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        # FileZilla's dates are in its machine's order; AM and PM mean month first
        twelve_hours = any(line[20:36].find("M - (") > 0 for line in context.head)
        month_first = twelve_hours or month_comes_first(line[8:30] for line in context.head)
        self._read = LooseTimes(context, month_first=month_first).read

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match the program's name in the syslog header, or the start of a line of its own file."""
        if "ftpd" in line[:200] and split_message(line)[0] in _APPS:
            return True
        if "proftpd[" in line[:300] and _PROFTPD.match(line):
            return True
        start = line[:1]
        if start == "(":
            return _FILEZILLA_OLD.match(line) is not None
        if start.isdigit():
            return _FILEZILLA.match(line) is not None
        return start in "MTWFS" and (_VSFTPD.match(line) or _TRANSFER.match(line)) is not None

    def read(self, line: str) -> Event | None:
        """Read one message. A message without an address proves that the server logged."""
        own = _PROFTPD.match(line)
        if own:
            dated = own[1][:1].isdigit()
            time = (
                self._read(own[1].replace(",", "."))
                if dated
                else split_header(f"{own[1]} {own[2]} proftpd: -", self.context)[0].time
            )
            return placed(event_of(_SENTENCES, own[3]) or Event(), time, own[2])
        own = _VSFTPD.match(line)
        if own:
            return placed(event_of(_SENTENCES, own[2]) or Event(), self._read(own[1]), None)
        session = _TRANSFER.match(line) or _FILEZILLA.match(line) or _FILEZILLA_OLD.match(line)
        if session:
            return placed(_of_session(session.groupdict()), self._read(session[1]), None)
        header, message = split_header(line, self.context)
        if header.app not in _APPS:
            raise LineError("The line is not of this product.", line[:80])
        return placed(event_of(_SENTENCES, message) or Event(), header.time, header.host)


def _of_session(found: dict[str, str | None]) -> Event:
    """Read a transfer, or a line of FileZilla's about a session."""
    reply = found.get("said")
    action = _OK if reply is None else Action.UNKNOWN
    if reply is not None and _SAID_NO.match(reply):
        action = _NO
    elif reply is not None and _SAID_YES.match(reply):
        action = _OK
    if found.get("user") == "not logged in":
        found["user"] = None
    kind = EventKind.FILE if reply is None else EventKind.LOGON
    event = stated_event(found, kind=kind, action=action)
    return event if event.source_ip else Event()
