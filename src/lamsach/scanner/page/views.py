"""HTML of the page: plain forms, and a refresh while work is running; no script."""

from __future__ import annotations

from html import escape

from lamsach.i18n import Translate, format_number, translator
from lamsach.scanner.actions.plan import NOT_NAMED, Done, Step
from lamsach.scanner.control import Progress
from lamsach.scanner.findings import Result
from lamsach.scanner.labels import (
    ACTIONS,
    AREAS,
    LEVELS,
    REFUSALS,
    STAGES,
    STOPS,
    sentence,
    skip_reason,
    threat,
    visible,
)
from lamsach.scanner.page.job import Job
from lamsach.scanner.report.page import STYLE, extent, scan_limits, verdict

MORE_STYLE = """
nav{display:flex;flex-wrap:wrap;gap:8px;margin:16px 0}nav form{margin:0}
button,.button{display:inline-block;font-family:inherit;font-size:18px;font-weight:600;line-height:1.3;
min-height:56px;padding:14px 24px;border:2px solid var(--accent);border-radius:8px;background:var(--accent);
color:var(--page);cursor:pointer;text-decoration:none}
button.other,.button.other{background:var(--page);color:var(--accent)}
button:focus-visible,.button:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
progress{width:100%;height:24px;accent-color:var(--accent)}details{margin:16px 0}
summary{cursor:pointer;min-height:44px;padding:10px 0}
@media(max-width:720px){button,.button{width:100%;text-align:center}nav{display:block}
nav form,nav a{margin-bottom:8px}}
"""
ALL_STYLE = STYLE + MORE_STYLE
_ROWS = 300


def start_page(job: Job, language: str, elevated: bool, can_elevate: bool = False) -> str:
    """The start page: scan, progress, or result. `can_elevate`: administrator rights can be requested."""
    _ = translator(language)
    if job.busy == "look":
        return _shell(
            _("Looking at this machine"), _progress(job.progress(), language), language, refresh=True
        )
    if job.busy:
        return _shell(
            _("Please wait"),
            f"<p>{escape(_('This takes a moment. Please do not turn the machine off.'))}</p>",
            language,
            refresh=True,
        )
    parts = []
    if job.error is not None:
        parts.append(
            f'<div class="verdict '
            f'blind"><strong>{escape(_(job.error.what))}</strong><p>{escape(visible(job.error.where))}</p>'
            f"<p>{escape(_(job.error.todo))}</p></div>"
        )
    if job.result is None:
        parts += _welcome(job, _, elevated, can_elevate)
    else:
        parts += _outcome(job, job.result, language)
    return _shell(_("Check this machine for malware"), "".join(parts), language)


def found_page(job: Job, language: str) -> str:
    """The page of findings with their reasons, and of skips."""
    _ = translator(language)
    result = job.result
    if result is None:
        return start_page(job, language, elevated=True)
    rows = "".join(
        f'<tr><td><span class="level '
        f'{finding.level}">{escape(_(LEVELS[finding.level]))}</span></td>'
        f"<td>{escape(_(AREAS[finding.area]))}<br><code>{escape(visible(finding.subject))}</code></td>"
        f"<td>{escape(sentence(finding, _))}<br><b>{escape(threat(finding, _))}</b></td></tr>"
        for finding in result.findings[:_ROWS]
    )
    body = (
        f"<table><tbody>{rows}</tbody></table>"
        if rows
        else f"<p>{escape(_('Nothing was found in what was examined.'))}</p>"
    )
    skips = "".join(
        f"<li>{escape(skip_reason(reason, _))}: {format_number(count, language)}</li>"
        for reason, count in result.skipped.items()
    )
    if skips:
        body += f"<h2>{escape(_('What was not examined'))}</h2><ul>{skips}</ul>"
    return _shell(_("What was found"), body + _back(_), language)


