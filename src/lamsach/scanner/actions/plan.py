"""Plan of actions on findings and its execution: stop, disable, quarantine, then a second check."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, LamsachError
from lamsach.scanner.actions.files import quarantine_file
from lamsach.scanner.actions.guard import Guard
from lamsach.scanner.actions.lines import disable_line
from lamsach.scanner.actions.subscriptions import disable_subscription
from lamsach.scanner.actions.values import disable_value
from lamsach.scanner.actions.vault import Vault
from lamsach.scanner.findings import Finding, Level, Result, Target, TargetKind
from lamsach.scanner.rules import WHOLE_CONTENT
from lamsach.scanner.safe_open import Skipped, open_regular

STOP_SECONDS = 5.0
NOT_NAMED = "not_named"
"""The refusal of a file that only a rule accuses and that was not named."""
_RULES = frozenset({"own_rule", "given_rule"})
_ORDER = (TargetKind.SUBSCRIPTION, TargetKind.PROCESS, TargetKind.LINE, TargetKind.VALUE, TargetKind.FILE)


@dataclass(frozen=True, slots=True)
class Step:
    """One action to perform. `refusal` is a code of `labels.REFUSALS` when the guard forbids it."""

    target: Target
    finding: Finding
    refusal: str | None = None

    @property
    def what(self) -> str:
        """The action as a code of `labels.ACTIONS`."""
        return {
            TargetKind.PROCESS: "stop",
            TargetKind.LINE: "disable_line",
            TargetKind.VALUE: "disable_value",
            TargetKind.SUBSCRIPTION: "disable_subscription",
            TargetKind.FILE: "quarantine",
        }[self.target.kind]


@dataclass(frozen=True, slots=True)
class Done:
    """Result of a step.

    `item` is the identifier in the quarantine, `error` the failure, `gone` the result of the second check.
    `later`: Windows removes the file at its next start.
    """

    step: Step
    item: str = ""
    error: LamsachError | None = None
    gone: bool = False
    later: bool = False


def make_plan(
    result: Result, guard: Guard, *, suspicious: bool = False, named: Iterable[str] = ()
) -> list[Step]:
    """Plan steps for malicious findings, suspicious ones on request, each target once, starters first.

    A file that only a rule accuses is included only when its path was `named` by a person.
    """
    levels = {Level.MALICIOUS, Level.SUSPICIOUS} if suspicious else {Level.MALICIOUS}
    chosen = {os.path.realpath(path) for path in named}
    steps: dict[tuple[Any, ...], Step] = {}
    for finding in result.findings:
        target = finding.target
        if finding.level not in levels or target is None:
            continue
        key = (target.kind, target.path, target.text, target.pid)
        if key in steps and steps[key].refusal != NOT_NAMED:
            continue
        refusal = guard.refusal(target)
        if refusal is None and _by_rule(finding) and os.path.realpath(target.path) not in chosen:
            refusal = NOT_NAMED
        steps[key] = Step(target, finding, refusal)
    return sorted(steps.values(), key=lambda step: (_ORDER.index(step.target.kind), step.target.path))


def _by_rule(finding: Finding) -> bool:
    """Return whether a file is accused by its text, not its digest."""
    file = finding.target is not None and finding.target.kind is TargetKind.FILE
    return file and finding.reason in _RULES and finding.values.get("rule") not in WHOLE_CONTENT


def carry_out(
    steps: Iterable[Step], vault: Vault, guard: Guard, on_step: Callable[[Done], None] = lambda _: None
) -> list[Done]:
    """Perform the permitted steps in turn; an error ends only its step.

    The guard is queried again immediately before each.
    """
    done: list[Done] = []
    for step in steps:
        refusal = step.refusal or guard.refusal(step.target)
        if refusal:
            ended = Done(replace(step, refusal=refusal))
        else:
            ended = _do(step, vault)
        done.append(ended)
        on_step(ended)
    return done


def _do(step: Step, vault: Vault) -> Done:
    facts = {
        "reason": step.finding.reason,
        "values": dict(step.finding.values),
        "threat": step.finding.threat,
        "level": step.finding.level.value,
        "area": step.finding.area.value,
    }
    try:
        if step.target.kind is TargetKind.PROCESS:
            stop(step.target)
            return Done(step, gone=is_gone(step.target))
        if step.target.kind is TargetKind.LINE:
            item = disable_line(vault, step.target, facts)
        elif step.target.kind is TargetKind.VALUE:
            item = disable_value(vault, step.target, facts)
        elif step.target.kind is TargetKind.SUBSCRIPTION:
            item = disable_subscription(vault, step.target, facts)
        else:
            item = quarantine_file(vault, _identified(step.target), facts)
    except LamsachError as error:
        return Done(step, error=error)
    except (Skipped, OSError) as error:
        why = error.reason if isinstance(error, Skipped) else error.strerror or error
        where = f"{step.target.path} ({why})"
        what = "The file cannot be removed."
        return Done(step, error=InputError(what, where, "Run again as an administrator."))
    return Done(step, item.id, gone=is_gone(step.target), later=item.waiting)


def _identified(target: Target) -> Target:
    """Identify the present file of a target that has only a path (a start entry)."""
    if target.inode:
        return target
    descriptor, status = open_regular(target.path)
    os.close(descriptor)
    return replace(target, device=status.st_dev, inode=status.st_ino)


def stop(target: Target) -> None:
    """End a process, by force if necessary.

    Raises InputError when it may not be ended; a process that now has this number is left alone.
    """
    import psutil

    try:
        process = psutil.Process(target.pid)
        if target.started and abs(process.create_time() - target.started) > 0.01:
            return
        process.terminate()
        with suppress(psutil.TimeoutExpired):
            process.wait(STOP_SECONDS)
            return
        process.kill()
        process.wait(STOP_SECONDS)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        raise InputError(
            "The program does not end.", f"pid {target.pid}", "Restart the machine, then look again."
        ) from None
    except psutil.Error:
        raise InputError(
            "The program may not be ended.", f"pid {target.pid}", "Run again as an administrator."
        ) from None


def is_gone(target: Target) -> bool:
    """Check whether the target of an action is gone."""
    import psutil

    if target.kind is TargetKind.PROCESS:
        try:
            process = psutil.Process(target.pid)
            return (
                bool(abs(process.create_time() - target.started) > 0.01)
                or process.status() == psutil.STATUS_ZOMBIE
            )
        except psutil.Error:
            return True
    if target.kind is TargetKind.LINE:
        try:
            text = Path(target.path).read_text("utf-8", "surrogateescape")
        except OSError:
            return True
        return target.text not in text.split("\n")
    if target.kind is TargetKind.FILE:
        try:
            status = Path(target.path).lstat()
        except OSError:
            return True
        return bool(target.inode) and (status.st_dev, status.st_ino) != (target.device, target.inode)
    return True
