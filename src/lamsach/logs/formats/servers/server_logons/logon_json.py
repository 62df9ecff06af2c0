"""Log-ons and contacts at servers that write JSON objects: Nextcloud, Kubernetes' audit, MongoDB, Teleport, Cowrie.

Source: Nextcloud "Logging", Kubernetes "Auditing" (`audit.k8s.io/v1` Event), MongoDB "Log Messages", Teleport "Audit Events", Cowrie "Output event code
reference". As in `logon_lines` the client is who connected, and a stranger outside is no machine of the unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from lamsach.errors import LineError
from lamsach.logs.mappings.logon_lines import client_event
from lamsach.logs.text.json_records import flat, read_object, text_of, texts_of
from lamsach.logs.text.times.loose_times import LooseTimes
from lamsach.logs.text.values import hash_of, host_and_port, host_of_url
from lamsach.model import Action, Event, EventKind

_NO_WORDS = (
    "login failed",
    "authentication failed",
    "login.failed",
    "checking authorization failed",
    "bruteforce",
)
_OK_WORDS = ("login.success", "authentication succeeded", "successfully authenticated", "login successful")


@dataclass(frozen=True, slots=True)
class Product:
    """Texts that each of its lines holds, and under which keys it states what."""

    signs: tuple[str, ...]
    client: str
    time: tuple[str, ...]
    port: str = ""
    user: tuple[str, ...] = ()
    server: str = ""
    server_port: str = ""
    said: tuple[str, ...] = ()
    refused: tuple[str, frozenset[str]] = ("", frozenset())
    url: str = ""
    hashes: str = ""
    observer: str = ""
    kind: EventKind = EventKind.LOGON


PRODUCTS = (
    Product(('"reqId"', '"remoteAddr"', '"app"'), "remoteAddr", ("time",), user=("user",), said=("message",), url="url"),
    Product(
        ('"audit.k8s.io/', '"sourceIPs"'), "sourceIPs", ("requestReceivedTimestamp", "stageTimestamp"), user=("user.username",),
        refused=("responseStatus.code", frozenset({"401", "403"})), url="requestURI", kind=EventKind.WEB,
    ),
    Product(('"$date"', '"attr":', '"remote":"'), "attr.remote", ("t.$date",), user=("attr.principalName", "attr.user"), said=("msg",)),
    Product(('"ei":', '"addr.remote"'), "addr.remote", ("time",), user=("user",), refused=("success", frozenset({"false"}))),
    Product(
        ('"eventid"', '"cowrie.', '"src_ip"'), "src_ip", ("timestamp",), port="src_port", user=("username",), server="dst_ip", server_port="dst_port",
        said=("eventid",), url="url", hashes="shasum", observer="sensor",
    ),
)  # fmt: skip


def product_of(line: str) -> Product | None:
    """The product that a JSON line is of."""
    if "{" not in line[:400]:
        return None
    return next((known for known in PRODUCTS if all(sign in line for sign in known.signs)), None)


def read(line: str, product: Product, times: LooseTimes) -> tuple[str, Event]:
    """Return what stands before the object, and its event. LineError for broken JSON and for a record without a client."""
    before, record = read_object(line)
    fields = flat(record)

    def first(*keys: str) -> str | None:
        return next((text for key in keys if key and (text := _text(fields, key))), None)

    client, port = host_and_port(first(product.client) or "")
    user = first(*product.user)
    said = (first(*product.said) or "").lower()
    event = client_event(
        client or first(product.client),
        action=_action(said, first(product.refused[0]), product),
        kind=product.kind,
        port=first(product.port) or (str(port) if port else None),
        user=None if user in ("--", "system:anonymous") else user,
        server=first(product.server),
        server_port=first(product.server_port),
    )
    if event is None:
        raise LineError("The JSON record has no known key.", line[:80])
    written, url, digest = first(*product.time), first(product.url), hash_of(first(product.hashes) or "")
    return before, replace(
        event,
        time=times.read(written) if written else None,
        observer=first(product.observer),
        url=url,
        domain=host_of_url(url) if url else None,
        hashes=(digest,) if digest else (),
    )


def _text(fields: Mapping[str, object], key: str) -> str | None:
    value = fields.get(key)
    if isinstance(value, bool):
        return str(value).lower()
    return next(iter(texts_of(value)), None) if isinstance(value, list) else text_of(value)


def _action(said: str, refused: str | None, product: Product) -> Action:
    if refused is not None:
        return Action.BLOCKED if refused in product.refused[1] else Action.ALLOWED
    if any(word in said for word in _NO_WORDS):
        return Action.BLOCKED
    return Action.ALLOWED if any(word in said for word in _OK_WORDS) else Action.UNKNOWN
