"""`lamsach indicators diff|sign|verify`: versions of lists, and tamper-proof releases."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.console import emit, translate
from lamsach.cli.indicators.shared import (
    At,
    DecisionFile,
    Include,
    IncludeReason,
    MaxTlp,
    OptionalLists,
    OutputFile,
    OwnValues,
    Partial,
    decisions_of,
    moment,
    own_of,
    replacing,
    report_values,
    runs_of,
    write_out,
)
from lamsach.errors import ExitStatus, InputError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from lamsach.cli.indicators.outputs import Rules
    from lamsach.indicators.releases.rows import Runs
    from lamsach.indicators.writers.export import Terms
    from lamsach.model import Indicator, Problem

PASSWORD_VARIABLE = "LAMSACH_KEY_PASSWORD"  # noqa: S105 - the name of a variable, not a password


def diff(
    before: Annotated[str, Argument(metavar="BEFORE", help="The list as it was.")],
    after: Annotated[str, Argument(metavar="AFTER", help="The list as it is.")],
    partial: Partial = False,
) -> None:
    """Show what was added to a list, what was removed and what changed, as one JSON object a line.

    Example: lamsach indicators diff 2026-02.zip 2026-03.zip
    """
    from lamsach.indicators.releases.quality import changes
    from lamsach.indicators.values.mappings import as_mapping

    counts = dict.fromkeys(("added", "removed", "changed", "same"), 0)
    with (
        runs_of([before], partial=partial) as (old, first),
        runs_of([after], partial=partial) as (new, second),
    ):
        for change, item, was, facts in changes(old, new):
            counts[change] += 1
            if change == "same":
                continue
            record = {"change": change, **as_mapping(item)}
            if was is not None:
                record["before"] = {key: value for key, value in as_mapping(was).items() if key in facts}
            write_out(json.dumps(record, ensure_ascii=False) + "\n")
    text = translate()("{added} added, {removed} removed, {changed} changed, {same} the same.")
    emit(text.format(**counts))
    if first or second:
        raise Exit(ExitStatus.PARTIAL)
    if counts["same"] == sum(counts.values()):
        raise Exit(ExitStatus.NOTHING_FOUND)


def sign(
    files: OptionalLists = None,
    key: Annotated[
        Path | None, Option("--key", metavar="FILE", help="The private key (Ed25519, PEM).")
    ] = None,
    new_key: Annotated[
        Path | None,
        Option("--new-key", metavar="FILE", help="Make a key, with its public half next to it, and end."),
    ] = None,
    output: OutputFile = None,
    name: Annotated[str, Option("--name", metavar="TEXT", help="The name of the list.")] = "lamsach",
    number: Annotated[int, Option("--number", metavar="N", min=1, help="The number of this version.")] = 1,
    note: Annotated[str, Option("--note", metavar="TEXT", help="A note on this version.")] = "",
    previous: Annotated[
        Path | None,
        Option(
            "--previous", metavar="FILE", help="The previous release, whose digest and number are continued."
        ),
    ] = None,
    max_tlp: MaxTlp = None,
    valid_days: Annotated[
        int | None,
        Option(
            "--valid-days", metavar="N", min=1, help="Values that state no end are valid for so many days."
        ),
    ] = None,
    decisions: DecisionFile = None,
    own: OwnValues = None,
    include: Include = None,
    reason: IncludeReason = None,
    at: At = None,
    partial: Partial = False,
) -> None:
    """Make a signed release of lists, a .zip that is itself a list; only what is not dangerous to block, or
    was accepted, and is still valid goes into it.

    Example: lamsach indicators sign annex.xlsx --key ministry.key -o list-7.zip --number 7
    """
    from lamsach.indicators.releases import seal as keys

    password = os.environ.get(PASSWORD_VARIABLE) or None
    if new_key is not None:
        public = keys.new_key(new_key, password)
        write_out(f"{public} {keys.fingerprint(keys.public_key(public))}\n")
        return
    if key is None or output is None or not files:
        raise UsageError("FILES..., --key and -o are needed.", "", "See: lamsach indicators sign --help")

    from lamsach.cli.indicators.outputs import Rules
    from lamsach.indicators.releases.release import check_release
    from lamsach.indicators.values.merge import TLP_LEVELS
    from lamsach.indicators.writers.export import Terms

    if max_tlp is not None and max_tlp not in TLP_LEVELS:
        raise UsageError(
            "This is no level of TLP.", max_tlp, "Write clear, green, amber, amber+strict or red."
        )
    private = keys.private_key(key, password)
    before = check_release(previous, [private.public_key()])[0] if previous else None
    terms = Terms(moment(at), max_tlp)
    rules = Rules(decisions_of(decisions, include, reason), own_of(own), terms.at)
    stated = {
        "name": name,
        "version": before.version + 1 if before else number,
        "previous": before.digest if before else None,
        "note": note,
    }
    problems = _write(files, output, private, rules, terms, valid_days, stated, partial=partial)
    if status := rules.status(partial=bool(problems)):
        raise Exit(status)


def _write(
    files: list[str],
    output: Path,
    private: Ed25519PrivateKey,
    rules: Rules,
    terms: Terms,
    valid_days: int | None,
    stated: Mapping[str, Any],
    *,
    partial: bool,
) -> Sequence[Problem]:
    """Write the release, and report its content and omissions; return the problems of the lists."""
    from lamsach.indicators.releases.release import write_release
    from lamsach.indicators.releases.rows import CountedSample, Runs

    left_out = CountedSample()

    def within_terms(listed: Runs) -> Iterator[Indicator]:
        for item in listed:
            if (refused := terms.refusal(item)) is not None:
                left_out.add(item, refused)
            else:
                yield item

    with runs_of(files, partial=partial) as (listed, problems), Runs() as chosen, replacing(output) as stream:
        chosen.extend(_with_end(item, terms.at, valid_days) for item in rules.allowed(within_terms(listed)))
        if next(iter(chosen), None) is None:
            report_values("Left out ({count}):", left_out)
            rules.report()
            where = ", ".join(files)
            nothing = InputError("No value of the lists may go into a release; nothing was written.", where)
            raise rules.nothing_left(where, nothing)
        out: Any = stream
        known = {"made": terms.at, "tlp": terms.max_tlp, "accepted": rules.accepted, **stated}
        manifest = write_release(out, chosen, private, **known)
    text = translate()("Version {number}: {count} values, digest {digest}.")
    emit(text.format(number=manifest.version, count=manifest.count, digest=manifest.digest))
    report_values("Left out ({count}):", left_out)
    rules.report()
    return problems


def _with_end(item: Indicator, at: datetime, days: int | None) -> Indicator:
    from dataclasses import replace

    return item if days is None or item.valid_until else replace(item, valid_until=at + timedelta(days=days))


def verify(
    files: Annotated[list[Path], Argument(metavar="FILES...", help="Releases.")],
    key: Annotated[
        list[Path],
        Option("--key", metavar="FILE", help="A public key that may have signed; may be repeated."),
    ],
) -> None:
    """Check that releases were signed by a known key and not changed since, and show what they say of
    themselves.

    Example: lamsach indicators verify list-7.zip --key ministry.key.pub
    """
    from dataclasses import asdict

    from lamsach.indicators.releases.release import check_release
    from lamsach.indicators.releases.seal import public_key

    known = [public_key(path) for path in key]
    for path in files:
        manifest, signer = check_release(path, known)
        record = {"file": str(path), "signer": signer, **asdict(manifest)}
        write_out(
            json.dumps(
                {name: value for name, value in record.items() if value is not None}, ensure_ascii=False
            )
            + "\n"
        )
