"""`lamsach collect`: logs into the archive, once or always."""

from __future__ import annotations

import json
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lamsach.cli.console import error_line, problem_line, progress_bar, tell, translate
from lamsach.errors import ExitStatus, LamsachError, UnreadableError, UsageError

if TYPE_CHECKING:
    from lamsach.archive.archive import Archive
    from lamsach.collect.settings import Settings

Paths = list[str]


def collect(
    archive: Annotated[
        str, typer.Option("--archive", metavar="DIR", help="The archive: a folder or a URL (s3://...).")
    ],
    once: Annotated[
        Paths | None,
        typer.Option(
            "--once",
            metavar="FILES",
            help="Put these logs, folders or archives in, and end; repeat for more.",
        ),
    ] = None,
    more: Annotated[
        Paths | None, typer.Argument(metavar="[FILES]...", help="More files for --once or --follow.")
    ] = None,
    udp: Annotated[
        int | None,
        typer.Option("--syslog-udp", metavar="PORT", help="Take syslog over UDP here; 0: any port."),
    ] = None,
    tcp: Annotated[
        int | None,
        typer.Option("--syslog-tcp", metavar="PORT", help="Take syslog over TCP here; 0: any port."),
    ] = None,
    tls: Annotated[
        int | None,
        typer.Option("--syslog-tls", metavar="PORT", help="Take syslog over TLS here; 0: any port."),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option("--cert", metavar="FILE", help="The certificate for TLS (PEM).")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="The certificate's private key (PEM).")
    ] = None,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address of this machine to listen on.")
    ] = "0.0.0.0",  # noqa: S104 - a collector listens to other machines
    follow: Annotated[
        Paths | None,
        typer.Option("--follow", metavar="FILES", help="Follow these files as they grow; repeat for more."),
    ] = None,
    drop: Annotated[
        Path | None,
        typer.Option("--drop", metavar="DIR", help="Archive the files that appear in this folder."),
    ] = None,
    lists: Annotated[
        Paths | None,
        typer.Option(
            "-i", "--indicators", metavar="LIST", help="Tell at once what these lists name; repeat for more."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Append sightings to this file (JSON lines)."),
    ] = None,
    send: Annotated[
        str | None, typer.Option("--send", metavar="URL", help="Send sightings to this address (JSON, POST).")
    ] = None,
    portal: Annotated[
        str | None,
        typer.Option(
            "--portal",
            metavar="URL",
            help="Report to a portal: sightings and sources; the unit's token is in LAMSACH_TOKEN.",
        ),
    ] = None,
    metrics: Annotated[
        int | None,
        typer.Option(
            "--metrics",
            metavar="PORT",
            min=0,
            max=65535,
            help="Answer /health, /ready and /metrics (Prometheus) on this port of 127.0.0.1; 0: any port.",
        ),
    ] = None,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Write what happens as JSON lines on standard error.")
    ] = False,
    spool: Annotated[
        Path | None,
        typer.Option(
            "--spool", metavar="DIR", help="Where lines wait to become segments; default: the archive."
        ),
    ] = None,
    retention: Annotated[
        str, typer.Option("--class", metavar="NAME", help="The class by which these logs will expire.")
    ] = "default",
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="Time zone of lines that state none.")
    ] = "Asia/Ho_Chi_Minh",
    seal: Annotated[
        float,
        typer.Option("--seal", metavar="SECONDS", min=1, help="Lines can be searched after so long at most."),
    ] = 900.0,
    silence: Annotated[
        float,
        typer.Option(
            "--silence",
            metavar="SECONDS",
            min=0,
            help="Tell of a source that is silent for so long; 0: never.",
        ),
    ] = 3600.0,
    status: Annotated[
        bool, typer.Option("--status", help="Show how the running collector does, and end.")
    ] = False,
) -> None:
    """Put logs into an archive: given files once, or always what is sent, written and dropped.

    Example: lamsach collect --archive /var/lib/lamsach/archive --syslog-udp 514 --syslog-tcp 514 -i annex.xlsx
    """
    from lamsach.collect.settings import Settings

    if status:
        raise typer.Exit(_show_status(_spool_of(archive, spool)))
    settings = Settings(
        *(host, udp, tcp, tls, certificate, key, (*(follow or ()), *(() if once else more or ())), drop),
        *(output, send, retention, seal, silence),
        *(portal, _token() if portal else "", metrics),
    )
    if portal and send:
        raise UsageError("Sightings go to a portal or to another address.", "--send", "Give one of the two.")
    always = any(port is not None for port in (udp, tcp, tls)) or bool(settings.follow) or drop is not None
    if tls is not None and certificate is None:
        raise UsageError("TLS needs a certificate.", "--syslog-tls", "Give --cert and --key.")
    if not (once or always):
        raise UsageError("There is nothing to collect.", "", "Give --once, --follow, --drop or a port.")
    if once and always:
        raise UsageError("Collect once or always, not both.", "--once", "Call the command twice.")
    from lamsach.archive.archive import Archive
    from lamsach.cli.hunt import first_run_notice
    from lamsach.cli.options import zone_of

    opened = Archive(archive, create=True, zone=zone_of(timezone))
    first_run_notice()
    if once:
        raise typer.Exit(_once(opened, [*once, *(more or [])], retention))
    raise typer.Exit(_always(opened, _spool_of(archive, spool), settings, lists or [], log_json=log_json))


