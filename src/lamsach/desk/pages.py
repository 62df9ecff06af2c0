"""HTML of the page: a plain form, a refresh while work is running; no script."""

from __future__ import annotations

from html import escape

from lamsach.desk.job import Job
from lamsach.i18n import counted, format_number, translator
from lamsach.model import Findings
from lamsach.results.summary import figures, state_counts, verdict_sentence, warnings

STYLE = """
:root{color-scheme:light dark;--ink:#1b2733;--page:#fff;--line:#c9d3dc;--accent:#0b5394;--bad:#9c1c1c}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--page:#14191f;--line:#3a4754;--accent:#7fb8f0;
--bad:#ff9c91}}
body{margin:0;font:18px/1.5 "Noto Sans","Segoe UI",sans-serif;color:var(--ink);background:var(--page)}
main{max-width:760px;margin:0 auto;padding:24px 16px}
fieldset{border:1px solid var(--line);border-radius:8px;margin:0 0 16px;padding:16px}
legend{font-weight:600;padding:0 8px}label{display:block}
input[type=file],input[type=text]{box-sizing:border-box;width:100%;font:inherit;padding:14px;
border:2px dashed var(--line);border-radius:8px;color:inherit;background:none}
input[type=text]{border-style:solid}
button,.button{display:inline-block;font-family:inherit;font-size:18px;font-weight:600;line-height:1.3;
min-height:56px;padding:14px 24px;margin:0 8px 8px 0;border:2px solid var(--accent);border-radius:8px;
background:var(--accent);color:var(--page);cursor:pointer;text-decoration:none}
button.other,.button.other{background:var(--page);color:var(--accent)}
:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
.wrong{border-left:6px solid var(--bad);padding:8px 16px;margin:0 0 16px}form{margin:0}
progress{width:100%;height:24px;accent-color:var(--accent)}p.note{font-size:16px}
"""


def start_page(job: Job, token: str) -> str:
    """Render the form, with the previous error above it."""
    _ = translator(job.language)
    parts = []
    if job.error is not None:
        lines = (_(job.error.what), job.error.where, _(job.error.todo))
        parts.append(
            f'<div class="wrong">{"".join(f"<p>{escape(line)}</p>" for line in lines if line)}</div>'
        )
    parts.append(f'<form method="post" action="/{token}/hunt" enctype="multipart/form-data">')
    parts.append(
        _file(
            "lists",
            _("The lists of malicious addresses"),
            _("Choose or drop the files: PDF, Word, Excel, CSV, text, STIX, ..."),
        )
    )
    parts.append(
        _file(
            "logs",
            _("The logs"),
            _("Choose or drop the files: firewall, proxy, DNS, captures, also packed ones."),
        )
    )
    parts.append(_text("log_folder", _("Large logs: their folder or file on this machine, without copying")))
    parts.append(_file("leases", _("If there are any: logs that tell who had an address (DHCP, VPN)"), ""))
    parts.append(
        _file(
            "nat",
            _("If sensors are outside the gateway: its logs with the translated addresses (NAT)"),
            _("They name the machines that the logs know by the gateway's address only."),
        )
    )
    parts.append(_text("nat_folder", _("Large NAT logs: their folder or file on this machine")))
    parts.append(_file("inventory", _("If there is one: the list of the unit's machines"), ""))
    parts.append(f"<button>{escape(_('Search'))}</button></form>{_end(_('End'), token)}")
    note = _("Nothing leaves this machine. What you give is deleted when the program ends.")
    parts.append(f'<p class="note">{escape(note)}</p>')
    return shell(_("Find infected machines"), "".join(parts), job.language)


def busy_page(job: Job) -> str:
    """Render the progress page."""
    _ = translator(job.language)
    total = job.total_bytes
    bar = (
        f'<progress max="{total}" value="{min(job.done_bytes, total)}"></progress>'
        if total
        else "<progress></progress>"
    )
    percent = (
        f"<p>{format_number(100 * min(job.done_bytes, total) / total, job.language)} %</p>" if total else ""
    )
    title = _("The files arrive") if job.state == "receiving" else _("The logs are searched")
    return shell(title, f"<p>{escape(job.stage)}</p>{bar}{percent}", job.language, refresh=True)


def done_page(job: Job, token: str) -> str:
    """Render the result page, with the files to download."""
    _ = translator(job.language)
    result = _result(job.findings, job.language) if job.findings else ""
    links = (
        ("report.html", _("Open the report"), ""),
        ("report.xlsx", _("Save the table"), "other"),
        ("findings.zip", _("Save the bundle for the portal"), "other"),
    )
    body = result + "".join(
        f'<a class="button {kind}" href="/{token}/{name}">{escape(text)}</a>' for name, text, kind in links
    )
    body += f'<p><a href="/{token}/again">{escape(_("Search again"))}</a></p>{_end(_("End"), token)}'
    return shell(_("The result"), body, job.language)


def _result(findings: Findings, language: str) -> str:
    """Render the figures by state, the verdict, and the gaps of the result, as in the report."""
    known = figures(findings)
    counts = [text for _, text in state_counts(known, language)] if known.found else []
    if known.blind_days:
        counts.append(counted(known.blind_days, "{count} blind day", "{count} blind days", language))
    sentences = [f"{', '.join(counts)}." if counts else "", verdict_sentence(findings, language)]
    parts = [f"<p><b>{escape(text)}</b></p>" for text in sentences if text]
    gaps = "".join(f"<li>{escape(text)}</li>" for text, _ in warnings(findings, language))
    if gaps:
        title = escape(translator(language)("This result is not whole"))
        parts.append(f'<div class="wrong"><p>{title}</p><ul>{gaps}</ul></div>')
    return "".join(parts)


def ended_page(language: str) -> str:
    """Render the last page."""
    _ = translator(language)
    return shell(_("The program has ended"), f"<p>{escape(_('You can close this window.'))}</p>", language)


def shell(title: str, body: str, language: str, *, refresh: bool = False) -> str:
    """Render a whole page."""
    again = '<meta http-equiv="refresh" content="2">' if refresh else ""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta '
        f'name="viewport" content="width=device-width">{again}'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main><h1>{escape(title)}"
        f"</h1>{body}</main></body></html>"
    )


def _file(name: str, title: str, note: str) -> str:
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    return (
        f'<fieldset><legend>{escape(title)}</legend>{below}<input type="file" name="{name}" '
        f'multiple aria-label="{escape(title)}"></fieldset>'
    )


def _text(name: str, title: str) -> str:
    return (
        f'<fieldset><legend>{escape(title)}</legend><input type="text" name="{name}" '
        f'maxlength="1000" aria-label="{escape(title)}"></fieldset>'
    )


def _end(text: str, token: str) -> str:
    return f'<form method="post" action="/{token}/end"><button class="other">{escape(text)}</button></form>'
