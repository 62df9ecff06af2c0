"""Labels of audited acts and details: `count: 2` is shown as "số lượng: 2", unknown ones as stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

NAMES: dict[str, Any] = {
    "active": _("reports by itself"), "added": _("added"), "after": _("after"),
    "alive_days": _("days seen alive"), "before": _("before"), "blind_after": _("blind after days"),
    "bundles": _("bundles"), "campaign": _("campaign"), "case": _("case"), "cases": _("cases"),
    "changes": _("changes"), "code": _("code"), "computed": _("counted by the portal"), "count": _("count"),
    "counter": _("running number"), "covered_days": _("days with logs"), "day": _("day"),
    "devices": _("machines"), "digest": _("digest"), "edition": _("edition"), "email": _("e-mail"),
    "every": _("hours between two"), "fields": _("fields"), "file": _("file"), "files": _("files"),
    "findings": _("findings"), "fingerprint": _("fingerprint"), "first": _("first time"), "found": _("found"),
    "gone": _("gone"), "grant": _("permission"), "granted": _("granted"), "held": _("held back"),
    "how": _("way"), "indicator": _("listed address"), "key": _("key"), "known": _("account known"),
    "kind": _("kind"), "kinds": _("kinds"), "lines": _("lines of logs"), "link": _("opened by a link"),
    "lists": _("lists"), "lost": _("key may be in foreign hands"), "machines": _("machines"),
    "name": _("name"), "named": _("with names"), "naming": _("machines are named"), "note": _("note"),
    "number": _("number"), "other": _("other unit"), "occasion": _("occasion"), "people": _("people"),
    "program": _("program"), "program_sha256": _("program's SHA-256"), "quarantined": _("put in quarantine"),
    "query": _("filter"), "quiet_days": _("quiet days"), "recipient": _("sealed to"), "reason": _("reason"),
    "role": _("role"), "search": _("searched for"), "searched": _("searched"), "sha256": _("SHA-256"),
    "show": _("shown"), "sightings": _("sightings"), "signer": _("signing key"), "size": _("size in bytes"),
    "state": _("state"), "stated": _("stated"), "step": _("step"), "texts": _("texts too"), "to": _("to"),
    "token": _("token"), "units": _("units"), "unknown": _("unknown there"), "until": _("until"),
    "url": _("address"), "value": _("value"), "values": _("values"), "version": _("version"),
    "way": _("way of coming"), "whole": _("to all units"), "writer": _("format"), "wrong": _("refused rows"),
}  # fmt: skip


CODED = frozenset({"after", "before", "how", "kind", "kinds", "role", "state", "step", "way"})
"""Details whose values are choices of model fields."""


def detail_rows(details: Mapping[str, Any], act: str = "") -> list[tuple[str, str]]:
    """Translate non-empty details to (name, value); `act` selects the app whose choices apply."""
    return [
        (str(NAMES.get(name, name)), _value(value, act if name in CODED else None))
        for name, value in details.items()
        if _is_shown(value)
    ]


def _label(value: str, act: str) -> str:
    """Label of a choice: of the act's app, else of any app if all agree, else the value itself."""
    labels = _labels().get(value, {})
    own = [label for app, label in labels.items() if app.startswith(act.partition(".")[0] or "-")]
    candidates = set(map(str, own or labels.values()))
    return candidates.pop() if len(candidates) == 1 else value


@cache
def _labels() -> dict[str, dict[str, Any]]:
    labels: dict[str, dict[str, Any]] = {}
    for model in apps.get_models():
        for field in model._meta.fields:
            for value, label in field.choices or ():
                labels.setdefault(str(value), {}).setdefault(model._meta.app_label, label)
    return labels


def _is_shown(value: Any) -> bool:
    """Return whether a value is worth showing: False and 0 are, empty ones are not."""
    return value is not None and value not in ("", [], {})


def _value(value: Any, act: str | None = None) -> str:
    if isinstance(value, bool):
        return _now("yes") if value else _now("no")
    if isinstance(value, list):
        return ", ".join(_value(part, act) for part in value)
    return str(value) if act is None else _label(str(value), act)


