"""Texts and facts shared by all outputs of a trace."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from lamsach.i18n import Translate, counted, format_date, format_number, format_time, mark, translator
from lamsach.model import Problem, Reference
from lamsach.results.labels import KNOWN_BY
from lamsach.results.repeated_problems import alike_problems
from lamsach.results.safe_text import clip, visible_line
from lamsach.trace.model import Answer, Named, Reported, Trace, TracedDevice, Why
from lamsach.trace.reasons import CERTAINTIES, HINTS, TODO, WHY, skew_sentence

_VIETNAM = "Asia/Ho_Chi_Minh"
_DAY_S, _MINUTE_S = 86_400, 60
_ADDRESSES_SHOWN = 5


class Facts:
    """A trace in words of one language.

    Texts from lists and logs are on one line, hidden characters escaped, limited in length.
    """

    def __init__(self, trace: Trace, language: str) -> None:
        self.trace = trace
        self.language = language
        self.translate: Translate = translator(language)
        self.zone: ZoneInfo = trace.timezone

    @property
    def clock(self) -> str:
        """The name of the zone in which times are shown."""
        return self.translate("Vietnam time") if self.zone.key == _VIETNAM else self.zone.key

    def problems(self) -> list[tuple[str, Problem]]:
        """Return the unread inputs with their places; equal problems of several rows of a file once."""
        return list(alike_problems(self.trace.problems))

    def number(self, value: int) -> str:
        """Format a number in the language."""
        return format_number(value, self.language)

    def headline(self) -> str:
        """Return the result in one sentence."""
        text = self.translate("The authority names {listed}, {explained} can be explained.")
        return text.format(
            listed=self.number(len(self.trace.distinct)), explained=self.number(len(self.trace.explained))
        )

    def notes(self) -> Iterator[str]:
        """Yield notes on the figures: machines, repeated and refused rows, clocks, records read."""
        for count, one, many in (
            (
                len(self.trace.devices),
                mark("One machine explains them."),
                mark("{count} machines explain them."),
            ),
            (
                self.trace.repeated,
                mark("{count} row repeats another and is not counted."),
                mark("{count} rows repeat others and are not counted."),
            ),
            (
                len(self.trace.refusals),
                mark("{count} row of the list could not be read."),
                mark("{count} rows of the list could not be read."),
            ),
        ):
            if count:
                yield counted(count, one, many, self.language)
        for document, skew in self.trace.skews:
            sentence = skew_sentence(skew, self.language)
            yield sentence if len(self.trace.skews) == 1 else f"{self.text(document, 100)}: {sentence}"
        yield from self._own_addresses()
        text = self.translate(
            "Read were {nat} NAT records and {leases} DHCP or session records. Times are "
            "{zone}. Lamsach {version}."
        )
        yield text.format(
            nat=self.number(self.trace.nat_records),
            leases=self.number(self.trace.lease_records),
            zone=self.clock,
            version=visible_line(self.trace.tool_version),
        )

    def _own_addresses(self) -> Iterator[str]:
        known = self.trace.public_addresses
        if known and any(answer.why is Why.NOT_OUR_ADDRESS for answer in self.trace.answers):
            text = self.translate("The logs translate to these public addresses: {addresses}.")
            more = ", …" if len(known) > _ADDRESSES_SHOWN else ""
            yield text.format(addresses=", ".join(known[:_ADDRESSES_SHOWN]) + more)

    def text(self, value: str | None, length: int = 300) -> str:
        """Clean a text of a list or log."""
        return clip(visible_line(value or ""), length)

    def time(self, row: Reported) -> str:
        """Format a row's time in the output zone, as precise as in the list; unreadable text as written."""
        if row.time is None:
            return self.text(row.time_text, 60) or "–"
        local = row.time.astimezone(self.zone)
        seconds = row.precision.total_seconds()
        if seconds >= _DAY_S:
            return format_date(local)
        shown = format_time(row.time, self.zone)
        return shown[:-3] if seconds >= _MINUTE_S else shown

    def endpoint(self, row: Reported) -> str:
        """Format public address and port."""
        ip = f"[{row.ip}]" if ":" in row.ip and row.port is not None else row.ip
        return f"{ip}:{row.port}" if row.port is not None else ip

    def destination(self, row: Reported) -> str:
        """Format the far side stated in the list."""
        if row.destination is None:
            return ""
        return (
            row.destination if row.destination_port is None else f"{row.destination}:{row.destination_port}"
        )

    def place(self, reference: Reference) -> str:
        """Describe the place of a row."""
        page = (
            ""
            if reference.page is None
            else f", {self.translate('page or sheet {page}').format(page=reference.page)}"
        )
        row = "" if reference.row is None else f", {self.translate('row {row}').format(row=reference.row)}"
        return f"{self.text(reference.document, 200)}{page}{row}"

    def period(self, device: TracedDevice) -> tuple[str, ...]:
        """Return the first and the last time of a device's rows; only one when they are equal."""
        return tuple(dict.fromkeys(format_time(time, self.zone) for time in (device.first, device.last)))

    def device_title(self, device: TracedDevice) -> str:
        """Return the name by which people know a device."""
        return self.text(device.name or device.ip or device.mac or device.key, 80)

    def named_title(self, item: Named) -> str:
        """Return the name by which people know a candidate."""
        who = item.identity
        return self.text(who.name or (who.user if who.how == "session" else None) or item.inside, 80)

    def known_by(self, item: Named) -> str:
        """Describe how a device was identified."""
        return self.translate(KNOWN_BY.get(item.identity.how, item.identity.how))

    def certainty(self, item: Named | TracedDevice) -> str:
        """Describe the certainty of an answer."""
        return self.translate(CERTAINTIES[item.certainty])

    def hints(self, item: Named) -> str:
        """Describe the evidence for a candidate."""
        parts = [self.translate(HINTS[code]) for code in item.hints if code in HINTS]
        if item.rival is not None:
            parts.append(
                self.translate("{rival} claimed the same address: check both").format(
                    rival=self.text(item.rival, 80)
                )
            )
        return "; ".join(parts)

    def why(self, answer: Answer) -> str:
        """Describe why a row is not explained, with the logs' coverage when relevant."""
        if answer.why is None:
            return ""
        text = self.translate(WHY[answer.why])
        if answer.covered is not None and answer.why in ("outside_coverage", "no_translation"):
            first, last = (format_time(time, self.zone) for time in answer.covered)
            text += " " + self.translate("They cover it from {first} to {last}.").format(
                first=first, last=last
            )
        return text

    def todo(self, answer: Answer) -> str:
        """Describe the next step for a row that is not explained."""
        return "" if answer.why is None else self.translate(TODO[answer.why])
