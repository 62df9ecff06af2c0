"""The scanner's command line: that of lamsach with the commands that this bundle carries.

Without words it opens the local page.
"""

import sys
from pathlib import Path

PUBLIC_KEY = "@PUBLIC_KEY@"
"""Key of the lists that this bundle takes; empty: the key beside the list."""


def main() -> None:
    """Run the command line; a double click (no words) opens the page."""
    from lamsach.cli import commands
    from lamsach.cli.scan import destination

    for name in set(commands.COMMANDS.commands) - {"scan", "quarantine"}:
        del commands.COMMANDS.commands[name]
    from lamsach.cli import main as run

    words = sys.argv[1:] or ["scan", "--page"]
    folder = Path(__file__).parent.parent / "campaign"
    if words[0] == "scan" and folder.is_dir():
        from lamsach.cli.console import error_line, translate
        from lamsach.errors import LamsachError
        from lamsach.scanner.campaign import read_campaign

        try:
            carried = read_campaign(folder, PUBLIC_KEY)
        except LamsachError as error:
            sys.stderr.write(f"{error_line(error)}\n")
            if not sys.argv[1:] and sys.stdin is not None and sys.stdin.isatty():
                input(translate()("Press Enter to close this window."))  # a double click opened it
            sys.exit(int(error.exit_status))
        destination.CARRIED = carried
        words += [part for path in carried.lists for part in ("-i", path)]
    run(words)


if __name__ == "__main__":
    main()