def clean_page(job: Job, language: str) -> str:
    """The page that lists the steps of cleaning, for confirmation."""
    _ = translator(language)
    steps = job.plan()
    allowed = [step for step in steps if not step.refusal or step.refusal == NOT_NAMED]
    body = (
        f"<ul>{''.join(f'<li>{_step(step, _)}{_choice(step, _)}</li>' for step in steps)}</ul>"
        if steps
        else f"<p>{escape(_('There is nothing to do.'))}</p>"
    )
    if allowed:
        note = _(
            "Files go into an encrypted quarantine on this machine and can be given back. A program "
            "that was stopped is not started again."
        )
        body += f"<p>{escape(note)}</p>"
        body += f"<nav>{_button('clean', _('Clean now'), form='cleaning')}</nav>"
    return _shell(_("This would be done:"), body + _back(_), language)


def undo_page(job: Job, language: str) -> str:
    """The page that lists the items to restore, for confirmation."""
    _ = translator(language)
    items = job.items()
    if not items:
        body = f"<p>{escape(_('The quarantine is empty.'))}</p>"
    else:
        rows = "".join(
            f"<li><code>{escape(visible(str(item.meta.get('path', ''))))}</code></li>" for item in items
        )
        warning = _("Restore only what was quarantined by mistake: restored malware can start again.")
        body = (
            f"<p>{escape(warning)}</p><ul>{rows}</ul><nav>{_button('undo', _('Give everything back'))}</nav>"
        )
    return _shell(_("Undo"), body + _back(_), language)


def ended_page(language: str, *, again: bool = False) -> str:
    """The last page; `again`: the program was restarted."""
    _ = translator(language)
    text = _("You can close this window.")
    if again:
        text = _(
            "The program was started again with the rights of an administrator, in a window of "
            "its own. You can close this one."
        )
    return _shell(_("The program has ended"), f"<p>{escape(text)}</p>", language)


def _welcome(job: Job, _: Translate, elevated: bool, can_elevate: bool) -> list[str]:
    text = _(
        "The look changes nothing on this machine. It takes two minutes at most; the full look takes longer."
    )
    parts = [f"<p>{escape(text)}</p>"]
    if not elevated:
        note = _(
            "Without the rights of an administrator, some places cannot be examined. The result says which."
        )
        parts.append(f'<p class="note">{escape(note)}</p>')
    if job.receiver is not None:
        text = _("Nothing is sent by itself: after the look, a button sends the result to {name}.")
        parts.append(f'<p class="note">{escape(text.format(name=visible(job.receiver.name)))}</p>')
    more = _button("elevate", _("Start again as an administrator"), other=True) if can_elevate else ""
    looks = _button("look", _("Look")) + _button("look-full", _("Full look"), other=True)
    rest = _link("undo", _("Undo")) + _button("end", _("End"), other=True)
    parts.append(f"<nav>{looks}{more}{rest}</nav>")
    return [*parts, _cannot_see(_)]


def _outcome(job: Job, result: Result, language: str) -> list[str]:
    _ = translator(language)
    text, colour = verdict(result, language)
    stop = f"<p>{escape(_(STOPS[result.stopped]))}</p>" if result.stopped else ""
    parts = [
        f'<div class="verdict '
        f'{colour}"><strong>{escape(text)}</strong>{stop}<p>{escape(extent(result, language))}</p></div>'
    ]
    if job.done:
        parts.append(
            f"<h2>{escape(_('What was done'))}</h2>"
            f"<ul>{''.join(f'<li>{_done(done, _)}</li>' for done in job.done)}</ul>"
        )
    if job.undone:
        restored = "".join(
            f"<li><code>{escape(visible(str(item.meta.get('path', ''))))}</code> "
            f"{escape(_(error.what) if error else _('given back'))}</li>"
            for item, error in job.undone
        )
        parts.append(f"<h2>{escape(_('Undo'))}</h2><ul>{restored}</ul>")
    if job.sent and job.receiver is not None:
        message = _("The result was sent to {name}.").format(name=visible(job.receiver.name))
        parts.append(f"<p><strong>{escape(message)}</strong></p>")
    return [*parts, _buttons(job, _), _cannot_see(_)]


