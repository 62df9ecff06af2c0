"""A Windows event in any representation: its system part, named data, and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address

from lamsach.logs.text.values import host_and_port, ip_of, port_of, stated

# Accounts of services, in the languages that Windows translates them into.
_ACCOUNTS = (
    "system système sistema local_service network_service anonymous_logon service_réseau service_local iusr "
    "défaut lokaler_dienst netzwerkdienst defaultaccount dwm-1 dwm-2 dwm-3 umfd-0 umfd-1 umfd-2 umfd-3 n/a"
)
_DOMAINS = (
    "nt_authority autorite_nt nt-autorität nt_service window_manager font_driver_host iis_apppool "
    "nt_virtual_machine autoridade_nt"
)
_SERVICE_ACCOUNTS, _SERVICE_DOMAINS = frozenset(_ACCOUNTS.split()), frozenset(_DOMAINS.split())


@dataclass(slots=True)
class WindowsRecord:
    """An event of any shape.

    `event_id`: 0 when not stated. `time`: as stated, ISO 8601 or a count since 1970. `data`: the event's own
    values by lower-case name (`EventData`, `UserData`). `unnamed`: values without names, in order.
    `message`: the rendered text. `answers`: addresses and names of a DNS answer parsed by a shipper."""

    event_id: int = 0
    provider: str = ""
    channel: str = ""
    computer: str | None = None
    time: str | None = None
    data: dict[str, str] = field(default_factory=dict)
    unnamed: Sequence[str] = ()
    message: str = ""
    answers: Sequence[str] = ()

    def text(self, *names: str) -> str | None:
        """Return the first of these data with a value."""
        for name in names:
            value = self.data.get(name)
            if value and (value := stated(value)):
                return value
        return None

    def ip(self, *names: str) -> str | None:
        """Return the first of these data that is an address other than 0.0.0.0 and ::."""
        for name in names:
            value = self.data.get(name)
            if value and len(value) > 2:
                address = ip_of(value) or _with_port(value)[0]
                if address and address not in ("0.0.0.0", "::"):  # noqa: S104 - means: no address
                    return address
        return None

    def port(self, *names: str) -> int | None:
        """Return the first of these data that is a port other than 0."""
        for name in names:
            value = self.data.get(name)
            if value and (port := port_of(value) or _with_port(value)[1]):
                return port
        return None


def record_of_head(values: Mapping[str, str], message: str) -> WindowsRecord | None:
    """Build the event from `id`, `provider`, `channel`, `computer`, `time`; None without an ID."""
    number = values.get("id", "").strip()
    if not number.isdecimal() or len(number) > 10:
        return None
    provider, channel, computer, time = (
        values.get(name, "") for name in ("provider", "channel", "computer", "time")
    )
    return WindowsRecord(
        int(number) & 0xFFFF, provider, channel, computer or None, time.strip() or None, message=message
    )


def _with_port(value: str) -> tuple[str | None, int | None]:
    r"""Split `192.0.2.5:41760`, `[2001:db8::5]:445`, `\\192.0.2.5` into address and port."""
    if "." not in value and ":" not in value:
        return None, None
    host, port = host_and_port(value.strip("\\ "))
    return (ip_of(host), port) if host else (None, None)


@lru_cache(65536)
def machine_address(address: str | None) -> str | None:
    """Return the address unless it is loopback, multicast, broadcast or unspecified."""
    if address is None:
        return None
    ip = ip_address(address)
    no_machine = ip.is_loopback or ip.is_multicast or ip.is_unspecified or address.endswith(".255")
    return None if no_machine else address


@lru_cache(4096)
def user_of(name: str | None) -> str | None:
    """Return the account as stated, unless it is a service's or a machine's (`PC-17$`)."""
    name = stated(name)
    if name is None or len(name) > 256:
        return None
    domain, _, account = name.replace(" ", "_").lower().rpartition("\\")
    if domain in _SERVICE_DOMAINS or account in _SERVICE_ACCOUNTS or account.partition("@")[0].endswith("$"):
        return None
    return name.lstrip("\\").replace("\\\\", "\\")  # Wazuh doubles it


def machine_of(account: str | None) -> str | None:
    r"""Return the machine of `PC-17$`, `UNIT\PC-17$` or `PC-17$@UNIT.EXAMPLE`; None for a person."""
    account = stated(account)
    if account is None or "$" not in account or len(account) > 256:
        return None
    name = account.rpartition("\\")[2].partition("@")[0]
    return name[:-1] or None if name.endswith("$") else None
