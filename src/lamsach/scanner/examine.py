"""Examination of a file: hashes, rules, first bytes against the name, archive members."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import IO, Any

from lamsach.model import IndicatorType
from lamsach.scanner import magic
from lamsach.scanner.archives import Budget, content, members
from lamsach.scanner.clamd import Clamd
from lamsach.scanner.findings import Area, Counts, Finding, Level, Skip, Target, TargetKind
from lamsach.scanner.index import Hit, Index
from lamsach.scanner.magic import DOCUMENT_ENDINGS, ending
from lamsach.scanner.options import Limits
from lamsach.scanner.rules import Content, FileSearcher, RuleHit, RuleSources, content_of
from lamsach.scanner.safe_open import Skipped, open_regular

_PROGRAM_ENDINGS = frozenset(
    ["exe", "scr", "com", "pif", "bat", "cmd", "vbs", "vbe", "jse", "wsf", "hta", "cpl", "msi"]
)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CRACKS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("KMSpico", r"kms[ _.-]?pico"),
        ("KMSAuto", r"kms[ _.-]?auto|autokms"),
        ("HEU KMS Activator", r"heu[ _.-]?kms"),
        ("AAct", r"(?:^|[^a-z])aact(?:_x64|_network|[ _.-]?tools)?\.(?:exe|zip|rar|7z)$"),
        ("Re-Loader", r"re-?loader[ _.-]?activator"),
        ("Microsoft Toolkit", r"microsoft[ _.-]?toolkit|ez-?activator"),
        ("Windows Loader", r"windows[ _.-]?loader"),
        ("MAS", r"mas_aio|ohook_activation|hwid_activation|kms38_activation|tsforge_activation"),
        ("vlmcsd", r"vlmcsd"),
        ("keygen", r"(?:^|[ _.\-\[(])key-?gen(?:erator)?(?:[ _.\-\])]|$)"),
        ("crack", r"(?:^|[ _.\-\[(])(?:crack(?:ed|fix)?|b[eẻ]\s?kh[oó]a)(?:[ _.\-\])]|$)"),
        ("Adobe GenP", r"(?:^|[ _.-])(?:adobe[ _.-]?genp|genp[ _.-]?v?\d)"),
        ("IDM crack", r"idm[ _.-]?(?:crack|activator|patch)|iasl?\.cmd$"),
    )
)
_CRACK_ENDINGS = frozenset(
    ["exe", "msi", "bat", "cmd", "ps1", "vbs", "dll", "zip", "rar", "7z", "iso", "img"]
)


def hidden_ending(name: str) -> bool:
    """Return whether a program poses as a document: `invoice.pdf.exe`, `photo.jpg      .scr`, bidi marks."""
    last = ending(name)
    if _TURNS.search(name):
        return True
    if last not in _PROGRAM_ENDINGS:
        return False
    before = name[: -len(last) - 1]
    return ending(before.rstrip()) in DOCUMENT_ENDINGS or bool(re.search(r"\s{5,}$", before))


def cracked_software(name: str) -> str | None:
    """Return the known licence bypass tool that the file is named after, or None."""
    if ending(name) not in _CRACK_ENDINGS:
        return None
    return next((crack for crack, pattern in _CRACKS if pattern.search(name)), None)


HELD_BYTES = 4 << 20
"""A file of at most this size is read once and held in memory while it is examined."""
_UNPACKED_WHOLE = frozenset({"gzip", "xz", "zstd"})
"""Kinds whose packed bytes are one stream, seen completely when it ends without an error."""
INSIDE = "!"
"""Separator of an archive's path and a member's name."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of a worker, sent to its process. `index` is the path of the list's index, or empty."""

    rules: RuleSources
    index: str = ""
    clamd: str | None = None
    limits: Limits = field(default_factory=Limits)
    nice: bool = True


@dataclass(slots=True)
class FileReport:
    """Result of examining some files."""

    findings: list[Finding] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)


