"""
Keys: from whichever of the usual places the options name to something that signs. No key is ever shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartchain.errors import KeyUnusable, SettingsError
from smartchain.ledger.address import checksum
from smartchain.types import Address
from smartchain.wallet.transaction import Transaction

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

DERIVATION_PATH = "m/44'/60'/0'/0/"
"""Where wallets find their keys in a mnemonic; the index follows."""

Ask = Callable[[str], str]
"""Asks a person for a secret, without an echo."""

_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """Where a key is, by the names that cast gives these options. What is secret stays out of `repr`."""

    private_key: str | None = field(default=None, repr=False)
    keystore: Path | None = None
    """A keystore file (v3)."""
    account: str | None = None
    """Name of a keystore of foundry's, or of an account of ape's."""
    mnemonic: str | None = field(default=None, repr=False)
    """The words, or a file that holds them."""
    mnemonic_index: int = 0
    mnemonic_passphrase: str = field(default="", repr=False)
    derivation_path: str | None = None
    """In full; in place of the index."""
    interactive: bool = False
    """Ask for the private key."""
    password: str | None = field(default=None, repr=False)
    password_file: Path | None = None
    sender: Address | None = None
    """`--from`: the address that the key must have."""

    @property
    def given(self) -> list[str]:
        """Names of the options that say where the key is."""
        where = {
            "--private-key": self.private_key,
            "--keystore": self.keystore,
            "--account": self.account,
            "--mnemonic": self.mnemonic,
            "--interactive": self.interactive or None,
        }
        return [name for name, value in where.items() if value is not None]


class KeySigner:
    """Signs with a key in memory."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self._address = Address(bytes.fromhex(account.address[2:]))

    def __repr__(self) -> str:
        return f"KeySigner({checksum(self._address)})"

    @property
    def address(self) -> Address:
        return self._address

    def sign(self, transaction: Transaction) -> bytes:
        return bytes(self._account.sign_transaction(transaction.fields()).raw_transaction)

    def sign_typed(
        self, domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]
    ) -> tuple[int, int, int]:
        """v, r and s of what is no transaction (EIP-712)."""
        signed = self._account.sign_typed_data(domain, types, message)
        return signed.v, signed.r, signed.s


def open_key(options: KeyOptions, *, home: Path, ask: Ask | None = None) -> KeySigner:
    """
    The signer that the options name; `ask` is there when a person is.

    Raises `SettingsError` unless one option says where the key is, `KeyUnusable` if it does not open or is
    not the key of `--from`.
    """
    if len(options.given) != 1:
        raise SettingsError(_which_key(options.given))
    signer = KeySigner(_open(options, home, ask))
    if options.sender is not None and signer.address != options.sender:
        raise KeyUnusable(
            f"the key of {options.given[0]} is that of {checksum(signer.address)}, "
            f"and --from names {checksum(options.sender)}"
        )
    return signer


def _which_key(given: list[str]) -> str:
    if given:
        return f"{' and '.join(given)} each name a key: give one of them"
    return "no key to sign with: give --account, --keystore, --mnemonic, --private-key or --interactive"


def _open(options: KeyOptions, home: Path, ask: Ask | None) -> LocalAccount:
    if options.private_key is not None:
        return _from_key(options.private_key)
    if options.mnemonic is not None:
        return _from_mnemonic(options, options.mnemonic)
    if options.keystore is not None:
        return _from_keystore(options.keystore, options, ask)
    if options.account is not None:
        return _from_keystore(find_account(options.account, home), options, ask)
    if ask is None:
        raise SettingsError("--interactive needs a terminal to ask on: give --keystore and --password-file")
    return _from_key(ask("Private key: "))


def _from_key(text: str) -> LocalAccount:
    from eth_account import Account

    match = _KEY.fullmatch(text.strip())
    if match is None:
        raise KeyUnusable("a private key is 64 hex digits, with or without 0x")
    try:
        account: LocalAccount = Account.from_key(bytes.fromhex(match[1]))
    except Exception:  # noqa: BLE001 - whatever it is, its text may hold the key
        raise KeyUnusable("this private key is out of range: no address has it") from None
    return account


def _from_mnemonic(options: KeyOptions, mnemonic: str) -> LocalAccount:
    from eth_account import Account

    words = " ".join(_words(mnemonic).split())
    path = options.derivation_path or f"{DERIVATION_PATH}{options.mnemonic_index}"
    Account.enable_unaudited_hdwallet_features()
    try:
        account: LocalAccount = Account.from_mnemonic(words, options.mnemonic_passphrase, path)
    except Exception:  # noqa: BLE001 - whatever it is, its text may hold the words
        raise KeyUnusable(
            "this mnemonic does not open: check the number, the spelling and the order of its words, "
            f"and the derivation path {path}"
        ) from None
    return account


def _words(mnemonic: str) -> str:
    """The words themselves, or those in a file of that name."""
    if " " in mnemonic.strip():
        return mnemonic
    try:
        return Path(mnemonic).read_text()
    except (OSError, ValueError):
        raise KeyUnusable("--mnemonic is neither several words nor a file that can be read") from None


def find_account(name: str, home: Path) -> Path:
    """Keystore of the account of that name, foundry's or ape's. Raises `KeyUnusable` if none or both have it."""
    if Path(name).name != name or name in ("", ".", ".."):
        raise KeyUnusable(f"{name!r} is no account's name: give a path with --keystore")
    places = [home / ".foundry" / "keystores" / name, home / ".ape" / "accounts" / f"{name}.json"]
    found = [place for place in places if place.is_file()]
    if not found:
        raise KeyUnusable(f"no account {name!r}: looked for {places[0]} and {places[1]}")
    if len(found) > 1:
        raise KeyUnusable(f"foundry and ape both have an account {name!r}: give --keystore {found[0]} or {found[1]}")
    return found[0]


def _from_keystore(path: Path, options: KeyOptions, ask: Ask | None) -> LocalAccount:
    from eth_account import Account

    keystore = _read_keystore(path)
    password = _password(path, options, ask)
    try:
        account: LocalAccount = Account.from_key(Account.decrypt(keystore, password))
    except ValueError as exc:
        if "MAC" in str(exc):
            raise KeyUnusable(f"the password does not open {path}") from None
        raise KeyUnusable(f"{path} is no keystore that can be opened: {exc}") from None
    except (KeyError, TypeError, AssertionError, NotImplementedError):
        raise KeyUnusable(f"{path} is no keystore of version 3") from None
    return account


def _read_keystore(path: Path) -> dict[str, object]:
    try:
        keystore = json.loads(path.read_text())
    except OSError as exc:
        raise KeyUnusable(f"the keystore {path} cannot be read: {exc.strerror}") from None
    except ValueError:
        raise KeyUnusable(f"{path} is no keystore: it is not JSON") from None
    if not isinstance(keystore, dict) or not ("crypto" in keystore or "Crypto" in keystore):
        raise KeyUnusable(f"{path} is no keystore: it holds no `crypto`")
    return keystore


def _password(path: Path, options: KeyOptions, ask: Ask | None) -> str:
    if options.password is not None:
        return options.password
    if options.password_file is not None:
        try:
            return options.password_file.read_text().rstrip("\r\n")
        except (OSError, ValueError):
            raise KeyUnusable(f"the password file {options.password_file} cannot be read") from None
    if ask is None:
        raise KeyUnusable(f"{path} needs its password: give --password-file")
    return ask(f"Password of {path.name}: ")
