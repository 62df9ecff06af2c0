"""The portal's settings: one table of name, kind, default and help, the source of `docs/settings.md`.

Values come from the environment and are parsed strictly: a value that does not fit its kind stops the start.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal, TypeVar, cast

from lamsach.errors import UsageError

Kind = Literal["text", "number", "switch"]
Value = TypeVar("Value")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off", ""})


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: environment variable, kind of value, default as text, help."""

    name: str
    kind: Kind
    default: str
    help: str


_TABLE = """
LAMSACH_DATA text lamsach-data
    Folder for the database, uploads, outgoing mail and the secret key.
LAMSACH_UPLOADS text
    Where uploads are kept: a folder that all machines of the portal share, or `s3://bucket/prefix`
    (needs the extra `s3`). Empty: `uploads` in the data folder.
DATABASE_URL text
    PostgreSQL as `postgres://user:password@host:5432/name`. Options of the connection go behind it,
    such as `?sslmode=verify-full&sslrootcert=/etc/ca.pem`; `backup` and `restore` keep to them too.
    Empty: SQLite (WAL) in the data folder.
LAMSACH_URL text
    The address that people type, such as `https://lamsach.example.vn`. It stands in e-mails and printed
    sheets.
LAMSACH_HOSTS text
    Further host names that the portal answers to, with commas between them.
LAMSACH_TLS switch no
    Behind a proxy that speaks TLS: secure cookies, HSTS, redirect from http to https.
LAMSACH_PROXIES number 0
    How many proxies of your own stand in front; so many entries of `X-Forwarded-For` are believed.
LAMSACH_SECRET_KEY text
    Signs cookies and links, and locks second factors and the keys of other systems. Empty: made on the
    first start and kept in the data folder.
LAMSACH_OLD_SECRET_KEYS text
    Secret keys of before, with spaces between them: what they signed or locked is still taken. See
    [portal.md](portal.md#another-secret-key).
LAMSACH_SMTP_URL text
    `smtp://user:password@host:587` (STARTTLS), `smtps://host:465` (TLS) or `smtp+plain://host:25` (no
    TLS). Empty: letters become `.eml` files in the folder `outbox`.
LAMSACH_MAIL_FROM text lamsach@localhost
    Sender of the portal's e-mails, as an address or as `Name <address>`. Letters of a unit show the
    unit's name.
LAMSACH_MAIL_PER_MINUTE number 120
    At most so many e-mails a minute, from all workers together.
LAMSACH_MAIL_FILES_MB number 5
    A dispatch's PDFs go along with its e-mails up to so many megabytes (10^6 bytes) a letter; what does
    not fit is behind the link. 0: never.
LAMSACH_MAIL_REPLY text
    Address for answers and bounces with `{tag}` in it, such as `lamsach+{tag}@example.vn`. Empty:
    answers are recognised by their headers only.
LAMSACH_MAIL_DROP text
    Folder with incoming e-mails: a Maildir, or a folder of `.eml` files. Empty: none is read.
LAMSACH_IMAP_URL text
    Mailbox with incoming e-mails: `imaps://user:password@host:993/INBOX` (TLS), `imap://` (STARTTLS) or
    `imap+plain://` (no TLS). Empty: none is read.
LAMSACH_MAIL_DAYS number 90
    Incoming e-mails are erased so many days after they came; what they brought stays at its dispatch or
    question.
LAMSACH_EDXML_FOLDERS text
    Folder with the folders of the connections to document-management systems, each with `in` and `out`.
    Empty: `edxml` in the data folder.
LAMSACH_LANGUAGE text vi
    The first language of pages and e-mails: `vi` or `en`.
LAMSACH_TIMEZONE text Asia/Ho_Chi_Minh
    The clock that deadlines and pages use.
LAMSACH_DAYS_OFF text
    Further days on which offices are closed, such as `2027-04-29,2027-08-30`: public holidays and the
    days moved by earlier decisions are known, what the government decides later is not.
LAMSACH_WORKING_DAYS text
    Days on which offices work although they are weekends or holidays, such as `2027-08-28`.
LAMSACH_IDLE_DAYS number 45
    An account that nobody used for so many days is locked.
LAMSACH_PEOPLE_DAYS number 90
    Names and e-mails of people who were told are erased so many days after the end of their last
    campaign.
LAMSACH_RETENTION_DAYS number 90
    Log lines, names and addresses of a machine are erased so many days after its case was closed; the
    numbers stay.
LAMSACH_QUESTION_DAYS number 90
    Who asked a question, its words and files are erased so many days after it was solved; number, times
    and state stay.
LAMSACH_ARCHIVES text
    Archives of `lamsach collect` that the worker can read, as `CODE=PLACE;CODE=PLACE` with the units'
    identifiers and folders or URLs, such as `G06.12=/var/lib/lamsach/archive`. Every accepted list runs
    through them by itself.
LAMSACH_METRICS_TOKEN text
    Programs that show it as `Authorization: Bearer ...` may read `/metrics` (Prometheus). Empty:
    programs of the same machine may, where no proxy is in front.
LAMSACH_DRAIN_SECONDS number 0
    A web process that is to end goes on answering for so long while `/ready` says no, so that a proxy
    which asks it sends people elsewhere.
LAMSACH_SILENT_SECONDS number 120
    A web process or worker of which `lamsach serve` has heard nothing for so long is killed and started
    again: it hangs. 0: never.
LAMSACH_LOG_JSON switch no
    Write the log as lines of JSON.
LAMSACH_LISTS_PROXY text
    The proxy by which sources of lists are fetched, such as `http://proxy.donvi.example.vn:3128`.
    Empty: none.
LAMSACH_LISTS_CA text
    A file of certificates (PEM) that is trusted when sources of lists are fetched. Empty: the system's.
LAMSACH_LISTS_MIRROR text
    A folder from which sources of lists are read in place of the network: `https://host/a/b.txt` is the
    file `host/a/b.txt` in it; a collection, a MISP server or a MISP feed is the folder of its address,
    as `lamsach indicators fetch` fills it.
LAMSACH_AVREPORT_KEY text
    The key on a token that signs malware reports of units without a key file of their own:
    `pkcs11:token=NAME;object=KEY?module-path=/usr/lib/module.so`.
LAMSACH_AVREPORT_PIN text
    The PIN of that token.
LAMSACH_OUTGOING_NETWORKS text
    Private networks that webhooks and MISP may reach, such as `10.0.0.0/8,192.0.2.7`. Empty: public
    addresses over https only.
LAMSACH_MFA switch yes
    A second factor is compulsory for authority, coordinator and administrator.
LAMSACH_UPLOAD_MB number 50
    The largest upload in megabytes (10^6 bytes).
LAMSACH_OIDC_URL text
    Address of an OpenID Connect provider (its issuer). Empty: log-in with e-mail and password only.
LAMSACH_OIDC_NAME text SSO
    How the log-in page names the OpenID Connect provider.
LAMSACH_OIDC_CLIENT text
    Client identifier at the OpenID Connect provider.
LAMSACH_OIDC_SECRET text
    Client secret at the OpenID Connect provider.
"""


