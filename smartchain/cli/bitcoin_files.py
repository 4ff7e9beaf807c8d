"""
Headers and blocks of Bitcoin from files: raw, or in hex as `bitcoin-cli` prints them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from smartchain.errors import InputError

if TYPE_CHECKING:
    from smartchain.host.bitcoin.headers import Header
    from smartchain.host.bitcoin.transactions import Transaction

MOST_BYTES = 64 * 2**20


def read_headers(file: Path) -> list[Header]:
    """Headers that follow each other, oldest first. Raises `InputError`, `BurnError` where the run is broken."""
    from smartchain.host.bitcoin.headers import check_run, split_headers

    headers = split_headers(_content(file))
    if not headers:
        raise InputError(f"{file} holds no Bitcoin headers")
    check_run(headers)
    return headers


def read_block_file(file: Path) -> tuple[Header, list[Transaction]]:
    """A whole block. Raises `InputError`, `BurnError`."""
    from smartchain.host.bitcoin.transactions import read_block

    return read_block(_content(file))


def _content(file: Path) -> bytes:
    """The bytes that a file holds, or that its hex stands for."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as exc:
        raise InputError(f"{file} cannot be read: {exc.strerror}") from None
    if len(content) > MOST_BYTES:
        raise InputError(f"{file} is larger than {MOST_BYTES >> 20} MiB: that is no block, and no run of headers")
    try:
        return bytes.fromhex(content.decode("ascii"))
    except ValueError:
        return content
