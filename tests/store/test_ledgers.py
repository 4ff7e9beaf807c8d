"""What every backend owes to `ports.Store`: any number of ledgers in one database, told apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartchain.errors import LedgerNotChosen, WrongStore
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import keccak
from smartchain.ports import Genesis, LedgerInfo, Store
from smartchain.types import Address, ChainId, Size
from tests.store.conftest import Opened
from tests.store.making import INFO, LEDGER, UNTOUCHED, Story, payments


def test_a_contract_that_says_something_else_than_what_is_stored_is_another_ledger(store: Store) -> None:
    store.ledger(INFO)

    with pytest.raises(WrongStore, match="its interval is 0, the contract's 60"):
        store.ledger(replace(INFO, rule=BlockRule(3, 60)))
    with pytest.raises(WrongStore, match="its fee per million is 0, the contract's 50"):
        store.ledger(replace(INFO, fee_ppm=50))
    with pytest.raises(WrongStore, match="genesis root"):
        store.ledger(replace(INFO, genesis=replace(INFO.genesis, root=keccak(b"other"))))


def test_an_empty_store_has_no_ledger_to_open(store: Store) -> None:
    assert store.ledgers() == []
    with pytest.raises(WrongStore, match="holds no ledger yet; `smartchain index` takes one up"):
        store.open()


def test_a_ledger_that_is_not_there_is_said_with_those_that_are(store: Store) -> None:
    store.ledger(INFO)

    with pytest.raises(WrongStore, match=f"does not hold ledger 0x2222.*; it holds {checksum(LEDGER)} on chain 31337"):
        store.open(Address(b"\x22" * 20))


def test_one_of_several_ledgers_has_to_be_chosen(store: Store) -> None:
    other = replace(INFO, address=Address(b"\x2e" * 20))
    store.ledger(INFO)
    store.ledger(other)

    with pytest.raises(
        LedgerNotChosen, match=f"--ledger: {checksum(LEDGER)} on chain 31337, {checksum(other.address)} on chain 31337"
    ):
        store.open()
    assert store.open(other.address).info == other
    assert store.ledgers() == [INFO, other]


def test_the_same_address_on_two_chains_is_two_ledgers(store: Store) -> None:
    store.ledger(INFO).take(Story().step(payments(1, 5)))
    elsewhere = store.ledger(replace(INFO, chain_id=ChainId(1)))

    assert elsewhere.status() == UNTOUCHED
    with pytest.raises(LedgerNotChosen, match="several ledgers"):
        store.open(LEDGER)


def test_a_lone_ledger_need_not_be_named_and_is_there_after_closing(opened: Opened) -> None:
    store = opened()
    store.ledger(INFO)
    store.close()

    assert opened().open().info == INFO


@pytest.mark.parametrize("chain_id", [1, 2**53, 2**63 - 37])
def test_what_was_said_about_a_ledger_is_kept_to_the_last_bit(store: Store, chain_id: int) -> None:
    genesis = Genesis(Size(2**47), keccak(b"genesis"), 2**64 - 1)
    rule = BlockRule(2**32 - 1, 2**32 - 1)
    info = LedgerInfo(ChainId(chain_id), LEDGER, rule, genesis, 2**40, 100_000)

    assert store.ledger(info).info == info
    assert store.ledgers() == [info]


def test_the_block_to_read_from_may_be_corrected_until_something_is_read(store: Store) -> None:
    store.ledger(INFO)
    corrected = replace(INFO, deployed_at=5)
    ledger = store.ledger(corrected)
    assert ledger.info == corrected

    ledger.take(Story(corrected, at=4).step(payments(1, 2)))

    assert store.ledger(INFO).info == corrected
