"""Log-ons in single lines of servers and applications, and JSON of Nextcloud, Kubernetes and the like.

Text: PAM, telnet, su, Proxmox, Cockpit, Webmin, Synology, QNAP, MySQL and MariaDB, PostgreSQL, Gitea,
Vaultwarden, Jellyfin, Home Assistant, Authelia, Keycloak, Grafana, cPanel, WordPress, endlessh. JSON:
Nextcloud, Kubernetes' audit, MongoDB, Teleport, Cowrie.

Source: pam_unix(8), shadow's login(1), xinetd.conf(5), Proxmox VE "Fail2ban", Webmin `miniserv.pl`, Synology
and QNAP "Connection logs", MySQL "The Error Log", PostgreSQL "Error Reporting and Logging"
(`log_connections`, `pg_hba.conf`), each application's page about Fail2ban; Nextcloud "Logging", Kubernetes
"Auditing" (`audit.k8s.io/v1` Event), MongoDB "Log Messages", Teleport "Audit Events", Cowrie "Output event
code reference". Traps:
- An account's name is the client's own text; an address counts where the program itself writes it.
- PAM's `rhost` may be a name; then the line names no address.
- PostgreSQL's prefix is the administrator's choice; only its own sentences are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from lamsach.errors import LineError
from lamsach.logs.base import FileContext, LogFormat, fields_named, required
from lamsach.logs.events.ends import placed
from lamsach.logs.mappings.actions import verdict
from lamsach.logs.mappings.sentences import event_of, sentence, stated_event
from lamsach.logs.text.json_records import flat, read_object, text_of, texts_of
from lamsach.logs.text.syslog import NO_HEADER, SyslogHeader, split_header
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import hash_of, host_and_port
from lamsach.model import Action, Event, EventKind

_NO_WORDS = (
    "login failed", "authentication failed", "login.failed", "checking authorization failed", "bruteforce",
)  # fmt: skip
_OK_WORDS = ("login.success", "authentication succeeded", "successfully authenticated", "login successful")


@dataclass(frozen=True, slots=True)
class _Product:
    """A product's signs, which are in each of its lines, and the keys of its fields."""

    signs: tuple[str, ...]
    client: str
    time: tuple[str, ...]
    port: str = ""
    user: tuple[str, ...] = ()
    server: str = ""
    server_port: str = ""
    statement: tuple[str, ...] = ()
    refused: tuple[str, frozenset[str]] = ("", frozenset())
    url: str = ""
    hashes: str = ""
    observer: str = ""
    kind: EventKind = EventKind.LOGON


_PRODUCTS = (
    _Product(('"reqId"', '"remoteAddr"', '"app"'), "remoteAddr", ("time",), user=("user",),
        statement=("message",), url="url"),
    _Product(('"audit.k8s.io/', '"sourceIPs"'), "sourceIPs", ("requestReceivedTimestamp", "stageTimestamp"),
        user=("user.username",), refused=("responseStatus.code", frozenset({"401", "403"})), url="requestURI",
        kind=EventKind.WEB),
    _Product(('"$date"', '"attr":', '"remote":"'), "attr.remote", ("t.$date",),
        user=("attr.principalName", "attr.user"), statement=("msg",)),
    _Product(('"ei":', '"addr.remote"'), "addr.remote", ("time",), user=("user",),
        refused=("success", frozenset({"false"}))),
    _Product(('"eventid"', '"cowrie.', '"src_ip"'), "src_ip", ("timestamp",), port="src_port",
        user=("username",), server="dst_ip", server_port="dst_port", statement=("eventid",), url="url",
        hashes="shasum", observer="sensor"),
)  # fmt: skip


def _product_of(line: str) -> _Product | None:
    """Product of a JSON line."""
    if "{" not in line[:400]:
        return None
    return next((known for known in _PRODUCTS if all(sign in line for sign in known.signs)), None)


def read(line: str, product: _Product, times: LooseTimes) -> tuple[str, Event]:
    """Read the text before the object, and its event. LineError for broken JSON or no client."""
    before, record = read_object(line)
    fields = flat(record)

    def first(*keys: str) -> str | None:
        return next((text for key in keys if key and (text := _text(fields, key))), None)

    client, port = host_and_port(first(product.client) or "")
    user = first(*product.user)
    statement = (first(*product.statement) or "").lower()
    ends = {
        "ip": client or first(product.client),
        "port": first(product.port) or (str(port) if port else None),
    }
    event = stated_event(
        ends
        | {"to": first(product.server), "to_port": first(product.server_port), "url": first(product.url)}
        | {"user": None if user in ("--", "system:anonymous") else user},
        kind=product.kind,
        action=_action(statement, first(product.refused[0]), product),
    )
    if event.source_ip is None:
        raise LineError("The JSON record has no known key.", line[:80])
    written, digest = first(*product.time), hash_of(first(product.hashes) or "")
    return before, replace(
        event,
        time=times.read(written) if written else None,
        observer=first(product.observer),
        hashes=(digest,) if digest else (),
    )


