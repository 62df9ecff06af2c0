"""Sentences for codes of findings and skips in English; Vietnamese is in `catalogue_vi/scanner.py`."""

from __future__ import annotations

import re

from lamsach.i18n import Translate, mark
from lamsach.scanner.findings import Area, Finding, Level

LEVELS: dict[Level, str] = {
    Level.MALICIOUS: mark("malicious"),
    Level.SUSPICIOUS: mark("suspicious"),
    Level.RISK: mark("risk"),
}
AREAS: dict[Area, str] = {
    Area.FILE: mark("File"),
    Area.PROCESS: mark("Running program"),
    Area.CONNECTION: mark("Connection"),
    Area.START: mark("Started by itself"),
    Area.NAMES: mark("Name resolution"),
    Area.PROXY: mark("Proxy"),
    Area.PROTECTION: mark("Protection"),
    Area.BROWSER: mark("Browser"),
    Area.EVENTS: mark("Event log"),
}
REASONS: dict[str, str] = {
    "own_rule": mark("The content matches the rule {rule}."),
    "given_rule": mark("The content matches the rule {rule} of the rules that were given."),
    "listed_hash": mark("The file is on the list, by its {hash} ({place})."),
    "clamd": mark("ClamAV names it {signature}."),
    "disguised_program": mark("This is a program with the name of a document (.{ending})."),
    "hidden_ending": mark("The name hides that this is a program."),
    "climbing_name": mark("The archive tries to write outside the folder into which it is unpacked."),
    "locked_program": mark(
        "A program in an archive with a password: nobody can check it before it is unpacked, "
        "and malware is often sent so."
    ),
    "cracked_software": mark(
        "The name is that of a tool to bypass a licence ({name}). Such files often carry malware; please "
        "install the software from its vendor."
    ),
    "listed_connection": mark("Connected to an address of the list ({place}); state: {status}."),
    "listed_command": mark("The command names an address of the list ({place})."),
    "process_habit": mark("The command does what malware does: {habit}."),
    "deleted_program": mark("The file of the running program was deleted: {program}"),
    "unsigned_program": mark("The program is unsigned and in a folder that malware often uses: {program}"),
    "odd_program": mark("The program runs from a folder into which everybody may write: {program}"),
    "memory_rule": mark("The memory matches the rule {rule}."),
    "listed_start": mark("What is started names an address of the list ({place})."),
    "start_habit": mark("What is started ({kind}) does what malware does: {habit}."),
    "unusual_start": mark("Something is started at an unusual place of Windows ({kind})."),
    "starts_found_file": mark("This starts a file that was found: {program}"),
    "runs_found_file": mark("This program runs from a file that was found: {program}"),
    "preload": mark("A library is loaded into every program; few machines need that."),
    "known_key": mark("The key of a known worm may log in."),
    "listed_hosts": mark("The hosts file sends or names an address of the list ({place})."),
    "hosts_protection": mark("The hosts file redirects a security vendor: {name}"),
    "hosts_activation": mark("The hosts file turns off a licence check ({name}), as cracked software does."),
    "listed_resolver": mark("Names are resolved by an address of the list ({place})."),
    "listed_cache": mark("The machine asked for a name of the list a short while ago ({place})."),
    "listed_proxy": mark("The proxy is on the list ({place})."),
    "local_proxy": mark(
        "Web traffic goes through a program on this machine. Some protection programs do that, malware too."
    ),
    "exclusion": mark("Windows Defender does not look at {name}."),
    "protection_off": mark("A part of Windows Defender is turned off."),
    "listed_visit": mark("The browser visited an address of the list ({place})."),
    "outside_extension": mark("The browser extension {name} did not come from the browser's shop."),
    "listed_event": mark(
        "Record {record} of the log {channel} (event {event}) names a value of the list ({place})."
    ),
}
HABITS: dict[str, str] = {
    "fetch_and_run": mark("fetches a script and runs it"),
    "decode_and_run": mark("decodes hidden text and runs it"),
    "reverse_shell": mark("hands control to another machine"),
    "hidden_powershell": mark("runs a hidden PowerShell command"),
    "script_from_net": mark("runs a script from the internet"),
    "miner_command": mark("mines cryptocurrency"),
    "odd_place": mark("starts a hidden program from a folder into which everybody may write"),
}
START_KINDS: dict[str, str] = {
    "unit": mark("systemd unit"),
    "cron": mark("cron job"),
    "script": mark("start script"),
    "profile": mark("login script"),
    "autostart": mark("autostart entry"),
    "key": mark("login key"),
    "run_key": mark("Run key"),
    "service": mark("service"),
    "task": mark("scheduled task"),
    "startup_folder": mark("start-up folder"),
    "wmi": mark("WMI subscription"),
    "winlogon": mark("Winlogon"),
    "image_options": mark("image file options"),
    "app_init": mark("AppInit libraries"),
}
THREATS: dict[str, str] = {
    "test": mark("test file, harmless"),
    "activator": mark("licence activator"),
    "crack": mark("cracking tool"),
    "loader": mark("loader of cracked software"),
    "miner": mark("cryptocurrency miner"),
    "stealer": mark("password stealer"),
    "dropper": mark("dropper"),
    "bot": mark("botnet program"),
    "webshell": mark("web shell"),
    "remote_control": mark("remote control"),
}
SKIPS: dict[str, str] = {
    "no_right": mark("no right to read"),
    "memory_no_right": mark("no right to read its memory"),
    "memory_slow": mark("no time left to search its memory"),
    "locked": mark("in use by another program"),
    "too_large": mark("larger than the limit; its beginning was examined"),
    "vanished": mark("gone while the look went on"),
    "absent": mark("not there on this machine"),
    "changed": mark("changed while it was read"),
    "link": mark("a link in the place of a file"),
    "not_regular": mark("not an ordinary file"),
    "long_name": mark("name too long for the system"),
    "disk_error": mark("the disk could not be read"),
    "unreadable": mark("could not be read"),
    "damaged": mark("damaged; read as far as possible"),
    "pseudo": mark("made by the system, not on a disk"),
    "remote": mark("on another machine"),
    "cloud": mark("only in the cloud: reading it would fetch it"),
    "excluded": mark("excluded"),
    "older": mark("older than asked for"),
    "too_deep": mark("folders nested too deeply"),
    "too_many": mark("too many; the rest was left out"),
    "slow": mark("took too long"),
    "memory": mark("needs more memory than a look may take"),
    "rules_failed": mark("the rules could not be applied"),
    "worker_ended": mark("ended the examining process"),
    "archive_closed": mark(
        "an archive of a kind that is not opened (rar, 7z, cab): unpack it into a folder and look at that"
    ),
    "archive_locked": mark("in an archive with a password"),
    "archive_damaged": mark("a damaged archive"),
    "archive_depth": mark("archives nested too deeply"),
    "archive_many": mark("an archive with too many files"),
    "archive_bomb": mark("unpacks to far more than its size allows"),
    "clamd_failed": mark("ClamAV did not answer"),
    "clamd_limit": mark("larger than ClamAV's limit"),
    "tool_missing": mark("the system's program for it is missing"),
    "tool_failed": mark("the system's program for it failed"),
    "tool_empty": mark("the system's own program returned nothing, which proves nothing"),
    "tool_slow": mark("the system's program for it took too long"),
    "signature_unknown": mark("Windows does not tell whether it is signed"),
    "list_old": mark("a list that is not up to date any more: fetch the bundle again"),
    "common_hash": mark("the hash of a file that every machine has"),
    "no_trace": mark("of a kind that is not looked for on a machine"),
    "expired": mark("past the end that its list states: not looked for any more"),
}
HARMLESS_SKIPS = frozenset(
    {"not_regular", "pseudo", "excluded", "older", "link", "common_hash", "expired", "absent"}
)
"""Skips that leave nothing unexamined that was requested."""
STAGES: dict[str, str] = {
    "connections": mark("Connections"),
    "processes": mark("Running programs"),
    "start": mark("What starts by itself"),
    "signatures": mark("Signatures of programs"),
    "names": mark("Name resolution"),
    "proxy": mark("Proxy"),
    "protection": mark("Protection"),
    "browsers": mark("Browsers"),
    "events": mark("Event logs"),
    "files": mark("Files"),
}
MODES = {"paths": mark("the given paths"), "quick": mark("quick look"), "full": mark("full look")}
STOPS = {
    "time": mark("The time was used up before everything was looked at."),
    "user": mark("The look was stopped before its end."),
}
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]"
)


