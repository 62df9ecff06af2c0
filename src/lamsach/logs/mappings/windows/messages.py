"""The rendered text of Windows events: `Source Network Address:  192.0.2.5`, in lines or run together by a
syslog agent.

Source: the message tables of Windows 10, 11 and Server 2008 to 2025 in English, and what the Vietnamese user
interface shows. Traps: `Account Name` stands under several headings, of which only `New Logon`, `Account
Information` and the like name who logged on; agents replace line feeds by spaces, tabs or the letters `\\n`;
of a value without an end only the first line counts.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_LONGEST_TEXT = 65536
_LONGEST_VALUE = 4000
# label (lower case): the name of the datum it renders
_LABELS = {
    "source network address": "ipaddress", "client address": "ipaddress", "source address": "sourceaddress",
    "network address": "ipaddress", "client ip": "ipaddress", "client ip address": "ipaddress",
    "caller ip": "ipaddress", "source port": "sourceport", "client port": "ipport", "port": "port",
    "destination address": "destaddress", "destination port": "destport", "direction": "direction",
    "workstation name": "workstationname", "source workstation": "workstation", "client name": "clientname",
    "logon account": "targetusername", "user name": "user", "account name": "accountname",
    "account domain": "accountdomain", "logon type": "logontype", "process command line": "commandline",
    "user": "user", "calling station identifier": "callingstationid",
    "fully qualified account name": "fullyqualifiedsubjectusername", "share name": "sharename",
    "path": "path", "url": "url", "dns name": "queryname", "url absolute path": "urlpath",
    "query string": "urlquery", "local ip": "localip",
    # Sysmon names its values as its data are named
    "utctime": "utctime", "sourceip": "sourceip", "sourceport": "sourceport",
    "sourcehostname": "sourcehostname", "hashes": "hashes", "destinationip": "destinationip",
    "destinationport": "destinationport", "destinationhostname": "destinationhostname",
    "initiated": "initiated", "queryname": "queryname", "queryresults": "queryresults",
    "querystatus": "querystatus", "image": "image", "commandline": "commandline",
    "parentcommandline": "parentcommandline", "targetfilename": "targetfilename", "contents": "contents",
    "hash": "hash", "imageloaded": "imageloaded", "protocol": "protocol",
    # Vietnamese
    "địa chỉ mạng nguồn": "ipaddress", "địa chỉ máy khách": "ipaddress", "địa chỉ nguồn": "sourceaddress",
    "cổng nguồn": "sourceport", "địa chỉ mạng": "ipaddress", "cổng máy khách": "ipport",
    "địa chỉ đích": "destaddress", "cổng đích": "destport", "hướng": "direction",
    "tên máy trạm": "workstationname", "máy trạm nguồn": "workstation", "tên máy khách": "clientname",
    "tên tài khoản": "accountname", "tài khoản đăng nhập": "targetusername", "tên người dùng": "user",
    "người dùng": "user", "loại đăng nhập": "logontype", "dòng lệnh xử lý": "commandline",
    "dòng lệnh tiến trình": "commandline", "đường dẫn": "path",
}  # fmt: skip
_SECTIONS = {
    "subject": "subjectusername", "chủ thể": "subjectusername", "new logon": "targetusername",
    "đăng nhập mới": "targetusername", "account for which logon failed": "targetusername",
    "tài khoản đăng nhập không thành công": "targetusername", "account information": "targetusername",
    "thông tin tài khoản": "targetusername", "account whose credentials were used": "targetusername",
    "target account": "targetusername", "additional information": "", "network information": "",
    "thông tin mạng": "", "process information": "", "thông tin tiến trình": "",
    "application information": "", "service information": "servicename",
    "client machine": "subjectmachinename", "nas": "", "radius client": "", "authentication details": "",
    "failure information": "", "detailed authentication information": "", "logon information": "",
    "share information": "", "access request information": "", "creator subject": "subjectusername",
    "target subject": "targetsubjectname", "filter information": "", "certificate information": "",
    "session": "", "mapped name": "",
}  # fmt: skip
# Labels that are only read past: they end the value before them.
_OTHERS = (
    "security id|logon id|logon guid|linked logon id|restricted admin mode|virtual account|elevated "
    "token|impersonation level|process id|process name|caller process id|caller process name|logon "
    "process|authentication package|transited services|key length|ticket options|result code|failure "
    "code|failure reason|status|sub status|package name \\(ntlm only\\)|service name|service "
    "id|application name|network account name|network account domain|object type|access "
    "mask|accesses|error code|supplied realm name|pre-authentication type|ticket encryption "
    "type|ruleid|rulename|processguid|processid|sourceisipv6|destinationisipv6|sourceportname|"
    "destinationportname|layer name|layer run-time id|filter run-time id|session id|session "
    "name|additional information|target server name|called station identifier|nas ipv4 address|nas ipv6 "
    "address|nas identifier|nas port-type|nas port|client friendly name|device description|rule name|new "
    "process id|new process name|token elevation type|mandatory label|creator process id|creator process "
    "name|share path|relative target name|id bảo mật|id đăng nhập|guid đăng nhập|tên tiến trình|id tiến "
    "trình|miền tài khoản|gói xác thực|trạng thái|giao thức|protocol|parentimage|parentprocessguid|"
    "parentprocessid|currentdirectory|logonguid|logonid|terminalsessionid|integritylevel|fileversion|"
    "description|product|company|originalfilename|parentuser|detection "
    "user|creationutctime|signed|signature|signaturestatus|account type|fully qualified user name"
)
# Account Name:\t\tminh\nNetwork Information:    but not User: UNIT\nga, Path: \\nas01\tools, C:\temp
_LETTERS = re.compile(
    r"\\r\\n|(?:(?<=\w\w:)|(?<=[\s.])|(?<=\\[nrt]))\\[nrt]|\\[nrt](?=[\\\s]|$|[^\W\da-z_])"
    r"|#015#012|#011|#012|#015|\r"
)


@cache
def _label() -> re.Pattern[str]:
    """Labels at a line's start or behind white space, with a colon or ` :`; made on first use."""
    names = {*map(re.escape, (*_LABELS, *_SECTIONS)), *_OTHERS.split("|")}
    words = "|".join(sorted(names, key=lambda name: (-len(name), name)))
    return re.compile(rf"(?:^|(?<=[\s>]))({words}) ?:(?=[\s]|$|[^\\/\s])", re.IGNORECASE)


