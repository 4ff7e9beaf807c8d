"""Keys: found where the options say, refused with a sentence, and never shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from smartchain.errors import KeyUnusable, SettingsError
from smartchain.ledger.address import checksum, parse_address
from smartchain.wallet.keys import KeyOptions, open_key

MNEMONIC = "test test test test test test test test test test test junk"
FIRST = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SECOND = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def keystore() -> str:
    return json.dumps(Account.encrypt(bytes.fromhex(KEY[2:]), PASSWORD, kdf="pbkdf2", iterations=2))


@pytest.fixture
def home(tmp_path: Path, keystore: str) -> Path:
    """With an account of foundry's, one of ape's, and one that both have."""
    foundry, ape = tmp_path / ".foundry/keystores", tmp_path / ".ape/accounts"
    for folder, names in ((foundry, ("forged", "both")), (ape, ("aped.json", "both.json"))):
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_text(keystore)
    return tmp_path


def address_of(options: KeyOptions, home: Path, ask: Callable[[str], str] | None = None) -> str:
    return checksum(open_key(options, home=home, ask=ask).address)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (KeyOptions(), "no key to sign with: give --account"),
        (KeyOptions(private_key=KEY, account="x"), "--private-key and --account each name a key"),
        (KeyOptions(interactive=True), "--interactive needs a terminal"),
    ],
)
def test_one_option_says_where_the_key_is(options: KeyOptions, hint: str, home: Path) -> None:
    with pytest.raises(SettingsError, match=hint):
        open_key(options, home=home)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (KeyOptions(private_key=KEY[:-1]), "64 hex digits"),
        (KeyOptions(private_key="0x" + "zz" * 32), "64 hex digits"),
        (KeyOptions(private_key="00" * 32), "out of range"),
        (KeyOptions(private_key="ff" * 32), "out of range"),
        (KeyOptions(mnemonic=MNEMONIC.replace("junk", "test")), "check the number, the spelling and the order"),
        (KeyOptions(mnemonic=MNEMONIC, derivation_path="nonsense"), "derivation path nonsense"),
        (KeyOptions(mnemonic="junk"), "neither several words nor a file"),
        (KeyOptions(account="nobody"), "no account 'nobody': looked for"),
        (KeyOptions(account="both"), "foundry and ape both have an account 'both'"),
        (KeyOptions(account="../keystores/forged"), "no account's name: give a path with --keystore"),
        (KeyOptions(account=".."), "no account's name"),
        (KeyOptions(account="forged"), "needs its password: give --password-file"),
        (KeyOptions(account="forged", password="wrong"), "the password does not open"),
        (KeyOptions(account="forged", password_file=Path("/nowhere/at/all")), "password file /nowhere/at/all cannot"),
        (KeyOptions(keystore=Path("/nowhere/at/all")), "cannot be read: No such file"),
        (KeyOptions(private_key=KEY, sender=parse_address(SECOND)), f"and --from names {SECOND}"),
    ],
)
def test_a_key_that_does_not_open_is_explained_and_not_shown(options: KeyOptions, hint: str, home: Path) -> None:
    with pytest.raises(KeyUnusable) as caught:
        open_key(options, home=home)
    assert hint in str(caught.value)
    for secret in (options.private_key, options.mnemonic, options.password):
        assert secret is None or secret == "junk" or secret not in repr(caught.value) + repr(options)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"crypto": 1}',
        '{"version": 1, "crypto": {}}',
        '{"version": 3, "crypto": {"kdf": "md5"}}',
        '{"version": 3, "crypto": {"kdf": "scrypt", "kdfparams": {}, "ciphertext": "", "mac": ""}}',
    ],
)
def test_a_file_that_is_no_keystore_is_named(content: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(KeyUnusable, match=str(path)):
        open_key(KeyOptions(keystore=path, password=PASSWORD), home=tmp_path)


def test_every_way_to_name_a_key_opens_the_same(home: Path, keystore: str) -> None:
    words, secret = home / "words", home / "password"
    words.write_text(MNEMONIC + "\n")
    secret.write_text(PASSWORD + "\n")
    ways = [
        KeyOptions(private_key=KEY),
        KeyOptions(private_key=KEY[2:]),
        KeyOptions(mnemonic=MNEMONIC),
        KeyOptions(mnemonic=str(words)),
        KeyOptions(account="forged", password=PASSWORD),
        KeyOptions(account="aped", password_file=secret),
        KeyOptions(keystore=home / ".ape/accounts/both.json", password=PASSWORD),
        KeyOptions(private_key=KEY, sender=parse_address(FIRST)),
    ]
    assert {address_of(options, home) for options in ways} == {FIRST}
    assert address_of(KeyOptions(account="aped"), home, lambda prompt: PASSWORD) == FIRST
    assert address_of(KeyOptions(interactive=True), home, lambda prompt: KEY) == FIRST


def test_a_mnemonic_holds_many_keys(home: Path) -> None:
    assert address_of(KeyOptions(mnemonic=MNEMONIC, mnemonic_index=1), home) == SECOND
    assert address_of(KeyOptions(mnemonic=MNEMONIC, derivation_path="m/44'/60'/0'/0/1"), home) == SECOND
    assert address_of(KeyOptions(mnemonic=MNEMONIC, mnemonic_passphrase="salt"), home) != FIRST


def test_a_signer_shows_its_address_alone(home: Path) -> None:
    assert repr(open_key(KeyOptions(private_key=KEY), home=home)) == f"KeySigner({FIRST})"
    shown = repr(KeyOptions(private_key=KEY, mnemonic=MNEMONIC, password=PASSWORD, mnemonic_passphrase="salt"))
    assert not any(secret in shown for secret in (KEY[2:], MNEMONIC, PASSWORD, "salt"))
