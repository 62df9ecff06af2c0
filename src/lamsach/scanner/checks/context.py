"""Context of a check, and its reporting."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lamsach.scanner.control import Control
from lamsach.scanner.extract import hits
from lamsach.scanner.findings import Area, Counts, Finding, Level, Skip, Target
from lamsach.scanner.index import Index
from lamsach.scanner.options import Options


@dataclass(slots=True)
class Context:
    """The machine for a check; `root` replaces `/`. `starting` collects automatically started files."""

    options: Options
    index: Index
    control: Control
    findings: list[Finding] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    starting: dict[str, str] = field(default_factory=dict)
    """Path of a program -> the place that starts it."""
    running: dict[str, list[tuple[str, Target]]] = field(default_factory=dict)
    """Path of a program -> the processes that run it, by name and target."""

    @property
    def root(self) -> Path:
        """The folder that replaces `/`."""
        return Path(self.options.root)

    @property
    def live(self) -> bool:
        """Return whether the running machine is scanned, not a mounted disk."""
        return self.options.root == "/"

    @property
    def windows(self) -> bool:
        """Return whether this is Windows."""
        return sys.platform == "win32"

    def skip(self, subject: str, reason: str) -> None:
        """Report an object that was not examined."""
        # a file read by its usual name need not exist
        self.skips.append(Skip(subject, "absent" if reason == "vanished" else reason))

    def listed(
        self,
        area: Area,
        subject: str,
        text: str,
        *,
        reason: str,
        target: Target | None = None,
        level: Level = Level.MALICIOUS,
    ) -> bool:
        """Report each listed value in the text; return whether there was one."""
        found = hits(text, self.index)
        for hit in found:
            self.findings.append(
                Finding(
                    area,
                    level,
                    reason,
                    subject,
                    {"place": hit.place},
                    text[:2000],
                    hit.value,
                    hit.threat,
                    target,
                )
            )
        return bool(found)

    def homes(self) -> Iterator[Path]:
        """Yield the home folders of the machine's users, this process's own first."""
        seen: set[Path] = set()
        places = [Path.home()] if self.live else []
        if self.windows:
            places += sorted(Path.home().parent.glob("*"))
        else:
            places += [self.root / "root", *sorted((self.root / "home").glob("*"))]
        for place in places:
            if place not in seen and place.is_dir() and not place.is_symlink():
                seen.add(place)
                yield place