def _buttons(job: Job, _: Translate) -> str:
    cleaning = any(step.refusal in (None, NOT_NAMED) for step in job.plan()) if not job.done else False
    sending = job.receiver is not None and not job.sent
    buttons = (
        _link("clean", _("Clean"), first=True) if cleaning else "",
        _button("send", _("Send result"), other=cleaning) if sending else "",
        _link("found", _("What was found")),
        _button("look", _("Look again"), other=cleaning or sending),
        _link("undo", _("Undo")),
        _link("result.zip", _("Save result")),
        _button("end", _("End"), other=True),
    )
    return f"<nav>{''.join(buttons)}</nav>"


def _cannot_see(_: Translate) -> str:
    title = escape(_("What this look cannot see"))
    return f"<details><summary>{title}</summary>{scan_limits(_)}</details>"


def _progress(seen: Progress | None, language: str) -> str:
    _ = translator(language)
    if seen is None:
        return ""
    share = (
        f' value="{min(seen.done_bytes, seen.total_bytes)}" max="{seen.total_bytes}"'
        if seen.total_bytes
        else ""
    )
    left = ""
    if seen.remaining_s is not None:
        left = _("; {left} left").format(
            left=f"{int(seen.remaining_s) // 60}:{int(seen.remaining_s) % 60:02d}"
        )
    state = (
        _("paused")
        if seen.paused
        else _("{files} files, {found} found").format(
            files=format_number(seen.files, language), found=seen.findings
        )
        + left
    )
    go = _button("resume", _("Go on")) if seen.paused else _button("pause", _("Pause"), other=True)
    return (
        f"<p>{escape(_(STAGES.get(seen.stage, seen.stage)) if seen.stage else '')}</p><progress{share}>"
        f"</progress><p>{escape(state)}</p>"
        f"<nav>{go}{_button('stop', _('Stop'), other=True)}</nav>"
    )


def _step(step: Step, _: Translate) -> str:
    target = step.target
    place = f"pid {target.pid}" if target.pid else target.path
    text = _(REFUSALS[step.refusal]) if step.refusal else _(ACTIONS[step.what])
    return f"<code>{escape(visible(place))}</code> {escape(text)}"


def _done(done: Done, _: Translate) -> str:
    text = _step(done.step, _)
    if done.step.refusal:
        return text
    if done.error is not None:
        return f"{text} - {escape(_(done.error.what))} {escape(_(done.error.todo))}"
    outcome = (
        _("done; a second look does not find it any more")
        if done.gone
        else _("done, but a second look still finds it")
    )
    return f"{text} - {escape(outcome)}"


def _choice(step: Step, _: Translate) -> str:
    """The checkbox for a file that only a rule accuses."""
    if step.refusal != NOT_NAMED:
        return ""
    label = escape(_("I looked at this file: take it too"))
    return (
        f'<br><label><input type="checkbox" form="cleaning" name="take" '
        f'value="{escape(step.finding.key)}"> {label}</label>'
    )


def _button(name: str, text: str, *, other: bool = False, form: str = "") -> str:
    style = ' class="other"' if other else ""
    identity = f' id="{form}"' if form else ""
    return f'<form method="post" action="{name}"{identity}><button{style}>{escape(text)}</button></form>'


def _link(name: str, text: str, *, first: bool = False) -> str:
    style = "button" if first else "button other"
    return f'<a class="{style}" href="{name}">{escape(text)}</a>'


def _back(_: Translate) -> str:
    return f'<nav><a class="button other" href="./">{escape(_("Back"))}</a></nav>'


def _shell(title: str, body: str, language: str, *, refresh: bool = False) -> str:
    again = '<meta http-equiv="refresh" content="2">' if refresh else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta '
        f'name="viewport" content="width=device-width">{again}'
        f"<title>{escape(title)}</title><style>{ALL_STYLE}</style></head><body><main><h1>{escape(title)}"
        f"</h1>{body}</main></body></html>"
    )