def _text(fields: Mapping[str, object], key: str) -> str | None:
    value = fields.get(key)
    if isinstance(value, bool):
        return str(value).lower()
    return next(iter(texts_of(value)), None) if isinstance(value, list) else text_of(value)


def _action(statement: str, refused: str | None, product: _Product) -> Action:
    if refused is not None:
        return Action.BLOCKED if refused in product.refused[1] else Action.ALLOWED
    return verdict(any(word in statement for word in _NO_WORDS), any(word in statement for word in _OK_WORDS))


_OK, _NO = Action.ALLOWED, Action.BLOCKED
_OF_LOGONS = r"(?:SSH|SHELL|TELNET|LINE|HTTP|WEB|FTPS|SFTP|STELNET)"
_HUAWEI = (
    r"[^ ]{0,24}?:[^(]{0,160}\((?=(?:[^)]{0,300}?[ ,])?UserName=(?P<user>[^,)\s*]{1,128}))?(?:[^)]{0,300}?"
    r"[ ,])?(?:IP|Ip|UserAddress|UserIP|UserIp|IPAddress)={IP}"
)
_SENTENCES = (
    # pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=pts/1 ruser= ..
    sentence("rhost=",
        r"\bpam_\w{1,20}\((?!sshd|dropbear|dovecot|smtp|samba|vsftpd|proftpd|pure-ftpd)\S{1,64}:auth\): "
        r"authentication failure; .{0,200}?\brhost={IP}(?: {1,2}user=(?P<user>\S{1,128}))?", _NO),
    # pvedaemon: authentication failure; rhost=::ffff:203.0.113.7 user=root@pam msg=Authentication failure
    sentence("rhost=", r"^authentication failure; rhost={IP} user=(?P<user>\S{1,128}) msg=", _NO),
    # FAILED LOGIN 1 FROM 203.0.113.7 FOR root, Authentication failure     LOGIN ON pts/1 BY lan FROM 10.1.2.3
    sentence("FAILED LOGIN",
        r"FAILED LOGIN (?:SESSION |\(?\d{1,3}\)? )?(?:on '[^']{1,64}' )?(?:FROM|from) '?{IP}'? (?:FOR"
        r"|for) '?(?P<user>[^',\s]{1,128})", _NO),
    sentence("LOGIN ON ", r"LOGIN ON \S{1,64} BY (?P<user>\S{1,128}) FROM {IP}", _OK),
    # START: telnet pid=812 from=::ffff:203.0.113.7     FAIL: telnet address from=203.0.113.7
    sentence("START: ", r"^START: \S{1,64} (?:pid=\d{1,10} )?from={IP}"),
    sentence("FAIL: ", r"^FAIL: \S{1,64} \S{1,64} from={IP}", _NO),
    # Invalid login as root from 203.0.113.7     Successful login as lan from 10.1.2.3   (Webmin, Usermin)
    sentence(" login as ", r"(?:Invalid|Non-existent) login as (?P<user>.{1,128}) from {IP}\s*$", _NO),
    sentence("Successful login as ", r"Successful login as (?P<user>.{1,128}) from {IP}\s*$", _OK),
    # SYSTEM: User [admin] from [203.0.113.7] failed to log in via [DSM] due to authorization failure.
    sentence("] failed to ",
        r"User \[(?P<user>[^\]]{1,128})\] from \[{IP}\] failed to (?:log|sign) in ", _NO),
    sentence("] logged in ", r"User \[(?P<user>[^\]]{1,128})\] from \[{IP}\] (?:logged|signed) in ", _OK),
    # conn log: Users: admin, Source IP: 203.0.113.7, Computer name: ---, Connection type: HTTP ..   (QNAP)
    sentence("Action: Login Fail", r"Users?: (?P<user>[^,]{1,128}), Source IP: {IP}, Computer name:", _NO),
    sentence("Source IP: ", r"Users?: (?P<user>[^,]{1,128}), Source IP: {IP}, Computer name:", _OK),
    # 12 [Note] Access denied for user 'root'@'203.0.113.7' (using password: YES)
    sentence("Access denied for user", r"Access denied for user '(?P<user>[^']{0,128})'@'{IP}'", _NO),
    sentence("borted connection",
        r"[Aa]borted connection \d{1,12} to db: '[^']{0,128}' user: '(?P<user>[^']{0,128})' host: '{IP}'"),
    # FATAL:  no pg_hba.conf entry for host "203.0.113.7", user "x", database "y"
    sentence("no pg_hba.conf entry",
        r"no pg_hba\.conf entry for (?:replication connection from )?host \"{IP}\", user \""
        r"(?P<user>[^\"]{0,128})\"", _NO),
    sentence("connection received: host=", r"connection received: host={IP}(?: port={PORT})?"),
    sentence("disconnection: session time",
        r" user=(?P<user>\S{1,128}) database=\S{1,128} host={IP}(?: port={PORT})?"),
    # Failed authentication attempt for admin from 203.0.113.7:0: user does not exist [uid: 0, name: admin]
    sentence("Failed authentication attempt for ",
        r"Failed authentication attempt for (?P<user>.{1,128}) from {END}.{0,80}, name: (?P=user)\]", _NO),
    sentence("Failed authentication attempt for ",
        r"Failed authentication attempt for (?P<user>\S{1,128}) from {END}", _NO),
    # Username or password is incorrect. Try again. IP: 203.0.113.7. Username: x@y.example.   (Vaultwarden)
    sentence(" IP: ",
        r"(?:Username or password is incorrect|Invalid admin token|Invalid TOTP code).{0,80}? IP: {END}"
        r"(?:\. Username: (?P<user>\S{1,128}?)\.?(?=\s|$))?", _NO),
    # Authentication request for "admin" has been denied (IP: "203.0.113.7").   (Jellyfin, Emby)
    sentence("has been denied (IP: ",
        r"Authentication request for \"?(?P<user>[^\"]{1,128}?)\"? has been denied \(IP: \"?{IP}", _NO),
    # Login attempt or request with invalid authentication from host.example (203.0.113.7). Requested URL: ...
    sentence("with invalid authentication from ",
        r"with invalid authentication from (?:\S{1,255} \()?{IP}", _NO),
    # msg="Unsuccessful 1FA authentication attempt by user 'an'" method=POST ..   (Authelia)
    sentence("authentication attempt by user '",
        r"Unsuccessful \w{2,16} authentication attempt by user '(?P<user>[^']{0,128})'.{0,600}?"
        r"\bremote_ip=\"?{IP}", _NO),
    sentence("authentication attempt made by user '",
        r"Successful \w{2,16} authentication attempt made by user '(?P<user>[^']{0,128})'.{0,600}?"
        r"\bremote_ip=\"?{IP}", _OK),
    # type="LOGIN_ERROR", realmId="x", clientId="y", userId="null", ipAddress="203.0.113.7" ..   (Keycloak)
    sentence("LOGIN_ERROR",
        r"type=\"?LOGIN_ERROR\b.{0,600}? ipAddress=\"?{IP}\"?(?:.{0,600}? username=\"?"
        r"(?P<user>[^\",\s]{1,128}))?", _NO),
    sentence("LOGIN",
        r"type=\"?LOGIN\b.{0,600}? ipAddress=\"?{IP}\"?(?:.{0,600}? username=\"?(?P<user>[^\",\s]{1,128}))?",
        _OK),
    # msg="Invalid username or password" ... remote_addr=203.0.113.7   (Grafana)
    sentence("remote_addr=",
        r"(?:msg=\"?Invalid username or password|path=/login\b.{0,80}? status=40[13]\b).{0,300}? "
        r"remote_addr=\"?{IP}", _NO),
    # 203.0.113.7 - lan "POST /login/?login_only=1 HTTP/1.1" FAILED LOGIN cpaneld: user password incorrect
    sentence(" FAILED LOGIN ",
        r"\] {IP} - (?P<user>\S{1,128}) \"[A-Z]{3,8} [^\"]{1,512}\" FAILED LOGIN ", _NO),
    # Authentication failure for admin from 203.0.113.7   (WordPress's fail2ban plug-in)
    sentence("Authentication ",
        r"(?:^|\]: )(?:XML-RPC )?[Aa]uthentication (?:attempt for unknown user|failure for) "
        r"(?P<user>\S{1,128}) from {IP}", _NO),
    sentence("Accepted password for ", r"^Accepted password for (?P<user>\S{1,128}) from {IP}$", _OK),
    # %%10SHELL/5/SHELL_LOGIN: admin logged in from 10.1.2.3.   (H3C)
    sentence("%%10",
        r"%%10\w{2,12}/\d/\w{1,40}: (?:-\S{1,64}; )?(?P<user>\S{1,128}) failed to log ?in from {IP}", _NO),
    sentence("%%10",
        r"%%10\w{2,12}/\d/\w{1,40}: (?:-\S{1,64}; )?(?P<user>\S{1,128}) logged (?:in|out) from {IP}", _OK),
    # %%10SSHS/6/SSHS_CONNECT: SSH user an (IP: 10.1.2.3) connected to the server successfully.
    sentence("SSH user ",
        r"%%10\w{2,12}/\d/\w{1,40}: (?:-\S{1,64}; )?SSH user (?P<user>\S{1,128}) \(IP: {IP}\) (?:failed"
        r"|did)", _NO),
    sentence("SSH user ",
        r"%%10\w{2,12}/\d/\w{1,40}: (?:-\S{1,64}; )?SSH user (?P<user>\S{1,128}) \(IP: {IP}\) ", _OK),
    # %%01SSH/4/SSH_FAIL(s)[1]:Failed to log in through SSH. (IP=203.0.113.7, UserName=root, Times=1)
    sentence("%%01", rf"%%01{_OF_LOGONS}/\d/\w{{0,40}}FAIL\w{{0,40}}{_HUAWEI}", _NO),
    # %%01SSH/6/SSH_USER_LOGIN(s)[2]:The SSH user succeeded in logging in. (ServiceType=stelnet ..
    sentence("%%01", rf"%%01{_OF_LOGONS}/\d/\w{{0,40}}LOGIN\w{{0,40}}{_HUAWEI}", _OK),
    # ACCEPT host=::ffff:203.0.113.7 port=4455 fd=4 n=1/4096   (endlessh)
    sentence("CCEPT host=", r"^ACCEPT host={IP} port={PORT} ", _NO),
    sentence("CLOSE host=", r"^CLOSE host={IP} port={PORT} "),
)  # fmt: skip
_SIGNS = tuple(dict.fromkeys(known.sign for known in _SENTENCES))
# Time before an application's own sentence: 2026-06-07 09:00:01.123
_TIME = re.compile(
    r"(?a)^(?:\[|time=\"?|logger=\S{1,64} (?:\w{1,16}=\S{0,64} ){0,5}?t=)?\"?(\d{4}[-/]\d{2}[-/]\d{2}[T ] ?"
    r"\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)"
)
_USUAL_SPELLINGS = (
    ("UTC", "+00:00"), ("GMT", "+00:00"), (",", "."), (" +", "+"), (" -", "-"), ("  ", " 0")
)  # fmt: skip
_LONGEST_START = 200


