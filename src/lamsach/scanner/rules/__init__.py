"""The rules: our own, and those that a campaign ships, compiled by YARA-X (https://virustotal.github.io/yara-x/)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from lamsach.errors import InputError, UnreadableError
from lamsach.scanner.findings import Level

FILES, MEMORY = "files.yar", "memory.yar"
OWN = "lamsach"
RULE_FILE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that matched: its name, level and threat as its meta data state them (`suspicious` and empty by default)."""

    name: str
    level: Level
    threat: str
    own: bool
    about: str


@dataclass(frozen=True, slots=True)
class RuleSources:
    """The text of all rules, to be compiled in each worker: (namespace, text)."""

    texts: tuple[tuple[str, str], ...]


def rule_sources(paths: Sequence[str] = (), *, own: str = FILES) -> RuleSources:
    """Our rules and those of the files and folders given (`*.yar`, `*.yara`). Raises UnreadableError."""
    texts = [(OWN, resources.files(__name__).joinpath(own).read_text("utf-8"))]
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
    """Compiled rules. Included files are refused. Raises InputError for rules with an error."""
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
    """How many rules there are, private ones not counted."""
    return sum(1 for _ in compile_rules(sources))


class Searcher:
    """Searches bytes by compiled rules. Belongs to one thread."""

    def __init__(self, rules: Any, timeout_s: int) -> None:
        import yara_x

        self._timeout: type[Exception] = yara_x.TimeoutError
        self._error: type[Exception] = yara_x.ScanError
        self._scanner = yara_x.Scanner(rules)
        self._scanner.set_timeout(timeout_s)
        self._scanner.max_matches_per_pattern(1000)

    def search(self, data: bytes) -> list[RuleHit]:
        """The rules that match. Raises TimeoutError when they take too long, ValueError when they fail."""
        try:
            matching = self._scanner.scan(data).matching_rules
        except self._timeout:
            raise TimeoutError from None
        except self._error as error:
            raise ValueError(str(error)) from None
        return [_hit(rule) for rule in matching] if matching else []


def _hit(rule: Any) -> RuleHit:
    meta = {str(name): str(value) for name, value in rule.metadata}
    stated = meta.get("level", "")
    level = Level(stated) if stated in set(Level) else Level.SUSPICIOUS
    own = rule.namespace == OWN
    return RuleHit(
        rule.identifier, level, meta.get("threat", ""), own, meta.get("about", meta.get("description", ""))
    )
