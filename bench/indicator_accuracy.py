"""Precision and recall of the list readers over a folder of cases, for each format.

A case is one line of `cases.jsonl`: `format`, `expected` (`must`, `optional`, `must_not`, `noise`: lists of type and value) and either
`raw` (lines of text) or `file` (a path below the folder).

    python -m bench.indicator_accuracy FOLDER [--refused] [--show FORMAT]

`--refused` counts a refusal that names the value as a hit. `--show` lists the misses and surpluses of one format (or `all`).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path

from lamsach.indicators.reading import read_list
from lamsach.model import Indicator

KINDS = {"ip", "network", "domain", "url", "md5", "sha1", "sha256"}
NAMES = {"cidr": "network"}


def plain(kind: str, value: str) -> tuple[str, str]:
    """One spelling for comparison: no end slash, lower case but for the path of a URL."""
    kind = NAMES.get(kind, kind)
    value = value.strip().rstrip("/")
    if kind != "url":
        return kind, value.lower()
    scheme, mark, rest = value.partition("://")
    host, slash, path = (rest if mark else value).partition("/")
    return kind, (scheme.lower() + mark if mark else "") + host.lower() + slash + path


def values(items: list[dict[str, str]]) -> set[tuple[str, str]]:
    """The expected values of the kinds that the readers know."""
    return {found for item in items if (found := plain(item["type"], item["value"]))[0] in KINDS}


def read_case(
    case: dict, folder: Path, scratch: Path
) -> tuple[set[tuple[str, str]], set[tuple[str, str]], list[str]]:
    """The values taken and the values refused, and the problems."""
    path = folder / case["file"] if "file" in case else scratch / "case.txt"
    if "file" not in case:
        path.write_text("\n".join(case["raw"]), encoding="utf-8")
    taken: set[tuple[str, str]] = set()
    refused: set[tuple[str, str]] = set()
    problems: list[str] = []
    for item in read_list(str(path), lambda problem: problems.append(problem.what)):
        if isinstance(item, Indicator):
            taken.add(plain(item.type, item.value))
        elif item.type is not None:
            refused.add(plain(item.type, item.value))
    return taken, refused, problems


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--refused", action="store_true")
    parser.add_argument("--show", default="")
    arguments = parser.parse_args()
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    with tempfile.TemporaryDirectory() as scratch:
        for line in (arguments.folder / "cases.jsonl").read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            taken, refused, problems = read_case(case, arguments.folder, Path(scratch))
            expected = case["expected"]
            must = values(expected.get("must", []))
            allowed = must | values(expected.get("optional", [])) | values(expected.get("noise", []))
            hits = must & (taken | refused if arguments.refused else taken)
            missed, surplus = must - hits, taken - allowed
            total = sums[case["format"]]
            for place, number in enumerate(
                (1, len(hits), len(missed), len(surplus), not missed and not surplus)
            ):
                total[place] += number
            if arguments.show in (case["format"], "all") and (missed or surplus or problems):
                print(case["id"], problems or "")
                print("   missed ", sorted(missed)[:8], len(missed))
                print("   surplus", sorted(surplus)[:8], len(surplus))
    print(
        f"{'format':28}{'cases':>7}{'exact':>7}{'hits':>8}{'missed':>8}{'surplus':>8}{'prec.':>8}{'recall':>8}{'F1':>8}"
    )
    everything = [sum(column) for column in zip(*sums.values(), strict=True)]
    for name, (cases, hits, missed, surplus, exact) in [*sorted(sums.items()), ("all", everything)]:
        precision = hits / (hits + surplus) if hits + surplus else 1.0
        recall = hits / (hits + missed) if hits + missed else 1.0
        both = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        print(
            f"{name:28}{cases:7}{exact:7}{hits:8}{missed:8}{surplus:8}{precision:8.3f}{recall:8.3f}{both:8.3f}"
        )


if __name__ == "__main__":
    main()