class ServerLogons(LogFormat):
    """Log-ons of login, telnet, Proxmox, Webmin, Synology, QNAP, MySQL, PostgreSQL, Gitea, Vaultwarden,
    Jellyfin, Home Assistant, Authelia, Keycloak, Grafana, cPanel, WordPress, endlessh, switches and
    routers of Huawei and H3C; JSON of Nextcloud, Kubernetes' audit, MongoDB, Teleport, Cowrie.

    A stranger who logs on is no machine of the unit.
    """

    name = "server_logons"
    title = "Log-ons at servers and applications (PAM, databases, NAS, web applications)"
    gives = fields_named("contact user domain url hashes action")

    @classmethod
    def recognises(cls, line: str) -> bool:
        """Match one of the sentences with an address, or a known JSON object."""
        if _product_of(line):
            return True
        if line[:1] == "{" or not any(sign in line for sign in _SIGNS):
            return False
        try:
            message = _split(line, _ANY)[1]
        except LineError:
            message = line
        return event_of(_SENTENCES, _sentence(message)) is not None

    def read(self, line: str) -> Event | None:
        """Read one sentence, or one JSON object."""
        product = _product_of(line)
        if product:
            before, found = read(line, product, LooseTimes(self.context))
            header = split_header(line, self.context)[0] if before.strip() else NO_HEADER
            return placed(found, header.time, header.host)
        header, message = _split(line, self.context)
        event = required(event_of(_SENTENCES, _sentence(message)), line)
        time = self._time(message) or header.time or self._time(line)
        return placed(event, time, header.host)

    def _time(self, text: str) -> datetime | None:
        match = _TIME.match(text[:_LONGEST_START])
        if match is None:
            return None
        written = match[1]
        for text, usual in _USUAL_SPELLINGS:
            written = written.replace(text, usual)
        return LooseTimes(self.context).read(written)


def _split(line: str, context: FileContext) -> tuple[SyslogHeader, str]:
    """Split syslog header and message; a thread's number after an application's own time is no host."""
    if _sentence(line) is not line:
        return NO_HEADER, line
    header, message = split_header(line, context)
    return (NO_HEADER, line) if header.host and header.host.isdigit() else (header, message)


def _sentence(message: str) -> str:
    """Strip endlessh's own time, for patterns anchored at the sentence's start."""
    match = _TIME.match(message[:_LONGEST_START])
    rest = message[match.end() :].lstrip(" ") if match else message
    return rest if rest.startswith(("ACCEPT ", "CLOSE ")) else message


_ANY = FileContext()