def _options(table: str) -> Iterator[Option]:
    for block in re.split(r"\n(?=\S)", table.strip()):
        head, *help_lines = block.splitlines()
        name, kind, *default = head.split()
        yield Option(name, cast("Kind", kind), "".join(default), " ".join(map(str.strip, help_lines)))


OPTIONS = tuple(_options(_TABLE))
"""The settings of the table above; the default is empty if it has none."""
_BY_NAME = {option.name: option for option in OPTIONS}


class Options:
    """Values of the settings, from an environment."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def text(self, name: str) -> str:
        """The value as text, stripped."""
        return self._environment.get(name, _BY_NAME[name].default).strip()

    def number(self, name: str) -> int:
        """The value as a non-negative integer; UsageError for anything else."""
        text = self.text(name)
        if not text.isascii() or not text.isdigit():
            raise UsageError("This setting is not a whole number.", name, "Correct or remove it.")
        return int(text)

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """The value as comma-separated addresses and networks; UsageError for anything else."""
        wrong = "This setting holds something that is no address or network."
        return tuple(self._each(name, ip_network, wrong, "Correct or remove it."))

    def days(self, name: str) -> frozenset[date]:
        """The value as comma-separated days; UsageError for anything else."""
        wrong = "This setting holds something that is no day."
        remedy = "Write days as 2026-11-24, with commas between them."
        return frozenset(self._each(name, date.fromisoformat, wrong, remedy))

    def _each(self, name: str, parse: Callable[[str], Value], wrong: str, remedy: str) -> list[Value]:
        parts = [part.strip() for part in self.text(name).split(",")]
        try:
            return [parse(part) for part in parts if part]
        except ValueError:
            raise UsageError(wrong, name, remedy) from None

    def switch(self, name: str) -> bool:
        """The value as yes or no; UsageError for another word."""
        text = self.text(name).lower()
        if text in _YES:
            return True
        if text in _NO:
            return False
        raise UsageError("This setting is neither yes nor no.", name, "Correct or remove it.")


def markdown() -> str:
    """The table of the settings for `docs/settings.md`."""
    rows = [
        "| name | default | what it does |",
        "|---|---|---|",
        *(
            f"| `{option.name}` | {f'`{option.default}`' if option.default else '(empty)'} | {option.help} |"
            for option in OPTIONS
        ),
    ]
    return "\n".join(rows) + "\n"
