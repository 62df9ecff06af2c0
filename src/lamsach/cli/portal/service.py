"""`lamsach service`: the portal as a service of the system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Option
from lamsach.cli.console import translate
from lamsach.cli.options import DataFolder
from lamsach.cli.portal.serve import Host, Port, Processes, Workers


def install(
    data: DataFolder = Path("/var/lib/lamsach"),
    host: Host = "127.0.0.1",
    port: Port = 8000,
    user: Annotated[
        str, Option("--user", metavar="NAME", help="The account that it runs as; made if need be.")
    ] = "lamsach",
    processes: Processes = 1,
    workers: Workers = 1,
    show: Annotated[bool, Option("--print", help="Only show the unit; nothing is changed.")] = False,
) -> None:
    """Write a hardened systemd unit for the portal, start it now and with the machine. Calling it again takes
    new options over.

    Example: lamsach service install --data /var/lib/lamsach
    """
    from lamsach.portal import service

    place = Path(os.path.abspath(data))  # noqa: PTH100 - without `..`, and links as they are
    wanted = service.Service(place, host, port, user, processes, workers)
    if show:
        print(wanted.unit(), end="")
        return
    service.check_rights()
    made = service.install(wanted)
    _ = translate()
    if made:
        print(_("Made: the account {name}").format(name=user))
    print(_("Written: {path}").format(path=service.UNITS / service.NAME))
    print(_("The data: {path}").format(path=wanted.data))
    print(_("Started, now and with the machine: {name}").format(name=service.NAME))
    print(_("The portal: {address}").format(address=f"http://{f'[{host}]' if ':' in host else host}:{port}"))
    print(_("Settings go into {path}; then: systemctl restart lamsach").format(path=service.ENVIRONMENT))
    print(_("The link that sets it up: journalctl -u lamsach"))
    print(_("To undo it: lamsach service remove"))


def remove() -> None:
    """Stop the service and take its unit away. Data, settings and the account stay.

    Example: lamsach service remove
    """
    from lamsach.portal import service

    service.check_rights()
    path = service.remove()
    _ = translate()
    print(_("Stopped and removed: {path}").format(path=path))
    print(_("Kept: the data, the account and {path}").format(path=service.ENVIRONMENT))