def _spool_of(archive: str, spool: Path | None) -> Path:
    if spool is not None:
        return spool
    if "://" in archive:
        raise UsageError(
            "An archive that is not on this machine needs a spool that is.", archive, "Give --spool DIR."
        )
    return Path(archive) / "spool"


def _once(archive: Archive, paths: Paths, retention: str) -> ExitStatus:
    from lamsach.archive.archive import writing
    from lamsach.archive.filling import fill, remember
    from lamsach.logs.opening import find_logs
    from lamsach.model import Problem

    _ = translate()
    problems: list[Problem] = []
    files = raw = known = failed = 0
    with progress_bar() as bar, writing(archive) as writer:
        for done in fill(writer, find_logs(paths, on_problem=problems.append), retention=retention):
            files += 1
            raw += done.raw_bytes
            known += done.known
            bar.say(done.name)
            if done.problem is not None:
                failed += 1
                tell(error_line(done.problem))
        for problem in problems:
            remember(writer, problem)
            tell(problem_line(problem))
    sentence = _("{files} logs, {size} bytes; {known} of them were in the archive already.")
    print(sentence.format(files=files, size=raw, known=known))
    if not files:
        return ExitStatus.INPUT
    return ExitStatus.PARTIAL if failed or problems else ExitStatus.FOUND


def _token() -> str:
    from lamsach.cli.send import VARIABLE, token_from

    return token_from(VARIABLE)


def _as_json(level: str, **values: Any) -> None:
    """One event of the service as a line of JSON."""
    about = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, **values}
    sys.stderr.write(json.dumps(about, ensure_ascii=False) + "\n")
    sys.stderr.flush()


def _always(
    archive: Archive, spool: Path, settings: Settings, lists: Paths, *, log_json: bool = False
) -> ExitStatus:
    from lamsach.archive.archive import writing
    from lamsach.collect.service import Collector
    from lamsach.hunt.lists import load_lists

    _ = translate()
    listed = load_lists(lists) if lists else None
    for problem in listed.problems if listed else ():
        tell(problem_line(problem))

    def say(sentence: str, values: dict[str, Any]) -> None:
        if log_json:
            _as_json("warning", message=sentence.format(**values), **values)
        else:
            tell(_(sentence).format(**values))

    def on_problem(error: LamsachError) -> None:
        if log_json:
            _as_json("error", message=error.what, where=error.where, todo=error.todo)
        else:
            tell(error_line(error))

    with writing(archive) as writer:
        collector = Collector(archive, writer, spool, settings, listed, on_problem, say)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: collector.stop())

        def ready(ports: dict[str, int]) -> None:
            text = ", ".join(f"{kind} {port}" for kind, port in ports.items())
            print(_("Collecting. {ports}").format(ports=text), flush=True)

        collector.run(ready)
    tell(_("Everything that was taken in is in the archive."))
    return ExitStatus.FOUND


def _show_status(spool: Path) -> ExitStatus:
    from lamsach.collect.status import STATUS_FILE

    path = spool / STATUS_FILE
    try:
        text = path.read_text(encoding="utf-8")
        ended = bool(json.loads(text).get("ended"))
    except (OSError, ValueError):
        raise UnreadableError(
            "No collector has written its status here.", str(path), "Start it, or give the right --spool."
        ) from None
    sys.stdout.write(text + "\n")
    return ExitStatus.NOTHING_FOUND if ended else ExitStatus.FOUND
