"""Checks inside Windows or Wine, run by the Python of the bundle.

`wine_checks.py NAMES` does these checks and prints the results as JSON.

Not collected by pytest; `test_wine.py` starts it. NAMES are those of functions of the modules beside it;
files after `--` are those whose signatures are checked.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))  # the bundle's Python leaves it out
    modules = [import_module(name) for name in ("wine_files", "wine_values", "wine_findings")]
    checks = {name: check for module in modules for name, check in vars(module).items()}
    modules[0].FOLDER.mkdir(exist_ok=True)
    if sys.argv[1] == "die":
        checks["die"](sys.argv[2])
        sys.exit(0)
    names = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    sys.stdout.write(json.dumps({name: checks[name]() for name in names}) + "\n")
