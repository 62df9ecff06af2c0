"""`lamsach quarantine`: quarantined files, their restoration, and export for an analyst."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from lamsach.cli.command_line import Argument, Exit, Option
from lamsach.cli.console import emit, error_line, output_console, translate
from lamsach.cli.options import Yes
from lamsach.errors import ExitStatus, LamsachError, UsageError
from lamsach.i18n import translator

if TYPE_CHECKING:
    from lamsach.scanner.actions.plan import Done, Step
    from lamsach.scanner.actions.vault import Item, Vault
    from lamsach.scanner.findings import Result

Identities = Annotated[list[str] | None, Argument(metavar="[ID]...", help="Items of the quarantine.")]
All = Annotated[bool, Option("--all", help="Every item.")]


def list_items() -> None:
    """List what is in the quarantine.

    Example: lamsach quarantine list
    """
    vault = open_vault()
    _ = translate()
    items = list(vault.items())
    console = output_console()
    if not items:
        console.print(_("The quarantine is empty."))
        raise Exit(ExitStatus.NOTHING_FOUND)
    for item in items:
        console.print(_item_line(item), markup=False, soft_wrap=True)


def restore(identities: Identities = None, every: All = False, yes: Yes = False) -> None:
    """Give quarantined things back, with content, times, owner and rights as they were.

    Example: lamsach quarantine restore 20260926-1a2b3c4d --yes
    """
    from lamsach.scanner.actions.undo import restore as give_back

    vault = open_vault()
    items = _chosen(vault, identities, every)
    _ = translate()
    failed = False
    for item in items:
        if not yes:
            print(_("Would be given back: {item}").format(item=_item_line(item)))
            continue
        try:
            refused = give_back(vault, item)
        except LamsachError as error:
            failed = True
            emit(error_line(error))
            continue
        print(_("Given back: {item}").format(item=_item_line(item)))
        if refused:
            emit(_("The system refused to set: {names}").format(names=", ".join(refused)))
    if items and not yes:
        print(_("Nothing was changed. Add --yes to do it."))
    raise Exit(ExitStatus.OUTPUT if failed else ExitStatus.FOUND)


def export(
    identities: Identities = None,
    every: All = False,
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help="The zip file to write.")] = Path(
        "quarantine.zip"
    ),
    yes: Yes = False,
) -> None:
    """Write quarantined things into a zip file for an analyst; its password is the usual one: infected.

    Example: lamsach quarantine export --all -o for-analysis.zip --yes
    """
    from lamsach.scanner.actions.undo import export as hand_out

    vault = open_vault()
    items = _chosen(vault, identities, every)
    _ = translate()
    if not yes:
        for item in items:
            print(_("Would be exported: {item}").format(item=_item_line(item)))
        print(_("Nothing was changed. Add --yes to do it."))
        return
    hand_out(vault, items, output)
    print(_("Written: {path}").format(path=output))


def open_vault() -> Vault:
    """Open the quarantine, after completing interrupted actions."""
    from lamsach.scanner.actions.quarantine_folder import quarantine_folder
    from lamsach.scanner.actions.recover import recover
    from lamsach.scanner.actions.vault import Vault

    vault = Vault(quarantine_folder())
    for identity in recover(vault):
        emit(translate()("An interrupted change was brought to an end: {item}").format(item=identity))
    return vault


def _chosen(vault: Vault, identities: Sequence[str] | None, every: bool) -> list[Item]:
    if every == bool(identities):
        raise UsageError("It is not clear which items are meant.", "", "Give their names, or --all.")
    return (
        [item for item in vault.items() if item.meta]
        if every
        else [vault.item(name) for name in identities or ()]
    )


def _item_line(item: Item) -> str:
    from lamsach.scanner.labels import visible

    meta = item.meta
    if not meta:
        return f"{item.id}  {translate()('The quarantined content is damaged.')}"
    line = f" [{meta['line']}]" if meta.get("line") else ""
    return visible(
        f"{item.id}  {meta.get('time', '')}  {meta.get('path', '')}{line}  {meta.get('threat', '')}".rstrip()
    )


def plan_and_act(
    result: Result,
    *,
    suspicious: bool,
    yes: bool,
    language: str,
    good: Sequence[str] = (),
    named: Sequence[str] = (),
) -> tuple[list[dict[str, Any]], bool]:
    """Show the plan for a result and, with `yes`, carry it out.

    Returns the records of the actions, and whether a step failed.
    """
    from lamsach.scanner.actions.guard import Guard, read_good
    from lamsach.scanner.actions.plan import carry_out, make_plan

    _ = translator(language)
    guard = Guard(read_good(good))
    steps = make_plan(result, guard, suspicious=suspicious, named=named)
    if not steps:
        print(_("There is nothing to do."))
        return [], False
    if not yes:
        print(_("This would be done:"))
        for step in steps:
            print(f"  {step_line(step, language)}")
        print(_("Nothing was changed. Add --yes to do it."))
        return [], False
    ended = carry_out(steps, open_vault(), guard)
    print(_("This was done:"))
    for done in ended:
        print(f"  {done_line(done, language)}")
    return [done_record(done, language) for done in ended], any(
        done.error or (done.item and not done.gone and not done.later) for done in ended
    )


def step_line(step: Step, language: str) -> str:
    """Describe a step: the action on its target, or the refusal."""
    from lamsach.scanner.labels import ACTIONS, REFUSALS, visible

    _ = translator(language)
    target = step.target
    place = (
        f"pid {target.pid} {target.path}".strip()
        if target.pid
        else " ".join((target.path, f"[{target.text}]" if target.text else "")).strip()
    )
    action = _(REFUSALS[step.refusal]) if step.refusal else _(ACTIONS[step.what])
    return f"{visible(place)}: {action}"


def done_line(done: Done, language: str) -> str:
    """Describe the result of a step."""
    _ = translator(language)
    line = step_line(done.step, language)
    if done.step.refusal:
        return line
    if done.error is not None:
        return f"{line} - {error_line(done.error)}"
    if done.later:
        later = _("done; Windows takes the file away at its next start: please restart the machine")
        return f"{line} - {later} {done.item}"
    outcome = (
        _("done; a second look does not find it any more")
        if done.gone
        else _("done, but a second look still finds it")
    )
    return f"{line} - {outcome} {done.item}".rstrip()


def done_record(done: Done, language: str) -> dict[str, Any]:
    """Return a step for the result bundle."""
    target = done.step.target
    outcome = "left_alone" if done.step.refusal else "failed" if done.error else "done"
    if done.later:
        outcome = "at_restart"
    return {
        "action": done.step.what,
        "outcome": outcome,
        "refusal": done.step.refusal or "",
        "finding": done.step.finding.key,
        "subject": target.path or f"pid {target.pid}",
        "item": done.item,
        "verified": done.gone,
        "sentence": done_line(done, language),
    }