THINGS: dict[str, Any] = {
    "account": _("Account"), "canned": _("Prepared answer"), "article": _("Article"), "api": _("Programs"),
    "audit": _("Audit trail"), "avreport": _("Malware report"), "awareness": _("Awareness"),
    "board": _("Board of answers"), "bundle": _("Result"), "campaign": _("Campaign"), "case": _("Case"),
    "case_rules": _("Rules of verification"), "cases": _("List of machines"),
    "clarification": _("Open question"), "clarifications": _("Open questions"), "consent": _("Consent"),
    "deadline": _("Deadline"), "device": _("Machine"), "dispatch": _("Dispatch"),
    "factor": _("Second factor"), "login": _("Log-in"), "password": _("Password"), "role": _("Role"),
    "evidence": _("Evidence"), "edxml": _("Document exchange"), "exchange": _("Exchange"),
    "exemption": _("Exception"), "fleet": _("Scans of machines"), "form": _("Reporting form"),
    "hold": _("Legal hold"), "hunt": _("Hunt"), "incoming": _("E-mail that came in"),
    "invitation": _("Invitation"), "list": _("List"), "live": _("Listed contacts"), "mail": _("E-mail"),
    "material": _("Material"), "merge": _("Joined machines"), "misp": _("MISP server"), "people": _("People"),
    "person": _("One person"), "playbook": _("Playbook"), "portal": _("Portal"),
    "privacy": _("Personal data"), "question": _("Question"), "questions": _("Questions"),
    "report": _("Report"), "scan": _("Scan"), "sightings": _("Sightings"), "sources": _("Log sources"),
    "token": _("Token"), "tool": _("Tool"), "trace": _("Trace"), "unit": _("Unit"),
    "unit_key": _("Signing key"), "units": _("Units"), "webhook": _("Notice to a program"),
}  # fmt: skip

