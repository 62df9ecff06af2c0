"""Records in JSON that only `bench.reading` reads; see also `reading_lines`."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.reading_lines import Values


def zeek_dns_json(v: Values) -> str:
    """Return a query and its answer in the format of Zeek's JSON writer."""
    v.tick()
    return (
        f'{{"ts":{v.seconds:.6f},"uid":"C{v.below(36**10):x}","id.orig_h":"{v.pick(v.inside)}",'
        f'"id.orig_p":{v.port},"id.resp_h":"10.0.0.53","id.resp_p":53,"proto":"udp",'
        f'"trans_id":{v.below(65536)},"rtt":{v.random.random() / 10:.6f},"query":"{v.pick(v.names)}",'
        '"qclass":1,"qclass_name":"C_INTERNET","qtype":1,"qtype_name":"A","rcode":0,'
        '"rcode_name":"NOERROR","AA":false,"TC":false,"RD":true,"RA":true,"Z":0,'
        f'"answers":["{v.pick(v.outside)}"],"TTLs":[{v.below(600)}.0],"rejected":false}}'
    )


def winlogbeat(v: Values) -> str:
    """Return a connection recorded by Sysmon, as sent by Winlogbeat."""
    moment = f"{v.tick():%Y-%m-%dT%H:%M:%S}.{v.below(1000):03d}Z"
    return (
        f'{{"@timestamp":"{moment}","agent":{{"type":"winlogbeat","version":"8.13.0"}},'
        f'"event":{{"code":"3","kind":"event","provider":"Microsoft-Windows-Sysmon"}},'
        f'"host":{{"name":"pc-{v.below(900)}"}},'
        f'"winlog":{{"channel":"Microsoft-Windows-Sysmon/Operational",'
        f'"computer_name":"PC-{v.below(900)}.unit.example","event_id":"3",'
        f'"provider_name":"Microsoft-Windows-Sysmon","record_id":{v.below(10**7)},'
        f'"event_data":{{"UtcTime":"{moment[:-1].replace("T", " ")}","ProcessId":"{v.below(9999)}",'
        f'"Image":"C:\\\\Windows\\\\System32\\\\svchost.exe","User":"UNIT\\\\lan{v.below(900)}",'
        '"Protocol":"tcp","Initiated":"true",'
        f'"SourceIp":"{v.pick(v.inside)}","SourcePort":"{v.port}","DestinationIp":"{v.pick(v.outside)}",'
        f'"DestinationPort":"443","DestinationHostname":"-"}}}}}}'
    )


def ecs_sessions(v: Values) -> str:
    """Return a connection in the Elastic Common Schema, as shippers send a firewall's records."""
    inside, outside = v.pick(v.inside), v.pick(v.outside)
    return (
        f'{{"@timestamp":"{v.tick():%Y-%m-%dT%H:%M:%S}.{v.below(1000):03d}Z",'
        f'"ecs":{{"version":"8.11.0"}},"observer":{{"name":"fw01","type":"firewall"}},'
        f'"event":{{"action":"allow","category":["network"]}},'
        f'"source":{{"ip":"{inside}","port":{v.port},"bytes":{v.below(9999)}}},'
        f'"destination":{{"ip":"{outside}","port":443,"bytes":{v.below(99999)},'
        f'"domain":"{v.pick(v.names)}"}},'
        f'"user":{{"name":"lan{v.below(900)}"}},"network":{{"transport":"tcp","protocol":"tls"}}}}'
    )


def adguard_home(v: Values) -> str:
    """Return a query answered by AdGuard Home, from its query log."""
    name = v.pick(v.names)
    question = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"
    head = struct.pack(">6H", v.below(65536), 0x8180, 1, 1, 0, 0)
    reply = struct.pack(">3HIH4B", 0xC00C, 1, 1, v.below(3600), 4, *map(int, v.pick(v.outside).split(".")))
    return (
        f'{{"T":"{v.tick():%Y-%m-%dT%H:%M:%S}.{v.below(10**9):09d}+07:00","QH":"{name}","QT":"A",'
        '"QC":"IN","CP":"","Upstream":"tls://dns.example:853","Answer":"'
        f'{base64.b64encode(head + question + reply).decode()}","IP":"{v.pick(v.inside)}","Result":{{}},'
        f'"Elapsed":{v.below(10**8)}}}'
    )
