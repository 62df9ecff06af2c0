"""The command line of the hunt's bundle. Without words it opens the local page."""

import sys

LEFT_OUT = ("serve", "service", "manage", "backup", "restore", "demo", "scan", "quarantine")


def main() -> None:
    """Run the command line; a double click (no words) opens the page."""
    from lamsach.cli import commands

    for name in LEFT_OUT:
        commands.COMMANDS.commands.pop(name, None)
    from lamsach.cli import main as run

    run(sys.argv[1:] or ["desk"])


if __name__ == "__main__":
    main()
