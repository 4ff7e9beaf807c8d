"""The command line: the composition root, the only reader of the environment and the only builder of objects."""

from smartchain.cli.group import cli, main

__all__ = ["cli", "main"]
