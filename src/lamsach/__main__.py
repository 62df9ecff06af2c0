"""`python -m lamsach`: the command line where its script is not on the path."""

from lamsach.cli import main

main()
