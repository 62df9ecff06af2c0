"""Own rules and a campaign's, compiled by YARA-X (https://virustotal.github.io/yara-x/).

Own rules are in files by subject, and a file is searched only with those that could match its kind: a Linux
program not with those for scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, UnreadableError
from lamsach.scanner.findings import Level

FILES = ("kinds.yar", "programs.yar", "windows.yar", "linux.yar", "text.yar")
MEMORY = ("memory.yar",)
OWN = "lamsach"
WHOLE_CONTENT = frozenset({"test_file_eicar"})
"""Rules that determine the whole content of a file, as a digest does."""
TEXT_BYTES = 4 << 20
"""Size limit for matching own rules against a file that is no program."""
RULE_FILE_BYTES = 64 << 20


class Content(StrEnum):
    """Kind of a file for own rules."""

    WINDOWS = "windows"
    LINUX = "linux"
    TEXT = "text"
    AUTOIT = "autoit"
    OTHER = "other"


PARTS: dict[Content, tuple[str, ...]] = {
    Content.WINDOWS: ("kinds.yar", "programs.yar", "windows.yar"),
    Content.LINUX: ("kinds.yar", "programs.yar", "linux.yar"),
    Content.TEXT: ("kinds.yar", "text.yar"),
    Content.AUTOIT: FILES,
}
"""Own rules that apply to each kind of file."""
_AUTOIT = bytes.fromhex("A3484BBE986C4AA9994C530A86D6487D")


def content_of(head: bytes, size: int) -> Content:
    """Return the kind of a file with this head and size, as the conditions in `kinds.yar` do."""
    first = head[:4]
    if first[:2] == b"MZ":
        return Content.WINDOWS
    if first == b"\x7fELF":
        return Content.LINUX
    if head.startswith(_AUTOIT):
        return Content.AUTOIT
    return Content.TEXT if size < TEXT_BYTES and first != b"PK\x03\x04" else Content.OTHER


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that matched: name, level and threat by its metadata (default `suspicious`, empty)."""

    name: str
    level: Level
    threat: str
    own: bool
    about: str


@dataclass(frozen=True, slots=True)
class RuleSources:
    """The text of all rules, to be compiled in each worker: (namespace, text)."""

    texts: tuple[tuple[str, str], ...]

    @property
    def given(self) -> RuleSources:
        """The rules that are not own ones."""
        return RuleSources(tuple(text for text in self.texts if text[0] != OWN))


def own_text(names: Sequence[str]) -> str:
    """Return the text of some of our own files."""
    folder = resources.files(__name__)
    return "\n".join(folder.joinpath(name).read_text("utf-8") for name in names)


def rule_sources(paths: Sequence[str] = (), *, own: Sequence[str] = FILES) -> RuleSources:
    """Read own rules and those of files and folders (`*.yar`, `*.yara`). Raises UnreadableError."""
    texts = [(OWN, own_text(own))]
    for path in paths:
        place = Path(path)
        files = sorted([*place.rglob("*.yar"), *place.rglob("*.yara")]) if place.is_dir() else [place]
        for number, file in enumerate(files):
            try:
                if file.stat().st_size > RULE_FILE_BYTES:
                    raise UnreadableError("The file of rules is too large.", str(file))
                text = file.read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                raise UnreadableError(
                    "The file of rules cannot be read.", str(file), "Give YARA rules as UTF-8 text."
                ) from None
            texts.append((f"given_{len(texts)}_{number}", text))
    return RuleSources(tuple(texts))


def compile_rules(sources: RuleSources) -> Any:
    """Compile rules. Included files are refused. Raises InputError for rules with an error."""
    import yara_x

    compiler = yara_x.Compiler()
    compiler.enable_includes(False)
    for namespace, text in sources.texts:
        compiler.new_namespace(namespace)
        try:
            compiler.add_source(text)
        except yara_x.CompileError as error:
            first = " ".join(str(error).split())[:300]
            raise InputError("The rules have an error.", first, "Correct the rules and try again.") from None
    return compiler.build()


def count_rules(sources: RuleSources) -> int:
    """Count the rules without private ones."""
    return sum(1 for _ in compile_rules(sources))


class Searcher:
    """Search of bytes with compiled rules. Belongs to one thread."""

    def __init__(self, rules: Any, timeout_s: int) -> None:
        import yara_x

        self._timeout: type[Exception] = yara_x.TimeoutError
        self._error: type[Exception] = yara_x.ScanError
        self._scanner = yara_x.Scanner(rules)
        self._scanner.set_timeout(timeout_s)
        self._scanner.max_matches_per_pattern(1000)

    def search(self, data: bytes) -> list[RuleHit]:
        """Return the matching rules. Raises TimeoutError when too slow, ValueError on failure."""
        try:
            matching = self._scanner.scan(data).matching_rules
        except self._timeout:
            raise TimeoutError from None
        except self._error as error:
            raise ValueError(str(error)) from None
        return [_hit(rule) for rule in matching] if matching else []


class FileSearcher:
    """Search of files with own rules that could match, and all given rules. Belongs to one thread."""

    def __init__(self, sources: RuleSources, timeout_s: int) -> None:
        self._own: dict[Content, Searcher] = {}
        self._timeout_s = timeout_s
        given = sources.given
        self._given = Searcher(compile_rules(given), timeout_s) if given.texts else None
        self.searches_all = self._given is not None
        """True when every byte of every file is searched, because given rules may be about anything."""

    def searches(self, content: Content) -> bool:
        """Return whether any rule could match such a file."""
        return self.searches_all or content in PARTS

    def search(self, data: bytes, content: Content, *, first: bool = True) -> list[RuleHit]:
        """Return the rules that match a file or a piece of it.

        Own rules are about a file's beginning, so they search its `first` piece only. Raises TimeoutError
        when too slow, ValueError on failure.
        """
        hits = self._of(content).search(data) if first and content in PARTS else []
        return hits + self._given.search(data) if self._given is not None else hits

    def _of(self, content: Content) -> Searcher:
        """Return own rules for a kind of file, compiled on first use."""
        if content not in self._own:
            rules = compile_rules(RuleSources(((OWN, own_text(PARTS[content])),)))
            self._own[content] = Searcher(rules, self._timeout_s)
        return self._own[content]


def _hit(rule: Any) -> RuleHit:
    meta = {str(name): str(value) for name, value in rule.metadata}
    stated = meta.get("level", "")
    level = Level(stated) if stated in set(Level) else Level.SUSPICIOUS
    own = rule.namespace == OWN
    return RuleHit(
        rule.identifier, level, meta.get("threat", ""), own, meta.get("about", meta.get("description", ""))
    )
