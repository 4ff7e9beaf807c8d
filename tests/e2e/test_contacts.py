"""Paying by label and by name, as it is typed: the address is always shown, and nothing goes where it was not meant."""

from __future__ import annotations

import pytest

from smartchain.ledger.address import checksum
from smartchain.types import Address
from smartchain.wallet.ens import namehash
from tests.contracts.evm import artifact
from tests.e2e.typed import Shell, balance_on_host, nothing_sent, wallet
from tests.fakes.anvil import OnAnvil

SET_RESOLVER = "1896f70a"
SET_ADDR = "d5fa2b00"


def deployed(chain: OnAnvil, name: str) -> Address:
    made = chain.send(None, bytes.fromhex(artifact(name)["bytecode"][2:]), gas=2_000_000)
    return Address(bytes.fromhex(made["contractAddress"][2:]))


def named(chain: OnAnvil, registry: Address, name: str, address: str | None) -> None:
    """Have ENS know a name; without an address its resolver knows none."""
    resolver, node = deployed(chain, "MockEnsResolver"), namehash(name)
    chain.send(registry, bytes.fromhex(SET_RESOLVER) + node + bytes(12) + resolver)
    if address:
        chain.send(resolver, bytes.fromhex(SET_ADDR) + node + bytes(12) + bytes.fromhex(address[2:]))


@pytest.fixture
def registry(chain: OnAnvil) -> str:
    """A registry of names on the chain; its address."""
    made = deployed(chain, "MockEnsRegistry")
    named(chain, made, "alice.eth", wallet(81))
    named(chain, made, "empty.eth", None)
    return checksum(made)


def test_a_payment_to_a_label_that_is_not_there_is_refused_before_anything(shell: Shell, chain: OnAnvil) -> None:
    shell.type("contacts", "add", "alice", wallet(80))
    (shell.folder / "pay.csv").write_text(f"recipient,amount\nalice,1gwei\nAlice,2gwei\n{wallet(3)},1\n")
    (shell.folder / "bad.toml").write_text('alice = "0x12"\n')

    with nothing_sent(chain):
        shell.refused("send", "bob", "1gwei", says=["'bob' is neither an address nor a contact", "contacts add"])
        shell.refused("send", "Alice", "1gwei", says=["no contact 'Alice'", "'alice' is 0x", "exactly"])
        shell.refused("send", "аlice", "1gwei", says="no contact 'аlice'")
        shell.refused("send", " alice", "1gwei", says="exactly")
        shell.refused("send", "alice.eth", "1gwei", says="only with --ens")
        shell.refused("send", wallet(80)[:-1], "1gwei", says="is not an address")
        shell.refused("send", "--batch", "pay.csv", "--yes", says=["line 3", "no contact 'Alice'"])
        shell.refused("send", "alice", "1gwei", "--contacts", "bad.toml", says="bad.toml: 'alice'")
    assert [path for path in shell.files() if path.endswith(".run")] == []


def test_a_label_that_misleads_is_refused_with_a_sentence(shell: Shell) -> None:
    shell.type("contacts", "add", "alice", wallet(80))

    shell.refused("contacts", "add", "Alice", wallet(81), says="looks like 'alice', which is 0x")
    shell.refused("contacts", "add", "alice.eth", wallet(81), says="ENS or domain name")
    shell.refused("contacts", "add", "0xabc", wallet(81), says="looks like an address")
    shell.refused("contacts", "add", "bob ", wallet(81), says="spaces around it")
    shell.refused("contacts", "add", "bоb", wallet(81), says="mixes cyrillic and latin")
    shell.refused("contacts", "add", "bob", wallet(81)[:-2], says="is not an address")
    shell.refused("contacts", "remove", "bob", says="neither an address nor a contact")
    assert shell.type("contacts", "list", "--json").lines == [{"label": "alice", "address": wallet(80)}]


