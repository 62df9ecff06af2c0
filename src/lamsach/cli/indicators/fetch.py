"""`lamsach indicators fetch`: the list of a TAXII collection, MISP instance or MISP feed in a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.errors import ExitStatus, UsageError
from lamsach.i18n import language_from_environment, translator


def fetch(
    url: Annotated[
        str,
        Argument(
            metavar="URL",
            help="A TAXII 2.1 collection, https://host/api/collections/ID/; a MISP instance, "
            "misp+https://host; or a MISP feed, https://host/folder/manifest.json.",
        ),
    ],
    folder: Annotated[
        Path,
        Option("-d", "--directory", metavar="DIR", help="The folder that keeps the pages; a list itself."),
    ],
    proxy: Annotated[str | None, Option("--proxy", metavar="URL", help="Ask through this proxy.")] = None,
    ca: Annotated[
        str | None, Option("--ca", metavar="FILE", help="Trust the certificates in this PEM file, no others.")
    ] = None,
    token_file: Annotated[
        Path | None,
        Option(
            "--token-file",
            metavar="FILE",
            help="What to send as Authorization: 'Bearer ...', or the key of a MISP instance, from "
            "the first line of a file.",
        ),
    ] = None,
    token_env: Annotated[
        str | None, Option("--token-env", metavar="VARIABLE", help="The same, from an environment variable.")
    ] = None,
    since: Annotated[
        str | None, Option("--since", metavar="TIME", help="At first, only what was added after this time.")
    ] = None,
) -> None:
    """Fetch what is new in a TAXII 2.1 collection, a MISP instance or a MISP feed into a folder, which is a
    list to hunt with; an interrupted run is continued.

    Example: lamsach indicators fetch https://taxii.example/api/collections/7/ -d lists/authority
    """
    from lamsach.indicators.files.source import MISP_SCHEMES
    from lamsach.indicators.servers import misp_api, misp_feed, taxii
    from lamsach.indicators.servers.client import Settings
    from lamsach.indicators.servers.misp_api import settings_of_environment

    token = _token(token_file, token_env)
    words = translator(language_from_environment())
    if misp_feed.is_feed(url):
        settings = Settings(proxy=proxy, ca_file=ca, token=token, added_after=since)
        fetched = misp_feed.mirror(url, folder, settings)
        text = words("{objects} values in {pages} new or changed events.")
    else:
        misp = url.startswith(MISP_SCHEMES)
        if token is None:
            token = settings_of_environment().token if misp else os.environ.get("LAMSACH_TAXII_TOKEN")
        settings = Settings(proxy=proxy, ca_file=ca, token=token, added_after=since)
        fetched = (misp_api if misp else taxii).mirror(url, folder, settings)
        text = words("{objects} new objects on {pages} pages.")
    print(text.format(objects=fetched.objects, pages=fetched.pages), file=sys.stderr)
    if fetched.failed:
        sentence = words("{count} events of the feed could not be fetched; the next run tries them again.")
        print(sentence.format(count=fetched.failed), file=sys.stderr)
        raise Exit(ExitStatus.PARTIAL)


def _token(file: Path | None, variable: str | None) -> str | None:
    """Return the named secret. It is never a word itself: everybody on the machine sees a command line."""
    from lamsach.indicators.servers.misp_api import key_of_file

    if file is not None and variable is not None:
        raise UsageError("--token-file and --token-env exclude each other.", "", "Give one of them.")
    if file is not None:
        return key_of_file(file)
    if variable is None:
        return None
    if not (token := os.environ.get(variable, "").strip()):
        raise UsageError(
            "The environment variable with the token is not set.", variable, "Set it, or give --token-file."
        )
    return token
