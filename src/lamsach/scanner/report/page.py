"""A result as one HTML page: no script, nothing loaded, for the screen, a USB stick and paper."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from lamsach.i18n import Translate, counted, format_number, translator
from lamsach.scanner.findings import Finding, Level, Result
from lamsach.scanner.labels import (
    AREAS,
    HARMLESS_SKIPS,
    LEVELS,
    MODES,
    STOPS,
    proof,
    sentence,
    skip_reason,
    threat,
    visible,
)


def local_time(moment: datetime) -> str:
    """Format a time on this machine's clock: dd/mm/yyyy HH:MM."""
    return moment.astimezone().strftime("%d/%m/%Y %H:%M")


ROWS = 5000
STYLE = """
:root{color-scheme:light dark;--page:#fff;--ink:#1a1f24;--soft:#4d5863;--line:#cdd4da;--wash:#f3f5f7;
--accent:#0b5c63;--red:#a8131f;--amber:#7a4b00;--grey:#5b6570}
@media(prefers-color-scheme:dark){:root{--page:#14191d;--ink:#e8ecef;--soft:#aeb8c1;--line:#3b4650;
--wash:#1d2429;--accent:#6fccd3;--red:#ff9a9a;--amber:#f2c26b;--grey:#9aa5af}}
*{box-sizing:border-box}html{font:16px/1.5 system-ui,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif}
body{margin:0 auto;max-width:1100px;padding:16px 24px 64px;background:var(--page);color:var(--ink);
overflow-wrap:anywhere}
h1{font-size:28px;line-height:1.25;margin:8px 0}h2{font-size:20px;margin:40px 0 8px}
p,ul{max-width:75ch;margin:0 0 16px}
.note{color:var(--soft);font-size:14px}
.verdict{border-left:8px solid var(--accent);background:var(--wash);padding:16px;margin:16px 0}
.verdict.malicious{border-color:var(--red)}
.verdict.suspicious,.verdict.risk,.verdict.blind{border-color:var(--amber)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:8px 12px 8px 0;border-bottom:1px solid var(--line)}
th{border-bottom:2px solid var(--ink);font-size:14px}
code{font:14px/1.45 ui-monospace,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap}
.level{font-weight:600;white-space:nowrap}.level.malicious{color:var(--red)}
.level.suspicious{color:var(--amber)}.level.risk{color:var(--grey)}
@media(max-width:720px){body{padding:8px 16px 48px}thead{display:none}tr,td{display:block}
td{border:0;padding:2px 0}tr{border-bottom:1px solid var(--line);padding:8px 0}}
@media print{body{max-width:none}}
"""
_ICONS = {Level.MALICIOUS: "■", Level.SUSPICIOUS: "▲", Level.RISK: "○"}


def html_page(result: Result, language: str, actions: Sequence[dict[str, Any]] = ()) -> str:
    """Return the whole page."""
    _ = translator(language)
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    title = _("What the look at this machine found")
    parts = [
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta '
        f'name="viewport" content="width=device-width">',
        f'<meta http-equiv="Content-Security-Policy" '
        f'content="{policy}"><title>{escape(title)}</title><style>{STYLE}</style></head><body>',
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(_facts(result, _))}</p>',
        *_verdict(result, language),
        *_findings(result, _),
        *_actions(actions, _),
        *_skipped(result, language),
        f"<h2>{escape(_('What this look cannot see'))}</h2>{scan_limits(_)}",
        "</body></html>",
    ]
    return "\n".join(parts)


def scan_limits(_: Translate) -> str:
    """Return the limits of any scan, as a list."""
    texts = (
        _(
            "A look without findings is no proof that the machine is clean. It says that "
            "nothing known was found in what was examined."
        ),
        _(
            "Malware that hides from the running system is seen only when the disk is examined "
            "from another system."
        ),
        _(
            "Cracked software is listed as a risk. Nobody is accused: the file may have come with the "
            "machine."
        ),
    )
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _facts(result: Result, _: Translate) -> str:
    host = result.host
    return _("Machine {name}, {system}; {mode}; {started} to {finished}; version {version}").format(
        name=visible(host.name),
        system=f"{host.system} {host.release}",
        mode=_(MODES[result.mode]),
        started=local_time(result.started),
        finished=local_time(result.finished),
        version=result.tool_version,
    )