class Examiner:
    """Examiner of files in turn. Belongs to one thread of one process."""

    def __init__(self, settings: Settings) -> None:
        self._limits = settings.limits
        self._searcher = FileSearcher(settings.rules, settings.limits.file_seconds)
        self._index = Index(settings.index) if settings.index else None
        self._hash_types = self._index.hash_types if self._index else ()
        self._clamd = Clamd(settings.clamd) if settings.clamd else None

    def close(self) -> None:
        """Close the list."""
        if self._index is not None:
            self._index.close()

    def examine(self, path: str, report: FileReport) -> None:
        """Examine the file at a path; findings and skips go into the report. Never raises for its content."""
        try:
            descriptor, status = open_regular(path)
        except Skipped as skipped:
            report.skips.append(Skip(path, skipped.reason))
            return
        with os.fdopen(descriptor, "rb", buffering=0) as stream:
            target = Target(TargetKind.FILE, path, device=status.st_dev, inode=status.st_ino)
            size = min(status.st_size, self._limits.file_bytes)
            if status.st_size > size:
                report.skips.append(Skip(path, "too_large"))
            found = len(report.findings)
            try:
                budget = Budget.of(status.st_size, self._limits)
                small = size <= HELD_BYTES
                content_stream = (
                    io.BytesIO(_read(stream, size)) if small else io.BufferedReader(stream, 1 << 17)
                )
                self._whole(content_stream, size, path, target, report, budget, 0)
                if len(report.findings) > found:
                    self._add_digest(content_stream, status.st_size, report.findings, found)
                if isinstance(content_stream, io.BufferedReader):
                    content_stream.detach()
                after = os.fstat(descriptor)
            except Skipped as skipped:
                report.skips.append(Skip(path, skipped.reason))
                return
            except OSError:
                report.skips.append(Skip(path, "disk_error"))
                return
            except MemoryError:
                report.skips.append(Skip(path, "memory"))
                return
            if (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
                report.skips.append(Skip(path, "changed"))
        report.counts.files += 1
        report.counts.size_bytes += size

    def _whole(
        self,
        stream: IO[bytes],
        size: int,
        path: str,
        target: Target,
        report: FileReport,
        budget: Budget,
        depth: int,
    ) -> None:
        """Examine a file or member and its members.

        The packed bytes of a completely unpacked file are not searched by our own rules: they mean nothing.
        """
        head = stream.read(magic.HEAD_BYTES)
        kind = magic.kind(head)
        content = content_of(head, size)
        stream.seek(0)
        report.findings += _name_findings(path, kind, target)
        unsearched = kind in _UNPACKED_WHOLE and not self._searcher.searches_all
        if not unsearched:
            self._content(stream, size, path, target, report, content)
        skips = len(report.skips)
        if kind in magic.ARCHIVES or kind in magic.CLOSED_ARCHIVES:
            stream.seek(0)
            self._inside(stream, kind, path, target, report, budget, depth + 1)
        if unsearched:
            stream.seek(0)
            whole = len(report.skips) == skips
            self._content(stream, size, path, target, report, Content.OTHER if whole else content)

    def _content(
        self, stream: IO[bytes], size: int, path: str, target: Target, report: FileReport, content: Content
    ) -> None:
        """Compute hashes and apply rules to one file or member, reading only the bytes needed."""
        digests = [hashlib.new(kind.value, usedforsecurity=False) for kind in self._hash_types]
        matched: dict[str, RuleHit] = {}
        if digests or self._searcher.searches(content):
            for number, window in enumerate(self._windows(stream, size)):
                for digest in digests:
                    digest.update(window.fresh)
                self._search(window.data, content, path, matched, report, first=not number)
                del window
                if not digests and not self._searcher.searches_all:
                    break
        for hit in matched.values():
            report.findings.append(_rule_finding(hit, path, target))
        for kind, digest in zip(self._hash_types, digests, strict=True):
            if self._index is not None and (entry := self._index.exact(kind, digest.hexdigest())):
                report.findings.append(_hash_finding(entry, kind, path, target))
        if self._clamd is not None:
            stream.seek(0)
            name, reason = self._clamd.scan(stream, size)
            if name:
                values = {"signature": name}
                report.findings.append(
                    Finding(Area.FILE, Level.MALICIOUS, "clamd", path, values, threat=name, target=target)
                )
            elif reason:
                report.skips.append(Skip(path, reason))

    def _search(
        self,
        data: bytes,
        content: Content,
        path: str,
        matched: dict[str, RuleHit],
        report: FileReport,
        *,
        first: bool,
    ) -> None:
        try:
            for hit in self._searcher.search(data, content, first=first):
                matched.setdefault(hit.name, hit)
        except TimeoutError:
            report.skips.append(Skip(path, "slow"))
        except ValueError:
            report.skips.append(Skip(path, "rules_failed"))

    def _windows(self, stream: IO[bytes], size: int) -> Iterator[_Window]:
        limits = self._limits
        data = _read(stream, min(size, limits.window_bytes))
        yield _Window(data, memoryview(data))
        left, again = size - len(data), limits.overlap_bytes
        while left > 0 and len(data) > again:
            stream.seek(-again, os.SEEK_CUR)
            data = b""  # released before the next read: only one window in memory
            data = _read(stream, min(left + again, limits.window_bytes))
            if len(data) <= again:
                return
            left -= len(data) - again
            yield _Window(data, memoryview(data)[again:])

    def _inside(
        self,
        stream: IO[bytes],
        kind: str,
        path: str,
        target: Target,
        report: FileReport,
        budget: Budget,
        depth: int,
    ) -> None:
        if depth > self._limits.archive_depth:
            report.skips.append(Skip(path, "archive_depth"))
            return
        try:
            with closing(members(stream, kind, _base_name(path), budget)) as inner:
                for member in inner:
                    self._member(member, path, target, report, budget, depth)
        except Skipped as skipped:
            report.skips.append(Skip(path, skipped.reason))

    def _member(
        self, member: Any, path: str, target: Target, report: FileReport, budget: Budget, depth: int
    ) -> None:
        where = f"{path}{INSIDE}{member.name}"
        if member.climbs:
            report.findings.append(
                Finding(Area.FILE, Level.SUSPICIOUS, "climbing_name", where, target=target)
            )
        if member.locked:
            report.skips.append(Skip(where, "archive_locked"))
            if magic.ending(member.name) in ("exe", "scr", "msi"):
                report.findings.append(Finding(Area.FILE, Level.RISK, "locked_program", where, target=target))
            return
        with content(member, budget) as spool:
            size = spool.seek(0, os.SEEK_END)
            spool.seek(0)
            report.counts.members += 1
            report.counts.unpacked_bytes += size
            self._whole(spool, size, where, target, report, budget, depth)

    def _add_digest(self, stream: IO[bytes], size: int, findings: list[Finding], start: int) -> None:
        """Add the file's SHA-256 to the targets: later actions require this content."""
        stream.seek(0)
        digest, left = hashlib.sha256(), size
        while left > 0 and (piece := stream.read(min(left, 1 << 20))):
            digest.update(piece)
            left -= len(piece)
        for place in range(start, len(findings)):
            target = findings[place].target
            if target is not None:
                findings[place] = replace(findings[place], target=replace(target, sha256=digest.hexdigest()))


@dataclass(frozen=True, slots=True)
class _Window:
    data: bytes
    fresh: memoryview
    """The part of `data` that no earlier window contained."""


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if data is None or len(data) == size or not data:
        return data or b""
    parts, left = [data], size - len(data)
    while left > 0 and (piece := stream.read(left)):
        parts.append(piece)
        left -= len(piece)
    return b"".join(parts)


def _rule_finding(hit: RuleHit, path: str, target: Target) -> Finding:
    reason = "own_rule" if hit.own else "given_rule"
    return Finding(
        Area.FILE, hit.level, reason, path, {"rule": hit.name}, hit.about, threat=hit.threat, target=target
    )


def _hash_finding(entry: Hit, kind: IndicatorType, path: str, target: Target) -> Finding:
    return Finding(
        Area.FILE,
        Level.MALICIOUS,
        "listed_hash",
        path,
        {"hash": kind.value, "place": entry.place},
        indicator=entry.value,
        threat=entry.threat,
        target=target,
    )


def _name_findings(path: str, found: str, target: Target) -> Iterator[Finding]:
    name = _base_name(path)
    if magic.disguised(found, name):
        values = {"ending": magic.ending(name)}
        yield Finding(Area.FILE, Level.SUSPICIOUS, "disguised_program", path, values, target=target)
    if hidden_ending(name):
        yield Finding(Area.FILE, Level.SUSPICIOUS, "hidden_ending", path, target=target)
    if crack := cracked_software(name):
        yield Finding(Area.FILE, Level.RISK, "cracked_software", path, {"name": crack}, target=target)


def _base_name(path: str) -> str:
    return path.rpartition(INSIDE)[2].replace("\\", "/").rpartition("/")[2]
