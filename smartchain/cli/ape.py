"""`ape smartchain …`: the same commands inside ape."""

from smartchain.cli.group import cli

__all__ = ["cli"]
