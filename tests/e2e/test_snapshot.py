"""Typing `snapshot create` and `snapshot verify`, as a person would."""

from __future__ import annotations

import random
from itertools import chain as chain_
from pathlib import Path

from eth_abi.abi import encode

from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import coin_id, keccak
from smartchain.snapshot.files import Snapshot
from tests.e2e.test_subjects import create, mint
from tests.e2e.typed import Shell, wallet
from tests.fakes.anvil import OnAnvil

A, B = "0x" + "0a" * 20, "0x" + "0b" * 20


def test_a_snapshot_is_written_checked_and_refused_where_it_was_altered(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {})
    (tmp_path / "wallets.csv").write_text(f"wallet,value\n{B},7\n{A},5\n")

    made = shell.type("snapshot", "create", "wallets.csv", "--output", "opening", "--timestamp", "1700000000", "--json")
    found = shell.type("snapshot", "verify", "opening", "--json")

    assert made.json == found.json
    assert (made.json["size"], made.json["total"], made.json["timestamp"]) == (2, "12", 1_700_000_000)
    assert "wallets" in shell.type("snapshot", "verify", "opening").out
    opening = (tmp_path / "opening").read_bytes()
    (tmp_path / "opening").write_bytes(opening[:-1] + b"\6")
    shell.refused("snapshot", "verify", "opening", says="it was altered")
    (tmp_path / "wallets.csv").write_text(f"wallet,value\n{A},5\n{A},5\n")
    shell.refused(
        "snapshot",
        "create",
        "wallets.csv",
        "--output",
        "twice",
        "--timestamp",
        "1",
        says=["line 3", "line 2 already"],
    )
    shell.refused("snapshot", "create", "wallets.csv", "--output", "opening", says="--timestamp", status=2)


def test_no_file_is_written_over_not_even_the_table_that_is_read(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {})
    (tmp_path / "wallets.csv").write_text(f"wallet,value\n{A},5\n")
    create = ("snapshot", "create", "wallets.csv", "--timestamp", "1700000000", "--output")
    assert shell.type(*create, "opening").status == 0
    before = {name: (tmp_path / name).read_bytes() for name in shell.files()}

    for name in before:
        shell.refused(*create, name, says=f"{name} is there already: name another file with --output")

    assert {name: (tmp_path / name).read_bytes() for name in shell.files()} == before


def entries_of(file: Path) -> dict[str, int]:
    """Wallets of a snapshot and their values."""
    found = {}
    for packed in chain_.from_iterable(Snapshot(file).entries()):
        entry = Entry.unpack(packed)
        found[checksum(entry.recipient)] = entry.value
    return found


def test_a_snapshot_of_a_host_is_what_every_account_has(chain: OnAnvil, shell: Shell) -> None:
    for number in range(1, 30):
        chain.relay(parse_address(wallet(number)), number)
    chain.rpc.call("anvil_setBalance", checksum(chain.ledger), hex(77))
    chain.rpc.call("anvil_setBalance", "0x" + "00" * 20, hex(5))
    chain.mine(1)

    made = shell.type("snapshot", "create", "--output", "all", "--json").json
    shell.type("snapshot", "create", "--output", "again", "--block", chain.newest(), "--json")
    wallets = shell.type("snapshot", "create", "--output", "wallets", "--no-contracts", "--json").json
    told = shell.type("snapshot", "create", "--output", "told", "--no-contracts")

    found = entries_of(shell.folder / "all")
    for who, value in found.items():
        assert int(chain.rpc.call("eth_getBalance", who, "latest"), 16) == value
    assert {wallet(number): number for number in range(1, 30)}.items() <= found.items()
    assert {checksum(account) for account in chain.accounts} <= found.keys()
    assert found[checksum(chain.ledger)] == 77
    assert (made["block_number"], made["left_out"]["of_zero_address"]) == (chain.newest(), "5")
    assert (shell.folder / "all").read_bytes() == (shell.folder / "again").read_bytes()
    assert checksum(chain.ledger) not in entries_of(shell.folder / "wallets")
    assert (wallets["left_out"]["contracts"], wallets["left_out"]["of_contracts"]) == (1, "77")
    assert "left out: 1 contract with 77 wei" in told.err
    shell.refused("snapshot", "create", "--output", "old", "--block", "1", says="the state of its newest block alone")
    shell.refused("snapshot", "create", "--output", "old", "--block", "99999", says="has no block 99999 yet")
    shell.refused("snapshot", "create", "--output", "old", "--rpc-url", "http://127.0.0.1:1", says="127.0.0.1:1")
    shell.refused(
        "snapshot", "create", "wallets.csv", "--block", "1", "--output", "o", says="leave the table", status=2
    )
    assert not (shell.folder / "old").exists()


def test_a_snapshot_of_a_token_is_what_its_holders_have_at_that_block(chain: OnAnvil, shell: Shell) -> None:
    chance = random.Random(5)
    token = create(chain, "StandardToken", ["string", "string", "uint8"], ["Standard", "STD", 6])
    mint(chain, token, 10**9)
    to = selector("transfer(address,uint256)")
    for _ in range(40):
        recipient = parse_address(wallet(chance.randrange(12)))
        chain.send(token, to + encode(["address", "uint256"], [recipient, chance.randrange(100)]))
    at = chain.newest()
    chain.send(token, to + encode(["address", "uint256"], [parse_address(wallet(99)), 12345]))

    made = shell.type("snapshot", "create", "--token", checksum(token), "--block", at, "--output", "t", "--json").json

    assert (made["subject"], made["total"], made["block_number"]) == (checksum(token), str(10**9), at)
    found = entries_of(shell.folder / "t")
    for who, value in found.items():
        data = "0x" + (selector("balanceOf(address)") + bytes(12) + parse_address(who)).hex()
        assert int(chain.rpc.call("eth_call", {"to": checksum(token), "data": data}, hex(at)), 16) == value
    assert wallet(99) not in found
    coined = ("snapshot", "create", "--token", checksum(token), "--coin", "New", "NEW", "--output", "c", "--json")
    assert shell.type(*coined).json["subject"] == checksum(coin_id("New", "NEW"))

    silent = create(chain, "OldToken", [], [])
    of = ("snapshot", "create", "--output", "no", "--token")
    shell.refused(*of, checksum(silent), says=[checksum(silent), "as an ERC-20 does"])
    shell.refused(*of, wallet(5), says=["there is no contract at", wallet(5)])
    place = keccak(bytes(12) + parse_address(wallet(1)) + bytes(32))
    chain.rpc.call("anvil_setStorageAt", checksum(token), "0x" + place.hex(), "0x" + (1).to_bytes(32, "big").hex())
    chain.mine(1)
    shell.refused(*of, checksum(token), says=[f"leave {wallet(1)}", "balanceOf says 1", "without a transfer"])
    assert not (shell.folder / "no").exists()
