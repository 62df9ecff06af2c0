"""The scanner's command line: that of lamsach with the commands that this bundle carries. Without words it opens the local page."""

import sys


def main() -> None:
    """Run the command line; a double click (no words) opens the page."""
    from lamsach.cli import commands

    for name in [name for name in commands.COMMANDS if name not in ("scan", "quarantine")]:
        del commands.COMMANDS[name]  # type: ignore[attr-defined]
    from lamsach.cli import main as run

    run(sys.argv[1:] or ["scan", "--page"])


if __name__ == "__main__":
    main()
