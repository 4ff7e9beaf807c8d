"""`python -m smartchain`."""

from smartchain.cli import main

main()
