"""A factory on real nodes: one address on every chain, and all that it knows read back from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from eth_abi.abi import encode

from smartchain.errors import NoContract, NotAFactory, RootMismatch
from smartchain.host import factory
from smartchain.host.contracts import Subject
from smartchain.host.factory import PROXY, Listed, Terms
from smartchain.host.registry import Factory
from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import EMPTY_ROOT, ETHER
from smartchain.ports import Head
from smartchain.types import Address, Size
from tests.fakes.anvil import OnAnvil, on_anvil

MOCKS = Path(__file__).parents[1] / "contracts" / "artifacts"
REVERTS, SHOUTS = 4, 6


@pytest.fixture
def chain() -> Iterator[OnAnvil]:
    """A chain with a ledger of its own."""
    with on_anvil() as made:
        yield made


def create(chain: OnAnvil, name: str) -> Address:
    """One of the tests' own contracts."""
    code = bytes.fromhex(json.loads((MOCKS / f"{name}.json").read_text())["bytecode"][2:])
    return Address(bytes.fromhex(chain.send(None, code)["contractAddress"][2:]))


def built(chain: OnAnvil) -> Factory:
    """The factory, made by whoever comes first."""
    chain.send(PROXY, factory.factory_creation(), gas=16_000_000)
    return Factory(chain.rpc, factory.factory_address())


def test_it_has_one_address_on_every_chain_whoever_makes_it() -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(on_anvil()) for _ in range(2))
        second.mine(3)
        first.send(PROXY, factory.factory_creation(), sender=0, gas=16_000_000)
        second.send(PROXY, factory.factory_creation(), sender=5, gas=16_000_000)

        ours = [Factory(one.rpc, factory.factory_address()) for one in (first, second)]
        terms = Terms(max_entries=7)
        foretold = ours[0].foretold(first.accounts[3], terms)
        for one, made in zip((first, second), ours, strict=True):
            assert made.registry() == Head(Size(0), EMPTY_ROOT)
            one.send(made.address, factory.deploy_through_data(terms), sender=3)
            assert list(made.ledgers()) == [Listed(foretold, True)]


def test_what_is_no_factory_is_named(chain: OnAnvil) -> None:
    with pytest.raises(NoContract, match="check --factory"):
        Factory(chain.rpc, factory.factory_address())
    with pytest.raises(NotAFactory, match="no factory of ledgers"):
        Factory(chain.rpc, chain.ledger)


def test_each_chain_of_the_list_is_described_by_what_it_says_itself(chain: OnAnvil) -> None:
    made, token, hostile = built(chain), create(chain, "MockToken"), create(chain, "HostileLedger")
    chain.relay(chain.accounts[1], 5)
    for listed in (chain.ledger, hostile):
        chain.send(made.address, factory.register_data(listed))
    chain.send(made.address, factory.deploy_through_data(Terms(token, 7, 60)))
    chain.send(hostile, selector("turn(uint8)") + encode(["uint8"], [SHOUTS]))

    ether, odd, of_token = map(made.chain, made.ledgers())

    assert made.count() == 3
    assert (ether.subject, ether.described, ether.rule) == (ETHER, Subject("Ether", "ETH", 18), BlockRule(100, 0))
    assert ether.head is not None
    assert ether.head.size == 1
    assert (of_token.listed.deployed, of_token.subject) == (True, token)
    assert (of_token.described, of_token.rule) == (Subject("Mock Token", "MOCK", 6), BlockRule(7, 60))
    assert (odd.listed, odd.head, odd.rule) == (Listed(hostile, False), None, None)
    assert (odd.subject, odd.described) == (None, None)


def test_the_registry_is_read_from_its_events_and_held_to_its_root(chain: OnAnvil) -> None:
    made, hostile = built(chain), create(chain, "HostileLedger")
    for listed in (chain.ledger, hostile):
        chain.send(made.address, factory.register_data(listed))
    chain.send(made.address, factory.update_data(chain.ledger))
    chain.send(hostile, selector("turn(uint8)") + encode(["uint8"], [REVERTS]))
    chain.send(made.address, factory.update_data(hostile))
    before = chain.newest()
    chain.relay(chain.accounts[1], 5)
    chain.send(made.address, factory.update_data(chain.ledger))

    heads = made.heads()

    assert [(head.ledger, head.size) for head in heads] == [(chain.ledger, 0), (chain.ledger, 1)]
    assert made.registry().size == 2
    with pytest.raises(RootMismatch, match="from the block of its deployment on"):
        made.heads(before + 1)


def test_the_documentation_says_the_addresses_and_the_gas() -> None:
    root = Path(__file__).parents[2]
    page, tokens = ((root / "docs" / name).read_text() for name in ("factory.md", "tokens.md"))
    gas = json.loads((root / "benchmarks" / "gas.json").read_text())
    token = gas["token"]
    per_payment = round(token["batch, a payment"]["of 100"])

    assert checksum(factory.factory_address()) in page
    assert checksum(PROXY) in page
    assert [f"{number:,}" for number in gas["factory"].values() if f"| {number:,} |" not in page] == []
    for number in (token["deploy"], token["relay, number 65"], token["relay with a permit"], per_payment):
        assert f"| {number:,} |" in tokens
    assert f"{token['a transfer past the ledger']:,}" in tokens
