"""TokenBurnClaim: as much of the coin as old tokens arrived where nobody has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.coins import NAME, SYMBOL, Mint, Opening
from tests.contracts.evm import NO_GENESIS, Contract, Evm, raw

NOBODY_HAS = "0x" + "00" * 18 + "dEaD"


class Migration(Mint):
    """A coin that takes the place of a token, of which the first account has 1,000 and has allowed all."""

    token: Contract

    @classmethod
    def out_of(cls, evm: Evm, token: str = "MockToken", *arguments: Any) -> Migration:
        made = evm.deploy(token, *arguments)
        coin = evm.deploy("TokenBurnClaim", NAME, SYMBOL, 100, 0, NO_GENESIS, made.address)
        migration = cls(evm, coin, Opening([]))
        migration.token = made
        evm.send(made.functions.mint(evm.accounts[0], 1_000))
        evm.send(made.functions.approve(coin.address, 1_000))
        return migration

    def migrate(self, amount: int) -> Any:
        return self.coin.functions.migrate(amount)

    def burnt(self) -> int:
        return int(self.token.functions.balanceOf(NOBODY_HAS).call())


def data(call: Any) -> str:
    """The call's data."""
    return str(call.build_transaction({"from": NOBODY_HAS, "gas": 1, "gasPrice": 1})["data"])


@pytest.mark.parametrize("what", ["an account", "a contract without balances", "a token without decimals"])
def test_what_is_no_token_is_not_migrated(evm: Evm, what: str) -> None:
    address = {
        "an account": evm.accounts[5],
        "a contract without balances": evm.bpsc().address,
        "a token without decimals": evm.deploy("Refuser").address,
    }[what]

    evm.refuses(
        evm.creation("TokenBurnClaim", NAME, SYMBOL, 100, 0, NO_GENESIS, address), "NotAToken(address)", address
    )


def test_nothing_and_more_than_is_allowed_or_there_are_not_migrated(evm: Evm) -> None:
    migration = Migration.out_of(evm)

    evm.refuses(migration.migrate(0), "NothingToMigrate()")
    evm.refuses(migration.migrate(1_001), "MigrationRefused(address,uint256)", evm.accounts[0], 1_001)
    evm.refuses(migration.migrate(1), "MigrationRefused(address,uint256)", evm.accounts[1], 1, sender=1)
    assert (migration.supply(), migration.burnt()) == (0, 0)


def test_a_token_that_calls_back_into_the_migration_is_refused_there(evm: Evm) -> None:
    migration = Migration.out_of(evm, "CallingToken")
    listener = evm.deploy("Listener")
    token = migration.token
    evm.send(token.functions.mint(listener.address, 100))
    allow = data(token.functions.approve(migration.coin.address, 100))
    evm.send(listener.functions.act(token.address, allow))
    evm.send(listener.functions.listenTo(token.address))
    evm.send(listener.functions.prepare(migration.coin.address, data(migration.migrate(40))))

    evm.send(listener.functions.act(migration.coin.address, data(migration.migrate(50))))

    assert not listener.functions.succeeded().call()
    assert (migration.supply(), migration.burnt()) == (50, 50)
    migration.stands()


@pytest.mark.parametrize(("token", "minted"), [("MockToken", 300), ("OldToken", 300), ("TakingToken", 300)])
def test_as_much_is_minted_as_arrived_where_nobody_has_it(evm: Evm, token: str, minted: int) -> None:
    migration = Migration.out_of(evm, token)

    index, receipt = evm.send(migration.migrate(300))

    said = migration.coin.events.Migrated().process_log(receipt["logs"][-1])["args"]
    assert (said["wallet"], said["index"], said["value"]) == (evm.accounts[0], index, minted)
    assert migration.supply() == migration.burnt() == migration.coin.functions.migrated().call() == minted
    assert [(entry.sender, entry.recipient, entry.value) for entry in migration.entries()] == [
        (bytes(20), raw(evm.accounts[0]), minted)
    ]
    migration.stands()


def test_of_a_token_that_rounds_down_what_arrived_is_minted(evm: Evm) -> None:
    migration = Migration.out_of(evm, "RebasingToken")
    evm.send(migration.token.functions.rebase(300))

    evm.send(migration.migrate(100))

    assert migration.supply() == migration.burnt() == 99
    migration.stands()


def test_the_coin_counts_in_the_decimals_of_the_token(evm: Evm) -> None:
    coin = Migration.out_of(evm).coin

    assert coin.functions.decimals().call() == 6
    assert coin.functions.subject(coin.functions.id().call()).call() == [NAME, SYMBOL, 6]
    assert coin.functions.oldToken().call() != coin.address
