"""`lamsach collect`: logs into the archive, once or continuously."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.options import ARCHIVE, Zone
from lamsach.errors import UsageError

Paths = list[str]


def collect(
    archive: Annotated[str, ARCHIVE],
    once: Annotated[
        Paths | None,
        Option(
            "--once",
            metavar="FILES",
            help="Put these logs, folders or archives in, and end; repeat for more.",
        ),
    ] = None,
    more: Annotated[
        Paths | None, Argument(metavar="[FILES]...", help="More files for --once or --follow.")
    ] = None,
    udp: Annotated[
        int | None, Option("--syslog-udp", metavar="PORT", help="Take syslog over UDP here; 0: any port.")
    ] = None,
    tcp: Annotated[
        int | None, Option("--syslog-tcp", metavar="PORT", help="Take syslog over TCP here; 0: any port.")
    ] = None,
    tls: Annotated[
        int | None, Option("--syslog-tls", metavar="PORT", help="Take syslog over TLS here; 0: any port.")
    ] = None,
    certificate: Annotated[
        Path | None, Option("--cert", metavar="FILE", help="The certificate for TLS (PEM).")
    ] = None,
    key: Annotated[
        Path | None, Option("--key", metavar="FILE", help="The certificate's private key (PEM).")
    ] = None,
    netflow: Annotated[
        int | None,
        Option("--netflow", metavar="PORT", help="Take NetFlow and IPFIX over UDP here; 0: any port."),
    ] = None,
    kafka: Annotated[
        str | None,
        Option("--kafka", metavar="HOST:PORT,...", help="Read topics of these Kafka brokers; see --topic."),
    ] = None,
    topic: Annotated[
        Paths | None, Option("--topic", metavar="NAME", help="Read this Kafka topic; repeat for more.")
    ] = None,
    kafka_group: Annotated[
        str, Option("--kafka-group", metavar="NAME", help="The group that offsets are committed for.")
    ] = "lamsach",
    kafka_config: Annotated[
        Path | None,
        Option(
            "--kafka-config", metavar="FILE", help="Further settings of librdkafka, key=value (TLS, SASL)."
        ),
    ] = None,
    host: Annotated[
        str, Option("--host", metavar="ADDRESS", help="The address of this machine to listen on.")
    ] = "0.0.0.0",  # noqa: S104 - a collector listens to other machines
    follow: Annotated[
        Paths | None,
        Option("--follow", metavar="FILES", help="Follow these files as they grow; repeat for more."),
    ] = None,
    drop: Annotated[
        Path | None, Option("--drop", metavar="DIR", help="Archive the files that appear in this folder.")
    ] = None,
    lists: Annotated[
        Paths | None,
        Option(
            "-i",
            "--indicators",
            metavar="LIST",
            help="Report contacts with the values of these lists immediately; repeat for more.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        Option("-o", "--output", metavar="FILE", help="Append sightings to this file (JSON lines)."),
    ] = None,
    send: Annotated[
        str | None, Option("--send", metavar="URL", help="Send sightings to this address (JSON, POST).")
    ] = None,
    portal: Annotated[
        str | None,
        Option(
            "--portal",
            metavar="URL",
            help="Report to a portal: sightings and sources; the unit's token is in LAMSACH_TOKEN.",
        ),
    ] = None,
    metrics: Annotated[
        int | None,
        Option(
            "--metrics",
            metavar="PORT",
            min=0,
            max=65535,
            help="Answer /health, /ready and /metrics (Prometheus) on this port of 127.0.0.1; 0: any port.",
        ),
    ] = None,
    log_json: Annotated[
        bool, Option("--log-json", help="Write what happens as JSON lines on standard error.")
    ] = False,
    spool: Annotated[
        Path | None,
        Option("--spool", metavar="DIR", help="Where lines wait to become segments; default: the archive."),
    ] = None,
    retention: Annotated[
        str, Option("--class", metavar="NAME", help="The class by which these logs will expire.")
    ] = "default",
    timezone: Zone = "Asia/Ho_Chi_Minh",
    seal: Annotated[
        float, Option("--seal", metavar="SECONDS", min=1, help="Lines can be searched after so long at most.")
    ] = 900,
    silence: Annotated[
        float,
        Option(
            "--silence",
            metavar="SECONDS",
            min=0,
            help="Report a source that is silent for so long; 0: never.",
        ),
    ] = 3600,
    status: Annotated[bool, Option("--status", help="Show how the running collector does, and end.")] = False,
) -> None:
    """Put logs into an archive: given files once, or always what is sent, written and dropped.

    Example: lamsach collect --archive /var/lib/lamsach/archive --syslog-udp 514 --syslog-tcp 514 -i
    annex.xlsx
    """
    from lamsach.cli.collect_run import collect_always, once_into, show_status, spool_of, subscription, token
    from lamsach.collect.settings import Settings

    if status:
        raise Exit(show_status(spool_of(archive, spool)))
    settings = Settings(
        *(host, udp, tcp, tls, certificate, key, (*(follow or ()), *(() if once else more or ())), drop),
        *(output, send, retention, seal, silence),
        *(portal, token() if portal else "", metrics),
        netflow=netflow,
        kafka=subscription(kafka, topic or [], kafka_group, kafka_config),
    )
    if portal and send:
        raise UsageError("Sightings go to a portal or to another address.", "--send", "Give one of the two.")
    ports = any(port is not None for port in (udp, tcp, tls, netflow))
    always = ports or bool(settings.follow) or drop is not None or settings.kafka is not None
    if tls is not None and certificate is None:
        raise UsageError("TLS needs a certificate.", "--syslog-tls", "Give --cert and --key.")
    if not (once or always):
        raise UsageError("There is nothing to collect.", "", "Give --once, --follow, --drop or a port.")
    if once and always:
        raise UsageError("Collect once or always, not both.", "--once", "Call the command twice.")
    from lamsach.archive.archive import Archive
    from lamsach.cli.hunt_run import compiling_notice
    from lamsach.cli.options import zone_of

    opened = Archive(archive, create=True, zone=zone_of(timezone))
    compiling_notice()
    if once:
        raise Exit(once_into(opened, [*once, *(more or [])], retention))
    raise Exit(collect_always(opened, spool_of(archive, spool), settings, lists or [], log_json=log_json))
