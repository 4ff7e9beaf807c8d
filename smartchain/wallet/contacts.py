"""
Contacts: labels for addresses, in a TOML file that a person can read and edit.

    "alice" = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

A label is looked up exactly as it is written. The file is checked whole whenever it is read, so that what somebody
else put into it cannot pass for what was there.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from pathlib import Path

from smartchain.errors import AddressError, ContactError
from smartchain.ledger.address import checksum, parse_address
from smartchain.types import ZERO_ADDRESS, Address
from smartchain.wallet.labels import check_label, looks_like, shown

MOST_BYTES = 1 << 20


class Contacts:
    """The contacts of one file; one that is not there holds none."""

    def __init__(self, path: Path, text: str, known: dict[str, Address]) -> None:
        self.path = path
        self.known = known
        self._text = text

    @classmethod
    def read(cls, path: Path) -> Contacts:
        """Raises `ContactError` for a file that cannot be read, and naming the first label in it that is wrong."""
        text = _text_of(path)
        contacts = cls(path, text, {})
        for label, written in _entries(path, text).items():
            try:
                contacts._expect_unlike(check_label(label))
                contacts.known[label] = _address(written)
            except (ContactError, AddressError) as wrong:
                raise ContactError(f"{path}: {shown(label)}: {wrong}") from None
        return contacts

    def find(self, label: str) -> Address:
        """The address of exactly that label. Raises `ContactError`, naming a label that looks like it."""
        if label in self.known:
            return self.known[label]
        like = next((known for known in self.known if looks_like(known, label)), None)
        if like is not None:
            raise ContactError(
                f"there is no contact {shown(label)}; {shown(like)} is {checksum(self.known[like])}: labels are taken "
                "exactly as they are written"
            )
        raise ContactError(
            f"{shown(label)} is neither an address nor a contact: write 0x and 40 hex digits, "
            "or make it a contact with 'smartchain contacts add'"
        )

    def add(self, label: str, address: Address) -> None:
        """Keep a label. Raises `ContactError` for one that cannot be, is there, or looks like one that is there."""
        if self.known.get(label) == address:
            return
        if address == ZERO_ADDRESS:
            raise ContactError("the zero address is nobody's: nothing paid to it can be spent")
        self._expect_unlike(check_label(label))
        end = "" if not self._text or self._text.endswith("\n") else "\n"
        self._write(f'{self._text}{end}"{label}" = "{checksum(address)}"\n')
        self.known[label] = address

    def remove(self, label: str) -> Address:
        """Forget a label; the address that it had. Comments and the other lines stay as they are."""
        address = self.find(label)
        lines = [line for line in self._text.splitlines(keepends=True) if not _is_of(line, label)]
        self._write("".join(lines))
        del self.known[label]
        return address

    def _expect_unlike(self, label: str) -> None:
        if label in self.known:
            raise ContactError(f"{shown(label)} is {checksum(self.known[label])} already: remove it first")
        like = next((known for known in self.known if looks_like(known, label)), None)
        if like is not None:
            raise ContactError(
                f"{shown(label)} looks like {shown(like)}, which is {checksum(self.known[like])}: "
                "take a label that nobody can mistake for it"
            )

    def _write(self, text: str) -> None:
        """The file, whole or not at all, for its owner's eyes."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            Path(name).replace(self.path)
        except OSError as error:
            raise ContactError(f"{self.path} cannot be written: {error.strerror}") from None
        self._text = text


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ContactError(f"{path} cannot be read: {error.strerror}") from None
    if len(raw) > MOST_BYTES:
        raise ContactError(f"{path} is too large for a file of contacts")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ContactError(f"{path} is not UTF-8: save it as that") from None


def _entries(path: Path, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContactError(f'{path} is not TOML, lines such as "alice" = "0x…": {error}') from None


def _address(written: object) -> Address:
    if not isinstance(written, str):
        raise ContactError('its address is no text: write "label" = "0x…"')
    return parse_address(written)


def _is_of(line: str, label: str) -> bool:
    """Whether a line of the file is that label's."""
    try:
        return list(tomllib.loads(line)) == [label]
    except tomllib.TOMLDecodeError:
        return False
