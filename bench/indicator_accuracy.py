"""Precision and recall of the list readers over a folder of cases, for each format.

A case is one line of `cases.jsonl`: `format`, `expected` (`must`, `optional`, `must_not`, `noise`: lists of
type and value) and either `raw` (lines of text) or `file` (a path below the folder).

Some truths are partial, and marked: `line_oracle` knows only lines that are one bare value (no
`address:port`, no `host/path`), and a `_pair` knows only the values that the author's second file repeats
from the document. A surplus of such a case is `beyond` (counted separately, neither hit nor error) when the
author wrote it as a value: defanged, or alone in its line or cell in a spelling unknown to the truth. `F1`
leaves those out; `strict` counts them as errors.

A URL without a scheme in the list keeps none, and equals the truth's with `http://`, which the author's tool
had added.

A value refused with its type because no list may hold it (private, loopback, reserved: `INTERNAL`) counts as
found: the truths come from tools without that policy. A case with nothing but `must_not` judges only those.
Cases flagged `options...` were written for settings of another tool and are skipped.

    python -m bench.indicator_accuracy FOLDER [--refused] [--show FORMAT]

`--refused` counts a refusal that names the value as a hit. `--show` lists the misses and surpluses of one
format (or `all`).
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path

from lamsach.indicators.lists import read_list
from lamsach.indicators.values import refusals
from lamsach.indicators.values.refang import refang
from lamsach.model import Indicator

INTERNAL = {
    refusals.PRIVATE,
    refusals.LOOPBACK,
    refusals.LINK_LOCAL,
    refusals.MULTICAST,
    refusals.UNSPECIFIED,
    refusals.SHARED,
    refusals.RESERVED,
    refusals.PUBLIC_SUFFIX,
}
KINDS = {"ip", "network", "domain", "url", "md5", "sha1", "sha256"}
NAMES = {"cidr": "network"}


def plain(kind: str, value: str) -> tuple[str, str]:
    """Return one spelling for comparison: no end slash, lower case except in the path of a URL."""
    kind = NAMES.get(kind, kind)
    value = value.strip().rstrip("/")
    if kind != "url":
        return kind, value.lower()
    scheme, mark, rest = value.partition("://")
    host, slash, path = (rest if mark else value).partition("/")
    return kind, (scheme.lower() + mark if mark else "") + host.lower() + slash + path


def with_scheme(found: tuple[str, str]) -> tuple[str, str]:
    """Return a URL without a scheme as one of the web, anything else unchanged."""
    kind, value = found
    return (kind, f"http://{value}") if kind == "url" and "://" not in value else found


def values(items: list[dict[str, str]]) -> set[tuple[str, str]]:
    """Return the expected values of the kinds known to the readers."""
    return {found for item in items if (found := plain(item["type"], item["value"]))[0] in KINDS}


ALONE = re.compile(r"[\s|*`_a+-]*(\S+?)[\s|*`_+,;-]*")
HAS_PORT_OR_PATH = re.compile(r"[^\s:/]+(?::\d+|/\S+)")


TRUE_KINDS = frozenset({"domain", "ip", "network", "url", "md5", "sha1", "sha256"})
"""The kinds known to the truths: listed values of other kinds are beyond them."""


def is_beyond(case: dict, line: str) -> bool:
    """Report whether the author wrote values in a line in a way unknown to this case's partial truth."""
    pair = case["format"].endswith("_pair")
    if not pair and "line_oracle" not in case["flags"]:
        return False
    if refang(line) != line:
        return True
    cells = [match[1] for cell in line.split("|") if (match := ALONE.fullmatch(cell))]
    return any(pair or HAS_PORT_OR_PATH.fullmatch(cell) for cell in cells)


def read_case(
    case: dict, folder: Path, scratch: Path, *, all_refused: bool = False
) -> tuple[set[tuple[str, str]], set[tuple[str, str]], list[str], set[tuple[str, str]]]:
    """Return accepted and refused values, problems, and accepted values that a partial truth may not know.

    Of the refused values only the internal ones, unless `all_refused`.
    """
    path = folder / case["file"] if "file" in case else scratch / "case.txt"
    if "file" not in case:
        path.write_text("\n".join(case["raw"]), encoding="utf-8")
    accepted: set[tuple[str, str]] = set()
    refused: set[tuple[str, str]] = set()
    problems: list[str] = []
    beyond: set[tuple[str, str]] = set()
    internal: set[tuple[str, str]] = set()
    lines = [line for part in case.get("raw", ()) for line in part.split("\n")]
    for item in read_list(str(path), lambda problem: problems.append(problem.what)):
        if isinstance(item, Indicator):
            accepted.add(plain(item.type, item.value))
            row = item.reference.row if item.reference else None
            if item.type not in TRUE_KINDS or (row and row <= len(lines) and is_beyond(case, lines[row - 1])):
                beyond.add(plain(item.type, item.value))
        elif item.type is not None:
            refused.add(plain(item.type, item.value))
            if item.reason in INTERNAL:
                internal.add(plain(item.type, item.value))
    return accepted, refused if all_refused else internal, problems, beyond


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--refused", action="store_true")
    parser.add_argument("--show", default="")
    arguments = parser.parse_args()
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0, 0])
    with tempfile.TemporaryDirectory() as scratch:
        for line in (arguments.folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            accepted, refused, problems, beyond = read_case(
                case, arguments.folder, Path(scratch), all_refused=arguments.refused
            )
            expected = case["expected"]
            if any(str(flag).startswith("options") for flag in case.get("flags", ())):
                continue
            must = values(expected.get("must", []))
            allowed = must | values(expected.get("optional", [])) | values(expected.get("noise", []))
            hits = must & (accepted | refused)
            missed = must - hits
            surplus = {found for found in accepted - allowed if with_scheme(found) not in allowed}
            if not must and expected.get("must_not"):
                surplus = accepted & values(expected["must_not"])
            total = sums[case["format"]]
            for column, number in enumerate(
                (
                    1,
                    len(hits),
                    len(missed),
                    len(surplus - beyond),
                    not missed and not surplus - beyond,
                    len(surplus & beyond),
                )
            ):
                total[column] += number
            if arguments.show in (case["format"], "all") and (missed or surplus - beyond or problems):
                print(case["id"], problems or "")
                print("   missed ", sorted(missed)[:8], len(missed))
                print("   surplus", sorted(surplus - beyond)[:8], len(surplus - beyond))
    print(
        f"{'format':28}{'cases':>7}{'exact':>7}{'hits':>8}{'missed':>8}{'surplus':>8}{'beyond':>8}"
        f"{'prec.':>8}{'recall':>8}{'F1':>8}{'strict':>8}"
    )
    everything = [sum(column) for column in zip(*sums.values(), strict=True)]
    for name, (cases, hits, missed, surplus, exact, beyond_all) in [
        *sorted(sums.items()),
        ("all", everything),
    ]:
        precision = hits / (hits + surplus) if hits + surplus else 1.0
        recall = hits / (hits + missed) if hits + missed else 1.0
        print(
            f"{name:28}{cases:7}{exact:7}{hits:8}{missed:8}{surplus:8}{beyond_all:8}{precision:8.3f}"
            f"{recall:8.3f}"
            f"{f1(hits, missed, surplus):8.3f}{f1(hits, missed, surplus + beyond_all):8.3f}"
        )


def f1(hits: int, missed: int, surplus: int) -> float:
    """Return the harmonic mean of precision and recall; 1 where nothing was to be found and none was."""
    return 2 * hits / (2 * hits + missed + surplus) if hits + missed + surplus else 1.0


if __name__ == "__main__":
    main()