def verdict(result: Result, language: str) -> tuple[str, str]:
    """Return the state in one sentence, and its colour: a level, `blind` or `clear`."""
    _ = translator(language)
    worst = result.worst()
    if worst is Level.MALICIOUS:
        number = sum(finding.level is Level.MALICIOUS for finding in result.findings)
        return counted(
            number, "{count} malicious thing was found.", "{count} malicious things were found.", language
        ), worst
    if worst is Level.SUSPICIOUS:
        return _("Nothing certainly malicious was found, but something that a person should check."), worst
    if worst is Level.RISK:
        return _("No malware was found, but something that makes an infection likely."), worst
    if is_blind(result):
        return _("Nothing was found, but not everything could be examined."), "blind"
    return _("Nothing was found in what was examined."), "clear"


def is_blind(result: Result) -> bool:
    """Return whether anything requested was not examined."""
    return bool(result.stopped) or any(reason not in HARMLESS_SKIPS for reason in result.skipped)


def _verdict(result: Result, language: str) -> list[str]:
    text, colour = verdict(result, language)
    _ = translator(language)
    stop = f"<p>{escape(_(STOPS[result.stopped]))}</p>" if result.stopped else ""
    return [
        f'<div class="verdict '
        f'{colour}"><strong>{escape(text)}</strong>{stop}<p>{escape(extent(result, language))}</p></div>'
    ]


def extent(result: Result, language: str) -> str:
    """Return the extent of the examination, as a sentence."""
    counts = result.counts
    return translator(language)(
        "Examined: {files} files, {members} files in archives, {processes} running programs, "
        "{starts} start entries, {connections} connections; {listed} values of the list, "
        "{rules} rules; {skipped} things not examined."
    ).format(
        files=format_number(counts.files, language),
        members=format_number(counts.members, language),
        processes=format_number(counts.processes, language),
        starts=format_number(counts.start_entries, language),
        connections=format_number(counts.connections, language),
        listed=format_number(result.list_count, language),
        rules=result.rules,
        skipped=format_number(sum(result.skipped.values()), language),
    )


def _findings(result: Result, _: Translate) -> list[str]:
    if not result.findings:
        return []
    heads = (_("Level"), _("Where"), _("Why"), _("Proof"))
    return [
        f"<h2>{escape(_('What was found'))}</h2>",
        "<table><thead><tr>" + "".join(f"<th>{escape(head)}</th>" for head in heads) + "</tr></thead><tbody>",
        *(_row(finding, _) for finding in result.findings[:ROWS]),
        "</tbody></table>",
        f'<p class="note">{escape(_("More findings are in the bundle."))}</p>'
        if len(result.findings) > ROWS
        else "",
    ]


def _row(finding: Finding, _: Translate) -> str:
    kind = threat(finding, _)
    digest = finding.target.sha256 if finding.target else ""
    return (
        f'<tr><td><span class="level {finding.level}">{_ICONS[finding.level]} '
        f"{escape(_(LEVELS[finding.level]))}</span></td>"
        f"<td>{escape(_(AREAS[finding.area]))}<br><code>{escape(visible(finding.subject))}</code></td>"
        f"<td>{escape(sentence(finding, _))}{f'<br><b>{escape(kind)}</b>' if kind else ''}</td>"
        f"<td><code>{escape(proof(finding, _)[:600])}<br>{digest}</code></td></tr>"
    )


def _actions(actions: Sequence[dict[str, Any]], _: Translate) -> list[str]:
    if not actions:
        return []
    rows = (
        f"<tr><td>{escape(visible(str(action.get('sentence', ''))))}</td><td>"
        f"<code>{escape(visible(str(action.get('subject', ''))))}</code></td></tr>"
        for action in actions
    )
    return [f"<h2>{escape(_('What was done'))}</h2><table><tbody>", *rows, "</tbody></table>"]


def _skipped(result: Result, language: str) -> list[str]:
    if not result.skipped and not result.problems:
        return []
    _ = translator(language)
    parts = [f"<h2>{escape(_('What was not examined'))}</h2><ul>"]
    for reason, count in sorted(result.skipped.items(), key=lambda item: -item[1]):
        parts.append(f"<li>{escape(skip_reason(reason, _))}: {format_number(count, language)}</li>")
    parts += [
        f"<li>{escape(visible(problem.where))}: {escape(_(problem.what))}</li>" for problem in result.problems
    ]
    parts.append("</ul><table><tbody>")
    for skip in result.skips[:ROWS]:
        parts.append(
            f"<tr><td><code>{escape(visible(skip.subject))}</code></td>"
            f"<td>{escape(skip_reason(skip.reason, _))}</td></tr>"
        )
    parts.append("</tbody></table>")
    return parts
