"""Innocent contacts that a careless search misreads as guilty; their machines must not be accused."""

from __future__ import annotations

from lamsach.demo import listed
from lamsach.demo.cases import HARMLESS, Case, Cast, Stage, office_hours
from lamsach.demo.infections import server_of
from lamsach.demo.journal import DNS, SQUID, TRAFFIC, WEB_FILTER
from lamsach.demo.network import Visit
from lamsach.demo.world import FINANCE, LEGAL, OFFICE, TECHNICAL, WEB_SERVER_IP, Kind
from lamsach.demo.writers.fortigate import Flow
from lamsach.demo.writers.windows_dns import label_lengths


def all_cases(cast: Cast) -> list[Case]:
    """Return every look-alike, in a fixed order."""
    beacon_name = listed.BEACON.value
    return [
        _names(
            cast,
            "look-alike-names",
            "names that contain a listed name without being under it",
            (
                f"not{beacon_name}",
                f"{beacon_name}.benhvien-mau.example",
                f"{beacon_name.replace('.', '-')}.example",
                "thuvien-so.example",
            ),
        ),
        _neighbours(cast),
        _other_path(cast),
        _listed_name_in_url(cast),
        _campaign_page(cast),
    ]


def _names(cast: Cast, case: str, about: str, names: tuple[str, ...]) -> Case:
    device, days = cast.take(Kind.PC, TECHNICAL), cast.office_days(0.4, 0.6)

    def play(stage: Stage) -> None:
        for session in stage.sessions(device, days):
            for place, name in enumerate(names):
                time = session.start + 3000 + 5000 * place + 900 * stage.rng.random()
                visit = Visit(name, f"103.95.8.{20 + place}", "/", True, "Business", "Viet Nam", case=case)
                stage.network.ask(session, time, name, visit.address, case)
                stage.network.visit(session, time + 1, visit, logged=True)

    raw = tuple((DNS, label_lengths(name)) for name in names) + tuple(
        (WEB_FILTER, f'hostname="{name}"') for name in names
    )
    why = "visited names that only look like listed ones"
    return Case(
        case,
        about,
        HARMLESS,
        play,
        innocent=((device, why),),
        appointments=office_hours(device, days),
        raw=raw,
    )


def _neighbours(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, FINANCE), cast.office_days(0.3, 0.4)
    case = "look-alike-addresses"

    def play(stage: Stage) -> None:
        for session in stage.sessions(device, days):
            for place, address in enumerate(listed.UNLISTED_NEIGHBOURS):
                flow = Flow(
                    session.start + 4000 * (place + 1),
                    session.ip,
                    address,
                    443,
                    session.vlan.interface,
                    sent=900,
                    received=4000,
                )
                stage.network.connect(flow, case)

    raw = tuple((TRAFFIC, f"dstip={address} ") for address in listed.UNLISTED_NEIGHBOURS)
    why = "connected to addresses of which a listed one is a part of the text"
    about = "addresses such as 198.51.100.170, where 198.51.100.17 is listed"
    return Case(
        case,
        about,
        HARMLESS,
        play,
        innocent=((device, why),),
        appointments=office_hours(device, days),
        raw=raw,
    )


def _other_path(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, proxied=True), cast.office_days(0.3, 0.4)
    case = "url-other-path"
    paths = ("/huong-dan/", "/crack/office2019/kms.exe2", "/crack/office2019/")

    def play(stage: Stage) -> None:
        for session in stage.sessions(device, days):
            for place, path in enumerate(paths):
                host = "tai-phanmem.example"
                visit = Visit(host, server_of(host), path, False, "Unrated", "Netherlands", case=case)
                stage.network.visit(session, session.start + 4000 * (place + 1), visit, logged=True)

    raw = tuple((SQUID, f"http://tai-phanmem.example{path} ") for path in paths)
    why = "visited other pages of a site of which one URL is listed"
    about = "the host of a listed URL, at other paths; only the proxy asks for its name"
    return Case(
        case,
        about,
        HARMLESS,
        play,
        (listed.CRACK_URL,),
        innocent=((device, why),),
        appointments=office_hours(device, days),
        raw=raw,
    )


def _listed_name_in_url(cast: Cast) -> Case:
    device, days = cast.take(Kind.PC, LEGAL), cast.office_days(0.6, 0.7)
    case = "listed-value-in-a-url"
    host, beacon_ip = "www.tra-cuu-ten-mien.example", listed.BEACON_IP.value
    path = f"/?u=srcip=10.20.10.21 dstip={beacon_ip}&n={listed.BEACON.value}&r=/{listed.SUBDOMAIN.value}/"

    def play(stage: Stage) -> None:
        visit = Visit(host, "103.95.8.40", path, False, "Information Technology", "Viet Nam", case=case)
        for session in stage.sessions(device, days):
            stage.network.ask(session, session.start + 5000, host, visit.address)
            stage.network.visit(session, session.start + 5001, visit, logged=True)

    why = "looked listed values up at an innocent site: they stand in the query of a URL"
    about = "listed values, and text that imitates the log's own fields, inside the URL of an innocent site"
    return Case(
        case,
        about,
        HARMLESS,
        play,
        innocent=((device, why),),
        appointments=office_hours(device, days),
        raw=((WEB_FILTER, f"srcip=10.20.10.21 dstip={beacon_ip}"),),
    )


def _campaign_page(cast: Cast) -> Case:
    devices = [cast.take(Kind.PC, department) for department in (OFFICE, FINANCE, LEGAL)]
    days = cast.office_days(0.3, 0.6)
    case = "campaign-page"
    host = listed.TITLE_LINK.split("/")[2]

    def play(stage: Stage) -> None:
        for device in devices:
            for session in stage.sessions(device, days):
                stage.network.ask(session, session.start + 600, host, WEB_SERVER_IP, case)

    why = "opened the campaign's own page, whose link is in the annex's title"
    return Case(
        case,
        "the link in the annex's title is no indicator",
        HARMLESS,
        play,
        innocent=tuple((device, why) for device in devices),
        appointments=tuple(item for device in devices for item in office_hours(device, days)),
        raw=((DNS, label_lengths(host)),),
    )
