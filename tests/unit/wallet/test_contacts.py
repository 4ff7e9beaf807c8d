"""Labels for addresses: those that mislead are refused, the others found as they are written and no other way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import ContactError
from smartchain.ledger.address import checksum
from smartchain.types import ZERO_ADDRESS, Address
from smartchain.wallet.contacts import Contacts
from smartchain.wallet.ens import namehash
from smartchain.wallet.labels import check_label, looks_like
from smartchain.wallet.payees import Payees

ANN, BOB = Address(b"\xaa" * 20), Address(b"\xbb" * 20)

MISLEADING = [
    ("", "it is empty"),
    ("   ", "it is empty"),
    (" alice", "spaces around it"),
    ("alice ", "spaces around it"),
    ("alice  smith", "two in a row"),
    ("a" * 65, "more than 64"),
    ("0x", "looks like an address"),
    ("0xbc", "looks like an address"),
    ("Oxdeadbeef", "looks like an address"),
    ("deadbeef", "hex number"),
    ("70997970C51812dc3A010C7d01b50e0d17dc79C8", "looks like an address"),
    ("42", "looks like a number"),
    ("1.5", "looks like a number"),
    ("Recipient", "a column of payment files"),
    ("alice.eth", "ENS or domain name"),
    ("bob.example", "ENS or domain name"),
    ("-yes", "begins with '-'"),
    ("+alice", "begins with '+'"),
    ("=alice", "not '='"),
    ("alice,bob", "not ','"),
    ('ali"ce', "not '\"'"),
    ("ali\nce", r"not '\\n'"),
    ("ali\u200bce", r"not '\\u200b'"),
    ("alice\u202e", r"not '\\u202e'"),
    ("ali\u00a0ce", "look like others"),
    ("\uff41lice", "write 'alice'"),
    ("e\u0301lise", "look like others"),
    ("\u0430lice", "mixes cyrillic and latin"),
    ("\u0441\u043e\u0441\u043e", "each of its letters looks like a Latin one"),
    ("\u0391\u03a7", "each of its letters looks like a Latin one"),
    ("\u0251lice", "looks like another letter"),
    ("shop\u0661", "not '\u0661'"),
    ("alice\U0001f600", "not"),
]


@pytest.mark.parametrize(("text", "reason"), MISLEADING)
def test_a_label_that_misleads_is_refused_and_the_reason_said(text: str, reason: str) -> None:
    with pytest.raises(ContactError, match=reason.replace("+", r"\+").replace(".", r"\.")):
        check_label(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "Alice"),
        ("alice", "ALICE"),
        ("alice", "a1ice"),
        ("bill", "bi1l"),
        ("bill", "bIll"),
        ("shop0", "shopO"),
        ("cafe", "café"),
        ("modern", "modem"),
        ("alice smith", "alice-smith"),
        ("alice_smith", "alicesmith"),
        ("Ole", "Øle"),
        ("wave", "vvave"),
    ],
)
def test_two_labels_that_look_alike_are_never_both_there(tmp_path: Path, one: str, other: str) -> None:
    contacts = Contacts.read(tmp_path / "contacts.toml")
    contacts.add(one, ANN)

    with pytest.raises(ContactError, match="looks like"):
        contacts.add(other, BOB)
    with pytest.raises(ContactError, match="exactly as they are written"):
        contacts.find(other)
    assert looks_like(one, other)
    assert Contacts.read(contacts.path).known == {one: ANN}


@pytest.mark.parametrize(
    "label", ["alice", "Dr. Who", "R&D (Berlin)", "Zoë", "Łukasz", "Straße 5", "日本の店", "Иван", "한국"]
)
def test_a_label_that_a_person_would_take_is_kept_and_found(tmp_path: Path, label: str) -> None:
    path = tmp_path / "deep" / "contacts.toml"
    Contacts.read(path).add(label, ANN)

    assert Contacts.read(path).find(label) == ANN
    assert path.read_text() == f'"{label}" = "{checksum(ANN)}"\n'
    assert path.stat().st_mode & 0o077 == 0


def refusal(text: str) -> str | None:
    """Why a text cannot be a label; None if it can."""
    try:
        check_label(text)
    except ContactError as refused:
        return str(refused)
    return None


@given(st.text(max_size=70))
def test_whatever_may_be_a_label_fits_a_line_of_toml_and_of_csv_and_whatever_not_is_told_harmlessly(text: str) -> None:
    reason = refusal(text)

    assert reason is None or reason.isprintable()
    if reason is None:
        assert not set(text) & set('"\\\n\r\t,;')
        assert text == text.strip()
        assert text.isprintable()


def test_a_contact_is_not_taken_over_and_is_forgotten_only_when_named_exactly(tmp_path: Path) -> None:
    contacts = Contacts.read(tmp_path / "contacts.toml")
    contacts.add("alice", ANN)

    with pytest.raises(ContactError, match="already: remove it first"):
        contacts.add("alice", BOB)
    with pytest.raises(ContactError, match="zero address"):
        contacts.add("nobody", ZERO_ADDRESS)
    with pytest.raises(ContactError, match="exactly"):
        contacts.remove("ALICE")
    contacts.add("alice", ANN)
    assert contacts.remove("alice") == ANN
    contacts.add("alice", BOB)
    assert Contacts.read(contacts.path).known == {"alice": BOB}


def test_what_a_person_wrote_into_the_file_stays_there(tmp_path: Path) -> None:
    path = tmp_path / "contacts.toml"
    path.write_text(f'# friends\nann = "{checksum(ANN)}"  # since 2017\n\n# work\n"bob" = "{checksum(BOB)}"')

    contacts = Contacts.read(path)
    contacts.add("carol", ANN)
    contacts.remove("bob")

    kept = f'# friends\nann = "{checksum(ANN)}"  # since 2017\n\n# work\n"carol" = "{checksum(ANN)}"\n'
    assert path.read_text() == kept
    assert Contacts.read(path).known == {"ann": ANN, "carol": ANN}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("alice = ", "is not TOML"),
        ('alice = "0x12"', "'alice': '0x12' is not an address"),
        ("alice = 5", "'alice': its address is no text"),
        ("[alice]\nx = 1", "'alice': its address is no text"),
        (f'"alice.eth" = "{checksum(ANN)}"', "ENS or domain name"),
        (f'alice = "{checksum(ANN)}"\nAlice = "{checksum(BOB)}"', "'Alice' looks like 'alice'"),
        (f'alice = "{checksum(ANN)[:-1]}{"B" if checksum(ANN)[-1] != "B" else "b"}"', "'alice'"),
        ("\xff", "not UTF-8"),
        ("#" * 1_100_000, "too large"),
    ],
)
def test_a_file_with_something_wrong_in_it_is_refused_whole(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "contacts.toml"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(ContactError, match=reason):
        Contacts.read(path)


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContactError, match="cannot be read"):
        Contacts.read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ContactError, match="cannot be"):
        Contacts.read(tmp_path / "file" / "contacts.toml").add("alice", ANN)


def test_who_is_meant_is_an_address_a_contact_or_nobody(tmp_path: Path) -> None:
    contacts = Contacts.read(tmp_path / "contacts.toml")
    contacts.add("alice", ANN)
    payees = Payees(contacts)

    assert payees.find("alice") == payees.find(checksum(ANN)) == ANN
    with pytest.raises(ContactError, match="neither an address nor a contact"):
        payees.find("bob")
    with pytest.raises(ContactError, match="exactly"):
        payees.find(" alice")
    with pytest.raises(ContactError, match="only with --ens"):
        payees.find("alice.eth")


@pytest.mark.parametrize(
    "name", ["", "alice..eth", ".eth", "Alice.eth", "аlice.eth", "a_b.eth", "xn--alice.eth", "-a.eth"]
)
def test_a_name_that_is_not_plain_is_not_looked_up(name: str) -> None:
    with pytest.raises(ContactError, match="no plain ENS name"):
        namehash(name)


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("eth", "93cdeb708b7545dc668eb9280176169d1c33cfd8ed6f04690a0bcc88a93fc4ae"),
        ("foo.eth", "de9b09fd7c5f901e23a3f19fecc54828e9c848539801e86591bd9801b019f84f"),
        ("vitalik.eth", "ee6c4522aab0003e8d14cd40a6af439055fd2577951148c14b6cea9a53475835"),
    ],
)
def test_a_name_has_the_hash_that_erc_137_gives_it(name: str, node: str) -> None:
    assert namehash(name).hex() == node
