"""Clients of web servers, visited sites, and values that do not implicate anyone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lamsach.errors import LineError
from lamsach.logs.events.ends import mac_of_device
from lamsach.logs.mappings.web_requests import request_event, target_of, web_time
from lamsach.logs.text.times.timestamps import zone_of
from lamsach.logs.text.w3c import W3cColumns, default_columns
from lamsach.model import Action

MAC = "02:00:5e:00:53:01"


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", None, "203.0.113.5"),
        ("203.0.113.5", "10.0.0.66", "203.0.113.5"),
        ("203.0.113.5", "192.0.2.66", "203.0.113.5"),
        ("10.0.0.2", "192.0.2.66, 203.0.113.5", "203.0.113.5"),
        ("10.0.0.2", "203.0.113.5, 10.0.0.3", "203.0.113.5"),
        ("10.0.0.2", "10.0.1.7", "10.0.1.7"),
        ("10.0.0.2", "unknown", "10.0.0.2"),
        ("10.0.0.2", "-", "10.0.0.2"),
        ("10.0.0.2", "[2001:db8::5]:4711", "2001:db8::5"),
        ("127.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
        (None, "203.0.113.5", "203.0.113.5"),
    ],
)
def test_client_behind_own_proxy(peer, forwarded, client):
    assert request_event(peer, forwarded=forwarded, url="/").source_ip == client


@pytest.mark.parametrize(
    ("client", "device"), [("203.0.113.5", None), ("10.0.0.5", "10.0.0.5"), (None, None)]
)
def test_external_client_is_no_device(client, device):
    event = request_event(
        client, site="bot-c2.xyz", request="GET http://bot-c2.xyz/ HTTP/1.1", server="10.0.0.80"
    )
    assert (event.device_ip, event.destination_ip, event.domain) == (device, "10.0.0.80", "bot-c2.xyz")


@pytest.mark.parametrize(
    ("request_line", "target"),
    [
        ("GET /a?b=1 HTTP/1.1", "/a?b=1"),
        ("GET /with space HTTP/1.0", "/with space"),
        ("GET /", "/"),
        ("CONNECT a.example:443 HTTP/1.1", "a.example:443"),
        ("batman", "batman"),
        ("OPTIONS sip:nm SIP/2.0", "OPTIONS sip:nm SIP/2.0"),
        ("- - -", None),
        (r"\x16\x03\x01", r"\x16\x03\x01"),
        ("-", None),
        ("", None),
    ],
)
def test_target_of_a_request_line(request_line, target):
    assert target_of(request_line) == target


@pytest.mark.parametrize(
    ("site", "request_line", "domain"),
    [
        ("www.unit.example:8443", "GET / HTTP/1.1", "www.unit.example"),
        ("-", "GET http://other.example/a HTTP/1.1", "other.example"),
        (None, "CONNECT other.example:443 HTTP/1.1", "other.example"),
        (None, "GET /a HTTP/1.1", None),
    ],
)
def test_domain_of_the_site(site, request_line, domain):
    assert request_event("10.0.0.5", site=site, request=request_line).domain == domain


@pytest.mark.parametrize(
    ("status", "action"),
    [("200", Action.ALLOWED), ("404", Action.ALLOWED), ("403", Action.BLOCKED), ("429", Action.BLOCKED),
     ("-", Action.UNKNOWN), (None, Action.UNKNOWN), ("12345", Action.UNKNOWN)],
)  # fmt: skip
def test_a_status_is_allowed_or_blocked(status, action):
    assert request_event("10.0.0.5", url="/", status=status).action is action


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("02/Jun/2026:08:00:00 +0700", 1),
        ("02/Jun/2026:08:00:00.250 +0000", 8),
        ("02/Jun/2026:08:00:00", 1),
        ("2026-06-02T08:00:00Z", 8),
        ("2026-06-02T08:00:00+07:00", 1),
    ],
)
def test_times_of_web_servers(text, hour):
    time = web_time(text, ZoneInfo("Asia/Ho_Chi_Minh"))
    assert time.replace(microsecond=0) == datetime(2026, 6, 2, hour, tzinfo=UTC)


@pytest.mark.parametrize("text", ["31/Feb/2026:08:00:00 +0700", "02/Xyz/2026:08:00:00 +0700", "yesterday"])
def test_an_impossible_time_is_an_error(text):
    with pytest.raises(LineError):
        web_time(text, UTC)


def test_new_headings_replace_the_old_ones():
    columns = W3cColumns((), ["#Software: x", "#Fields: date time c-ip", "#Fields: c-ip date"])
    assert columns.read("2026-06-02 08:00:00 10.0.0.5") == {
        "date": "2026-06-02",
        "time": "08:00:00",
        "c-ip": "10.0.0.5",
    }
    columns.header("#Fields: c-ip\tcs-method")
    assert columns.read("10.0.0.5\tGET") == {"c-ip": "10.0.0.5", "cs-method": "GET"}
    columns.header("#Date: 2026-06-03 01:02:03")
    assert columns.date == "2026-06-03"


@pytest.mark.parametrize(
    ("row", "client", "status"),
    [
        ("2026-06-02 09:13:02 10.0.0.1 GET / - 80 - 10.0.0.5 agent - 200 0 0 0", "10.0.0.5", "200"),
        (("2026-06-02 09:13:02 W3SVC1 WEB01 10.0.0.1 GET / - 80 - 10.0.0.5 HTTP/1.1 agent - - a.example "
          "404 0 0 0"), "10.0.0.5", "404"),
        ("no row", None, None),
    ],
)  # fmt: skip
def test_rows_without_headings(row, client, status):
    values = W3cColumns(default_columns(row.split())).read(row)
    assert (values.get("c-ip"), values.get("sc-status")) == (client, status)


@pytest.mark.parametrize(
    ("device", "source", "mac"),
    [("10.0.0.5", "10.0.0.5", MAC), ("10.0.0.80", "203.0.113.5", None), (None, None, None)],
)
def test_only_the_source_has_the_frames_address(device, source, mac):
    assert mac_of_device(device, source, MAC) == mac


@pytest.mark.parametrize(
    ("name", "hours"),
    [("+07", 7), ("+0530", 5.5), ("-03:30", -3.5), ("UTC+7:00", 7), ("CEST", 2), ("ict", 7), ("IST", None),
     ("+99", None), ("", None)],
)  # fmt: skip
def test_zones_by_name(name, hours):
    zone = zone_of(name)
    assert (None if zone is None else zone.utcoffset(None)) == (
        None if hours is None else timedelta(hours=hours)
    )