def visible(text: str) -> str:
    """Escape hidden and control characters of a machine's text as `[U+202E]`, on one line."""
    return (
        text
        if text.isascii() and text.isprintable()
        else _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
    )


def sentence(finding: Finding, _: Translate) -> str:
    """Return the reason of a finding, as a sentence in the reader's language."""
    values = {name: visible(str(value)) for name, value in finding.values.items()}
    if "habit" in values:
        values["habit"] = _(HABITS[values["habit"]])
    if "kind" in values:
        values["kind"] = _(START_KINDS[values["kind"]])
    return _(REASONS[finding.reason]).format_map(values)


def threat(finding: Finding, _: Translate) -> str:
    """Return the kind of malware, as far as known."""
    return _(THREATS[finding.threat]) if finding.threat in THREATS else visible(finding.threat)


def skip_reason(code: str, _: Translate) -> str:
    """Return the reason of a skip. A list's refusal is a sentence already."""
    return _(SKIPS.get(code, code))


def proof(finding: Finding, _: Translate) -> str:
    """Return the proof as text: the rule's purpose in the reader's language, or the text on the machine."""
    detail = _(finding.detail) if finding.reason in ("own_rule", "memory_rule") else finding.detail
    return visible(" ".join(part for part in (finding.indicator, detail) if part))


ACTIONS: dict[str, str] = {
    "stop": mark("stop the program"),
    "disable_line": mark("turn the line into a comment"),
    "disable_value": mark("take the registry value away"),
    "disable_subscription": mark("turn the subscription off"),
    "quarantine": mark("move the file into the quarantine"),
}
REFUSALS: dict[str, str] = {
    "signed_by_system": mark("left alone: signed by the vendor of the operating system"),
    "system_file": mark("left alone: a file of the operating system"),
    "owned": mark("left alone: a package of the operating system owns it; reinstall that package"),
    "owner_unknown": mark("left alone: it is not known whether it belongs to the operating system"),
    "known_good": mark("left alone: its content is known to be good"),
    "own_file": mark("left alone: a file of this program"),
    "not_named": mark(
        "left alone: a rule accuses it, not its digest; look at it, then name it (--take PATH)"
    ),
    "own_process": mark("left alone: it started this program"),
    "system_process": mark("left alone: a process of the operating system"),
    "browser": mark("left alone: a browser; close it yourself"),
    "gone": mark("not there any more"),
    "no_right": mark("left alone: no right to look at it"),
    "not_here": mark("left alone: not on this system"),
}
