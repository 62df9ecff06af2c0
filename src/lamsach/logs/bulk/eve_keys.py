"""The keys of EVE records that the bulk reader knows of: see `suricata_eve` beside it."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keys of which the format reads those in the second place, and none of those in the first; a log with any other is read line by line.
IDLE = _words(
    "flow_id in_iface proto app_proto app_proto_ts app_proto_tc app_proto_orig tx_id pkt_src community_id vlan icmp_type icmp_code ip_v tcp metadata"
    " payload payload_printable packet packet_info stream capture_file parent_id tx_guessed event_type"
)
TOLD = _words("timestamp host src_ip src_port dest_ip dest_port direction dns http tls fileinfo alert flow")
WITHIN: Mapping[str, frozenset[str]] = {
    "dns": _words(
        "type id rrname rrtype rcode flags qr aa tc rd ra z tx_id opcode version ttl rdata answers grouped"
    ),
    "http": _words(
        "hostname url http_user_agent http_content_type http_method http_refer protocol status length redirect http_port xff"
    ),
    "tls": _words(
        "subject issuerdn serial fingerprint sni version notbefore notafter ja3 ja3s ja4 session_resumed from_proto client_alpns server_alpns"
        " subjectaltname"
    ),
    "alert": _words(
        "action gid signature_id rev signature category severity metadata source target references rule"
    ),
    "flow": _words(
        "pkts_toserver pkts_toclient bytes_toserver bytes_toclient start end age state reason alerted action src_ip dest_ip src_port dest_port"
        " bypass bypassed emergency tx_cnt wrong_thread exception_policy"
    ),
    "fileinfo": _words(
        "filename gaps state sha256 sha1 md5 stored size tx_id magic file_id sid storing start end"
    ),
}
