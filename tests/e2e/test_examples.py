"""The examples on a real node, read by the ordinary commands: likes and Ether in one chain, a deal and its receipt."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from eth_abi.abi import encode

from smartchain.errors import RpcRefused
from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER, keccak
from smartchain.ledger.receipt_file import Receipt, read
from smartchain.types import Address
from tests.e2e.typed import Shell, balance_on_host, payer, shell_for
from tests.fakes.anvil import OnAnvil, on_anvil

EXAMPLES = Path(__file__).parents[1] / "contracts" / "artifacts"
REWARD = 10**18
LIKE = Address(keccak(b"smartchain.example.like")[12:])
TERMS = "(address,address,address,address,uint256,bytes32,uint64)"
ENTRY = "(address,address,address,uint256,uint64,bytes32)"
REFUSES = "0x5f5ffd"


def create(chain: OnAnvil, name: str, types: list[str], values: list[int]) -> Address:
    """One of the examples."""
    code = bytes.fromhex(json.loads((EXAMPLES / f"{name}.json").read_text())["bytecode"][2:])
    return Address(bytes.fromhex(chain.send(None, code + encode(types, values))["contractAddress"][2:]))


def like(chain: OnAnvil, ledger: Address, author: Address, fans: int, posts: int) -> None:
    """Each of so many accounts likes so many posts of the author, a block for each post."""
    for post in range(posts):
        with chain.block():
            for fan in range(fans):
                data = selector("like(address,bytes32)") + encode(["address", "bytes32"], [author, bytes([post] * 32)])
                chain.submit(ledger, data, sender=fan, gas=300_000)


def test_a_thousand_likes_and_their_rewards_are_one_verified_chain(chain: OnAnvil, shell: Shell) -> None:
    posts = (60, 40)
    takes, refuses = Address(b"\x0a" * 20), Address(b"\x0b" * 20)
    chain.rpc.call("anvil_setCode", checksum(refuses), REFUSES)
    before = balance_on_host(chain, checksum(takes))
    ledger = create(chain, "LikeRewards", ["uint256", "uint256"], [100, REWARD])
    chain.send(ledger, selector("fund(bytes32)") + bytes(32), value=20 * REWARD)
    for author, count in zip((takes, refuses), posts, strict=True):
        like(chain, ledger, author, fans=10, posts=count)
    rewards = [count * 10 // 100 for count in posts]

    indexed = shell.type("index", "--ledger", checksum(ledger), "--json").json
    rows = shell.type("entries", "--ledger", checksum(ledger), "--json").lines

    assert indexed["size"] == len(rows) == 1 + 10 * sum(posts) + sum(rewards)
    moved: Counter[tuple[str, str]] = Counter()
    for row in rows:
        moved[row["subject"].lower(), row["recipient"].lower()] += int(row["value"])
    for author, count, paid in zip((takes, refuses), posts, rewards, strict=True):
        assert moved["0x" + LIKE.hex(), "0x" + author.hex()] == 10 * count
        assert moved["0x" + ETHER.hex(), "0x" + author.hex()] == paid * REWARD
    assert balance_on_host(chain, checksum(takes)) - before == rewards[0] * REWARD
    credit = chain.rpc.call("eth_call", {
        "to": checksum(ledger), "data": "0x" + (selector("creditOf(address)") + bytes(12) + refuses).hex(),
    })  # fmt: skip
    assert int(credit, 16) == rewards[1] * REWARD


def deal(chain: OnAnvil) -> Address:
    """An escrow with one deal: the first account pays the eighth 5 gwei for an invoice, and gets an ether for it."""
    escrow = create(chain, "Escrow", [], [])
    terms = (
        chain.ledger,
        ETHER,
        chain.accounts[0],
        chain.accounts[7],
        5 * 10**9,
        b"invoice 17".ljust(32, b"\0"),
        2**40,
    )
    chain.send(escrow, selector(f"open({TERMS})") + encode([TERMS], [terms]), value=10**18, sender=7)
    return escrow


def test_the_file_of_a_receipt_releases_a_deal_on_its_own_chain_alone(chain: OnAnvil, tmp_path: Path) -> None:
    shell, seller = shell_for(tmp_path, chain), chain.accounts[7]
    with on_anvil() as elsewhere:
        escrow, other = deal(chain), deal(elsewhere)
        assert shell.type("send", checksum(seller), "5gwei", "--memo", "invoice 17", "--yes").status == 0
        assert shell.type("index").status == 0
        assert shell.type("receipt", "0").status == 0
        receipt, sound = read((tmp_path / "receipt-0.json").read_text())
        elsewhere.relay(seller, 5 * 10**9)
        with pytest.raises(RpcRefused) as refused:
            elsewhere.rpc.call("eth_call", {"to": checksum(other), "data": shown(receipt)})
    before = balance_on_host(chain, payer(chain))

    chain.send(escrow, bytes.fromhex(shown(receipt)[2:]), sender=5)

    assert sound
    assert (elsewhere.ledger, refused.value.data[:4]) == (chain.ledger, selector("NotInLedger(address,uint64)"))
    assert balance_on_host(chain, payer(chain)) == before + 10**18
    assert balance_on_host(chain, checksum(escrow)) == 0


def shown(receipt: Receipt) -> str:
    """The call that shows a receipt for an escrow's first deal."""
    entry = receipt.entry
    fields = (entry.subject, entry.sender, entry.recipient, entry.value, entry.timestamp, entry.memo)
    types = ["uint256", ENTRY, "uint64", "uint64", "bytes32[]"]
    values = [0, fields, receipt.index, receipt.size, list(receipt.proof)]
    return "0x" + (selector(f"release({','.join(types)})") + encode(types, values)).hex()