def test_contacts_are_kept_listed_and_forgotten(shell: Shell) -> None:
    path = shell.folder / ".config" / "smartchain" / "contacts.toml"

    assert shell.type("contacts", "list").err.startswith("there are no contacts yet")
    assert shell.type("contacts", "add", "Dr. Who", wallet(80)).out == f"Dr. Who is {wallet(80)}\n"
    assert shell.type("contacts", "add", "bob", wallet(81), "--json").json == {"label": "bob", "address": wallet(81)}
    assert path.read_text() == f'"Dr. Who" = "{wallet(80)}"\n"bob" = "{wallet(81)}"\n'
    assert wallet(80) in shell.type("contacts", "list").out
    shell.type("contacts", "remove", "bob")
    assert [one["label"] for one in shell.type("contacts", "list", "--json").lines] == ["Dr. Who"]
    shell.environment["SMARTCHAIN_CONTACTS"] = str(shell.folder / "other.toml")
    assert shell.type("contacts", "list", "--json").lines == []


def test_a_label_pays_and_its_address_is_shown_first(shell: Shell, chain: OnAnvil) -> None:
    shell.type("contacts", "add", "Dr. Who", wallet(82))

    done = shell.type("send", "Dr. Who", "5gwei", "--yes", "--json")
    dry = shell.type("send", "Dr. Who", "5gwei", "--dry-run")

    assert done.json["index"] == 0
    assert done.err.splitlines()[0] == dry.err.splitlines()[0] == f"Dr. Who is {wallet(82)}"
    assert balance_on_host(chain, wallet(82)) == 5 * 10**9


def test_labels_work_in_a_file_and_one_that_is_given_to_another_stops_the_run(shell: Shell, chain: OnAnvil) -> None:
    shell.type("contacts", "add", "ann", wallet(83))
    shell.type("contacts", "add", "bob", wallet(84))
    (shell.folder / "pay.csv").write_text(f"ann,1gwei,rent\nbob,2gwei\nann,3gwei\n{wallet(85)},4gwei\n")

    done = shell.type("send", "--batch", "pay.csv", "--yes")

    assert done.status == 0, done.err
    assert done.err.index(f"ann is {wallet(83)}") < done.err.index("payments")
    assert done.err.count(" is 0x") == 2
    assert [balance_on_host(chain, wallet(83 + at)) for at in range(3)] == [4 * 10**9, 2 * 10**9, 4 * 10**9]
    shell.type("contacts", "remove", "bob")
    shell.type("contacts", "add", "bob", wallet(86))
    with nothing_sent(chain):
        shell.refused("send", "--batch", "pay.csv", "--yes", says="or the address of a label in it")


def test_a_name_of_ens_is_looked_up_only_when_asked(shell: Shell, chain: OnAnvil, registry: str) -> None:
    (shell.folder / "pay.csv").write_text("alice.eth,7gwei\n")
    known = ["--ens-registry", registry]
    with nothing_sent(chain):
        shell.refused("send", "alice.eth", "1gwei", says="only with --ens")
        shell.refused("send", "alice.eth", "1gwei", "--ens", says="a chain without ENS at 0x00000000000C2E07")
        shell.refused("send", "bob.eth", "1gwei", *known, says="ENS knows no 'bob.eth'")
        shell.refused("send", "empty.eth", "1gwei", *known, says="no address in 'empty.eth'")
        shell.refused("send", "Alice.eth", "1gwei", *known, says="no plain ENS name")

    one = shell.type("send", "alice.eth", "5gwei", *known)
    many = shell.type("send", "--batch", "pay.csv", "--yes", *known)

    assert (one.status, many.status) == (0, 0), one.err + many.err
    assert f"alice.eth is {wallet(81)}" in one.err
    assert f"alice.eth is {wallet(81)}" in many.err
    assert balance_on_host(chain, wallet(81)) == 12 * 10**9


def test_ens_is_where_it_is_on_ethereum_unless_said_otherwise(shell: Shell, chain: OnAnvil, registry: str) -> None:
    code = chain.rpc.call("eth_getCode", registry, "latest")
    slots = "0x00000000000c2e074ec69a0dfb2997ba6c7d2e1e"
    chain.rpc.call("anvil_setCode", slots, code)
    named(chain, Address(bytes.fromhex(slots[2:])), "carol.eth", wallet(87))

    done = shell.type("send", "carol.eth", "5gwei", "--ens", "--json")

    assert done.json["index"] == 0
    assert balance_on_host(chain, wallet(87)) == 5 * 10**9
    chain.rpc.call("anvil_setCode", slots, "0x")