def labels(message: str) -> dict[str, str]:
    """The data that the text states, by lower-case name; the first value of each name counts."""
    text = _LETTERS.sub(lambda match: "\t" if match[0] in ("\\t", "#011") else "\n", message[:_LONGEST_TEXT])
    text = unicodedata.normalize("NFC", text).replace("\u00a0", " ")
    found: dict[str, str] = {}
    section = ""
    matches = list(_label().finditer(text))
    for index, match in enumerate(matches):
        label = match[1].lower()
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        lines = text[match.end() : end].strip(" \t")
        value = lines.partition("\n")[0].strip()
        if not value and _LABELS.get(label) == "ipaddress":  # AD FS and Active Directory write it below
            value = lines.strip().partition("\n")[0].partition(",")[0].strip()
        if label in _SECTIONS and not value:
            section = _SECTIONS[label]
            continue
        name = _LABELS.get(label)
        if name == "accountname" and section:
            name = section
        if name and value and value != "-":
            found.setdefault(name, value[:_LONGEST_VALUE])
    if (asked := _ASKED.search(text)) is not None:
        found |= {"queryname": asked[1], "queryresults": asked[2] or ""}
    return found if "ipaddress" in found or "sourceaddress" in found else found | _in_prose(text)


# DNS query is completed for the name c2.example, type 1, query options 140737488355328 with status 0 ..
# DNS query is called for the name c2.example, type 28, query options 140737488355328, Server List , isNetwork
# query 0, ..
_ASKED = re.compile(
    r"DNS query is (?:completed|called) for the name ([^\s,]{1,255}), type \d{1,5}(?:.{0,120}? Results "
    r"([^\s].{0,2000}))?"
)


# Login failed for user 'sa'. Reason: .. [CLIENT: 192.0.2.5]
# The user UNIT\\minh connected from 192.0.2.5 but failed ..    <IpAddress>192.0.2.5</IpAddress>
_CLIENTS = (
    re.compile(r"\[CLIENT: ?([0-9A-Fa-f.:]{3,45})\]"),
    re.compile(r" from ([0-9A-Fa-f.:]{7,45})(?: port (\d{1,5}))?(?=[ ,.;]|$)", re.MULTILINE),
    re.compile(r"<IpAddress>\s{0,9}([0-9A-Fa-f.:]{3,45})[,\s<]"),
)
_PERSON = re.compile(r"(?:[Uu]ser '?|password for (?:invalid user )?|login for )([^\s'\"<>]{1,200})")


def _in_prose(text: str) -> dict[str, str]:
    """The client that a sentence names, and the user beside it."""
    for pattern in _CLIENTS:
        match = pattern.search(text)
        if match is not None:
            found = {"ipaddress": match[1].rstrip(".:")}
            if pattern.groups > 1 and match[2]:
                found["ipport"] = match[2]
            person = _PERSON.search(text)
            return found | {"targetusername": person[1]} if person else found
    return {}
