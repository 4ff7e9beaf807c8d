"""`python -m smartchain.cli`."""

from smartchain.cli import main

main()
