"""The contract as a user of ape meets it: deployed, called and read by ape alone, its root computed by the package."""

from typing import Any

import ape
import pytest
from ape import project
from ape.types import LogFilter
from eth_pydantic_types import HexBytes

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Address, Hash32

GWEI = 10**9
MEMO = b"rent, may".ljust(32, b"\0")
NO_MEMO = bytes(32)


def word(recipient: Any, value: int) -> bytes:
    """A payment of a batch."""
    return bytes.fromhex(str(recipient.address)[2:]) + value.to_bytes(12, "big")


def address(text: Any) -> Address:
    return Address(bytes.fromhex(str(text)[2:]))


def logs(ledger: Any) -> list[Any]:
    """Both kinds of events of a ledger, in the order of their entries."""
    kinds = [ledger.TransferRecorded, ledger.TransferBatchRecorded]
    filters = [LogFilter.from_event(kind.abi, addresses=[ledger.address]) for kind in kinds]
    found = [log for one in filters for log in ledger.provider.get_contract_logs(one)]
    return sorted(found, key=lambda log: log.event_arguments.get("index", log.event_arguments.get("firstIndex")))


def entries(ledger: Any) -> list[Entry]:
    """Every entry of a ledger, from its events."""
    found: list[Entry] = []
    for log in logs(ledger):
        given = log.event_arguments
        at, memo = int(given["timestamp"]), Hash32(bytes(HexBytes(given["memo"])))
        sender, subject = address(given["sender"]), address(given["subject"])
        if log.event_name == "TransferRecorded":
            assert given["index"] == len(found)
            found.append(Entry(subject, sender, address(given["recipient"]), int(given["value"]), at, memo))
        else:
            assert given["firstIndex"] == len(found)
            for payment in map(bytes, map(HexBytes, given["payments"])):
                value = int.from_bytes(payment[20:], "big")
                found.append(Entry(subject, sender, Address(payment[:20]), value, at, memo))
    return found


def root_of(recorded: list[Entry]) -> bytes:
    return MerkleLog.of(entry.leaf for entry in recorded).root()


def test_a_payment_of_nothing_is_refused(ledger: Any, alice: Any, bob: Any) -> None:
    with ape.reverts(ledger.NothingToRelay):
        ledger.relay(bob, NO_MEMO, sender=alice)


def test_a_payment_to_nobody_is_refused(ledger: Any, alice: Any) -> None:
    with ape.reverts(ledger.NoRecipient):
        ledger.relay("0x" + 40 * "0", NO_MEMO, value=GWEI, sender=alice)


def test_a_batch_that_does_not_add_up_says_what_was_sent_and_what_is_owed(ledger: Any, alice: Any, bob: Any) -> None:
    with ape.reverts(ledger.WrongSum, sent=2 * GWEI, owed=3 * GWEI):
        ledger.relayBatch([word(bob, 3 * GWEI)], NO_MEMO, value=2 * GWEI, sender=alice)


def test_a_recipient_that_refuses_undoes_its_payment_and_is_named(ledger: Any, owner: Any, alice: Any) -> None:
    refuser = owner.deploy(project.Refuser)

    with ape.reverts(ledger.PaymentRefused, recipient=refuser.address, value=GWEI, position=0):
        ledger.relay(refuser, NO_MEMO, value=GWEI, sender=alice)

    assert (ledger.size(), refuser.balance) == (0, 0)


def test_plain_ether_is_refused(ledger: Any, alice: Any) -> None:
    with ape.reverts(ledger.PlainEther):
        alice.transfer(ledger, GWEI)


def test_a_new_ledger_is_empty_and_knows_its_rule(deploy: Any) -> None:
    ledger = deploy(7, 60)

    assert ledger.size() == 0
    assert bytes(ledger.root()) == keccak(b"")
    assert tuple(ledger.blockRule()) == (7, 60)


def test_a_payment_arrives_is_recorded_and_leaves_nothing_behind(ledger: Any, alice: Any, bob: Any) -> None:
    before = bob.balance

    receipt = ledger.relay(bob, MEMO, value=5 * GWEI, sender=alice)

    (log,) = receipt.decode_logs(ledger.TransferRecorded)
    (entry,) = entries(ledger)
    assert log.index == 0
    assert (entry.subject, entry.sender, entry.recipient) == (ETHER, address(alice), address(bob))
    assert (entry.value, entry.memo, entry.timestamp) == (5 * GWEI, MEMO, receipt.timestamp)
    assert (bob.balance - before, ledger.balance) == (5 * GWEI, 0)
    assert bytes(ledger.root()) == entry.leaf


def test_a_batch_pays_everybody_in_order_and_is_one_event(ledger: Any, alice: Any, bob: Any, treasury: Any) -> None:
    before = bob.balance, treasury.balance
    payments = [word(bob, GWEI), word(treasury, 2 * GWEI), word(bob, 3 * GWEI)]

    receipt = ledger.relayBatch(payments, MEMO, value=6 * GWEI, sender=alice)

    (log,) = receipt.decode_logs(ledger.TransferBatchRecorded)
    assert (log.firstIndex, [bytes(HexBytes(one)) for one in log.payments]) == (0, payments)
    assert [entry.value for entry in entries(ledger)] == [GWEI, 2 * GWEI, 3 * GWEI]
    assert (bob.balance - before[0], treasury.balance - before[1], ledger.balance) == (4 * GWEI, 2 * GWEI, 0)


def test_a_fee_stays_until_it_is_collected_and_the_collection_is_an_entry(
    deploy: Any, alice: Any, bob: Any, treasury: Any
) -> None:
    ledger = deploy(100, 0, 50, treasury)
    before = bob.balance, treasury.balance

    ledger.relay(bob, NO_MEMO, value=10**6 * GWEI, sender=alice)
    assert (bob.balance - before[0], ledger.balance) == ((10**6 - 50) * GWEI, 50 * GWEI)

    ledger.collect(sender=alice)
    collected = entries(ledger)[1]
    assert (treasury.balance - before[1], ledger.balance) == (50 * GWEI, 0)
    assert (collected.sender, collected.recipient) == (address(ledger), address(treasury))
    assert collected.value == 50 * GWEI


def test_a_seal_is_an_entry_of_its_own(ledger: Any, alice: Any) -> None:
    ledger.seal(sender=alice)

    (entry,) = entries(ledger)
    assert (entry.subject, entry.sender, entry.value) == (SEAL, address(alice), 0)
    assert entry.is_seal


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_root_is_that_of_the_events_after_any_mixture(
    ledger: Any, alice: Any, bob: Any, treasury: Any, rounds: int
) -> None:
    for at in range(1, rounds + 1):
        ledger.relay(bob, MEMO, value=at * GWEI, sender=alice)
        ledger.relayBatch([word(treasury, at), word(alice, 1)], NO_MEMO, value=at + 1, sender=bob)
        ledger.seal(sender=treasury)

        recorded = entries(ledger)
        assert ledger.size() == len(recorded) == 4 * at
        assert bytes(ledger.root()) == root_of(recorded)