ACTS: dict[str, Any] = {
    "accept": _("accepted"), "accepted": _("accepted"), "acknowledged": _("acknowledged"),
    "added": _("added"), "again": _("sent again"), "answered": _("answered"), "approve": _("approved"),
    "appointed": _("given"), "arrived": _("noted as arrived"), "blind": _("found blind"),
    "asked": _("asked for"), "assigned": _("assigned to a person"), "attached": _("file attached"),
    "begun": _("begun"), "bundle_erased": _("result erased"), "cases_read": _("cases read"),
    "changed": _("changed"), "cleaned": _("stated as cleaned"), "done": _("done"), "failed": _("failed"),
    "removed": _("removed"), "shown": _("shown at log-in"), "first_used": _("used for the first time"),
    "locked_out": _("locked out after too many attempts"), "reset": _("reset by letter"),
    "reset_asked": _("reset letter requested"), "closed": _("brought to an end"),
    "connection_changed": _("connection changed"), "connection_ended": _("connection ended"),
    "connection_made": _("connection made"), "consolidated": _("consolidated"), "corrected": _("corrected"),
    "created": _("created"), "data_exported": _("data exported"), "data_viewed": _("data looked at"),
    "decision_revoked": _("decision revoked"), "decisions_downloaded": _("decisions downloaded"),
    "deployed": _("deployed"), "document": _("document downloaded"), "document_added": _("document added"),
    "document_withdrawn": _("document withdrawn"), "downloaded": _("downloaded"), "end": _("ended"),
    "ended": _("ended"), "erased": _("erased"), "erased_again": _("erased again after a restore"),
    "excepted": _("put under an exception"), "exception": _("put under an exception"),
    "exported": _("exported"), "extension_asked": _("later deadline asked for"),
    "extension_decided": _("later deadline decided"), "false_alarm": _("called a false alarm"),
    "feedback": _("feedback given"), "fetched": _("fetched"), "fetch_asked": _("fetched immediately"),
    "file": _("file looked at"), "files_deleted": _("files deleted"), "filed": _("filed"),
    "form_read": _("form read"), "forwarded": _("passed on"), "given": _("agreed to"),
    "given_up": _("given up"), "grant_ended": _("permission to look ended"),
    "granted": _("permission to look given"), "granted_view_over": _("permission to look ran out"),
    "granted_viewed": _("looked at by permission"), "handed_over": _("handed to the unit above"),
    "imported": _("imported"), "inventory": _("inventory kept"), "issued": _("issued"),
    "key_believed": _("key trusted"), "key_made": _("signing key made"),
    "key_replaced": _("signing key replaced"), "key_ended": _("key no longer trusted"),
    "sealing_key_made": _("sealing key made"), "sealing_key_replaced": _("sealing key replaced"),
    "kind": _("kind changed"), "letter": _("letter to the person"), "letter_printed": _("letter printed"),
    "letterhead": _("letterhead changed"), "lifted": _("lifted"), "logs_deleted": _("logs deleted"),
    "locked": _("locked"), "machines_exported": _("machines exported"), "made": _("made"),
    "minutes": _("minutes downloaded"), "moved": _("moved"), "narrow": _("made narrower"), "new": _("opened"),
    "note": _("note added"), "noted": _("note added"), "offline": _("files by hand only"),
    "online": _("files by HTTPS too"), "opened": _("opened"), "outlet_closed": _("outlet closed"),
    "outlet_made": _("outlet made"), "overruled": _("figure written over"), "parted": _("parted"),
    "partner_added": _("partner added"), "partner_ended": _("partner ended"), "person": _("person named"),
    "person_exported": _("data exported"), "person_viewed": _("data looked at"),
    "plan_changed": _("decision changed"), "prepared": _("prepared"),
    "purged": _("personal data purged in time"), "purged_devices": _("machines purged in time"),
    "pushed": _("sent"), "put": _("put"), "queued": _("handed on"), "read": _("read"),
    "received": _("received"), "received_downloaded": _("received file downloaded"),
    "recorded": _("confirmation noted"), "refuse": _("refused"), "refused": _("refused"),
    "refreshed": _("figures counted again"), "release_asked": _("release asked for"),
    "released": _("released"), "reinfected": _("found again"), "reminded": _("reminder sent"),
    "reminder_document": _("reminder written"), "renewed": _("renewed"), "restored": _("put back"),
    "result_deleted": _("result deleted"), "returned": _("returned"), "return": _("returned"),
    "revoked": _("revoked"), "running": _("opened"), "saved": _("saved"),
    "scan_downloaded": _("signed copy downloaded"), "scanned": _("signed copy handed in"),
    "scanner_revoked": _("scanner revoked"), "scanner_taken": _("scanner downloaded"), "send": _("sent"),
    "sent": _("sent"), "sessions_ended": _("sessions ended"), "set_aside": _("set aside"),
    "set_up": _("set up"), "sheet": _("sheet printed"), "signed": _("signed"),
    "size": _("number of machines stated"), "solved": _("solved"), "source_added": _("source added"),
    "source_changed": _("source changed"), "source_removed": _("source removed"), "stopped": _("stopped"),
    "submit": _("submitted"), "submitted": _("submitted"), "taken": _("file accepted"),
    "ticked": _("step ticked"), "unticked": _("unticked"), "told": _("notified"), "tools": _("tools chosen"),
    "unlocked": _("unlocked"),
    "undone": _("undone"), "used": _("used in a campaign"), "verified": _("verified clean"),
    "viewed": _("looked at"), "withdrawn": _("withdrawn"), "working": _("being handled"),
    "written": _("written"), "wrote": _("wrote"),
}  # fmt: skip


def action_label(action: str) -> str:
    """Translate an action, such as "dispatch.sent"; unknown ones are returned as they are."""
    thing, _dot, act = action.partition(".")
    if thing not in THINGS or act not in ACTS:
        return action
    return f"{THINGS[thing]}: {ACTS[act]}"
