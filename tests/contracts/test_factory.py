"""The factory: a ledger for each creator and terms at a foretold address, a list of all, one log of their heads."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode

from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import inclusion_proof, perfect_of
from smartchain.ledger.registry import RegistryHead
from smartchain.types import Address, Hash32, Size
from tests.contracts.evm import NO_GENESIS, NO_MEMO, NOBODY, Contract, Evm, artifact, raw, word

FRESH = "0x" + "57" * 20
ETHER_TERMS = (checksum(ETHER), 100, 0, 0, NOBODY)
ANSWERS, THREE_WORDS, ONE_WORD, TOO_LARGE, REVERTS, BURNS_GAS, SHOUTS = range(7)


@pytest.fixture
def factory(evm: Evm) -> Contract:
    return evm.deploy("BPSCFactory")


def deployed(evm: Evm, factory: Contract, terms: Any = ETHER_TERMS, genesis: Any = NO_GENESIS, sender: int = 0) -> str:
    """The address of a ledger that the factory makes."""
    made, _ = evm.send(factory.functions.deploy(terms, genesis), sender=sender)
    return str(made)


def bpsc(evm: Evm, address: str, name: str = "BPSC") -> Contract:
    """What stands there, as a contract of this kind."""
    return evm.eth.contract(address, abi=artifact(name)["abi"])


def told(event: Any, receipt: Any) -> dict[str, Any]:
    """What the one event of this kind in a receipt says."""
    (log,) = (log for log in receipt["logs"] if log["topics"][0].hex() == event.topic.removeprefix("0x"))
    return dict(event.process_log(log)["args"])


# refusals


def test_a_second_ledger_of_the_same_terms_is_refused(evm: Evm, factory: Contract) -> None:
    first = deployed(evm, factory)

    evm.refuses(factory.functions.deploy(ETHER_TERMS, NO_GENESIS), "AlreadyDeployed(address)", first)

    assert factory.functions.count().call() == 1


def test_a_second_ledger_of_the_same_genesis_root_is_refused_whatever_its_timestamp(
    evm: Evm, factory: Contract
) -> None:
    first = deployed(evm, factory, genesis=(1, 1_000, [b"\7" * 32]))

    call = factory.functions.deploy(ETHER_TERMS, (1, 2_000, [b"\7" * 32]))

    evm.refuses(call, "AlreadyDeployed(address)", first)


def test_terms_that_a_ledger_refuses_are_refused_by_the_factory_in_the_ledgers_words(
    evm: Evm, factory: Contract
) -> None:
    deploy = factory.functions.deploy

    evm.refuses(deploy((*ETHER_TERMS[:3], 1, NOBODY), NO_GENESIS), "NoTreasury()")
    evm.refuses(deploy((FRESH, 100, 0, 0, NOBODY), NO_GENESIS), "NotAToken(address)", FRESH)
    evm.refuses(deploy(ETHER_TERMS, (3, 0, [b"\7" * 32])), "WrongGenesis(uint64,uint256)", 3, 1)


def test_what_has_no_head_to_show_is_not_listed(evm: Evm, factory: Contract) -> None:
    hostile = evm.deploy("HostileLedger")
    for act in (ONE_WORD, TOO_LARGE, REVERTS, BURNS_GAS, SHOUTS):
        evm.send(hostile.functions.turn(act))
        evm.refuses(factory.functions.register(hostile.address), "NotALedger(address)", hostile.address)
    for nothing in (FRESH, NOBODY, factory.address, evm.deploy("MockToken").address):
        evm.refuses(factory.functions.register(nothing), "NotALedger(address)", nothing)


def test_what_is_listed_is_not_listed_again(evm: Evm, factory: Contract) -> None:
    made, own = deployed(evm, factory), evm.bpsc().address
    evm.send(factory.functions.register(own))

    for ledger in (made, own):
        evm.refuses(factory.functions.register(ledger), "AlreadyListed(address)", ledger)


def test_the_head_of_what_is_not_listed_is_not_recorded(evm: Evm, factory: Contract) -> None:
    own = evm.bpsc().address

    evm.refuses(factory.functions.update(own), "NotListed(address)", own)


def test_nobody_but_the_factory_takes_an_address_of_its_deployers(evm: Evm, factory: Contract) -> None:
    types = ["bytes32", "(address,uint32,uint32,uint32,address)", "(uint64,uint64,bytes32[])"]
    data = selector(f"deploy({','.join(types)})") + encode(types, [bytes(32), ETHER_TERMS, NO_GENESIS])
    for number in (1, 2):  # the factory's own first and second contract
        deployer = checksum(Address(keccak(b"\xd6\x94" + raw(factory.address) + bytes([number]))[12:]))
        assert len(evm.eth.get_code(deployer)) > 5_000

        sent = evm.eth.send_transaction({"from": evm.accounts[4], "to": deployer, "data": data, "gas": 10**7})

        assert evm.eth.wait_for_transaction_receipt(sent)["status"] == 0


# deploying


def test_a_ledger_of_ether_is_made_where_it_was_foretold_and_works(evm: Evm, factory: Contract) -> None:
    foretold = factory.functions.addressOf(evm.accounts[2], ETHER_TERMS, NO_GENESIS).call()
    assert factory.functions.deployedAt(evm.accounts[2], ETHER_TERMS, EMPTY_ROOT).call() == NOBODY

    made, receipt = evm.send(factory.functions.deploy(ETHER_TERMS, NO_GENESIS), sender=2)

    ledger = bpsc(evm, made)
    assert made == foretold == factory.functions.deployedAt(evm.accounts[2], ETHER_TERMS, EMPTY_ROOT).call()
    evm.send(ledger.functions.relay(FRESH, NO_MEMO), value=5)
    assert (evm.balance(FRESH), ledger.functions.size().call(), ledger.functions.blockRule().call()) == (5, 1, [100, 0])
    assert told(factory.events.LedgerDeployed(), receipt) == {
        "ledger": made,
        "creator": evm.accounts[2],
        "subject": checksum(ETHER),
        "maxEntries": 100,
        "interval": 0,
        "feePpm": 0,
        "treasury": NOBODY,
        "genesisRoot": EMPTY_ROOT,
    }


def test_a_ledger_of_a_token_is_made_where_it_was_foretold_and_works(evm: Evm, factory: Contract) -> None:
    token = evm.deploy("MockToken")
    terms = (token.address, 7, 60, 50, evm.accounts[3])
    genesis = (1, 1_000, [b"\7" * 32])
    foretold = factory.functions.addressOf(evm.accounts[0], terms, genesis).call()

    made = deployed(evm, factory, terms, genesis)

    ledger = bpsc(evm, made, "TokenBPSC")
    assert made == foretold == factory.functions.deployedAt(evm.accounts[0], terms, b"\7" * 32).call()
    assert (ledger.functions.token().call(), ledger.functions.feePpm().call()) == (token.address, 50)
    assert ledger.functions.genesis().call() == [1, b"\7" * 32, 1_000]
    evm.send(token.functions.mint(evm.accounts[0], 10))
    evm.send(token.functions.approve(made, 10))
    evm.send(ledger.functions.relayBatch([word(FRESH, 10)], NO_MEMO))
    assert token.functions.balanceOf(FRESH).call() == 10


def test_whatever_differs_makes_another_ledger(evm: Evm, factory: Contract) -> None:
    subject, treasury = checksum(ETHER), evm.accounts[3]
    token = evm.deploy("MockToken").address
    terms = [
        ETHER_TERMS,
        (token, 100, 0, 0, NOBODY),
        (subject, 99, 0, 0, NOBODY),
        (subject, 100, 1, 0, NOBODY),
        (subject, 100, 0, 0, treasury),
        (subject, 100, 0, 1, treasury),
    ]

    made = [deployed(evm, factory, one) for one in terms]
    made.append(deployed(evm, factory, genesis=(1, 0, [b"\7" * 32])))
    made.append(deployed(evm, factory, sender=1))

    assert len(set(made)) == 8
    assert factory.functions.page(0, 100).call() == [(one, True) for one in made]


# the list


def test_the_list_is_read_in_pages(evm: Evm, factory: Contract) -> None:
    everyone = []
    for number in range(5):
        own = evm.deploy("HostileLedger").address
        numbered, receipt = evm.send(factory.functions.register(own), sender=number)
        assert numbered == number
        assert told(factory.events.LedgerListed(), receipt) == {
            "number": number,
            "ledger": own,
            "by": evm.accounts[number],
            "deployed": False,
        }
        everyone.append((own, False))
    everyone.append((deployed(evm, factory), True))

    def page(start: int, most: int) -> Any:
        return factory.functions.page(start, most).call()

    assert factory.functions.count().call() == 6
    assert page(0, 4) + page(4, 4) == page(0, 2**64 - 1) == everyone
    assert page(6, 4) == page(2**64 - 1, 2**64 - 1) == page(0, 0) == []
    assert factory.functions.listed(everyone[0][0]).call() == [True, False]
    assert factory.functions.listed(everyone[5][0]).call() == [True, True]
    assert factory.functions.listed(FRESH).call() == [False, False]


# the registry


def recorded(evm: Evm, factory: Contract) -> list[RegistryHead]:
    """Every head of the registry, from the factory's events alone."""
    event = factory.events.HeadRecorded()
    logs = evm.eth.get_logs({"address": factory.address, "fromBlock": 0, "topics": [event.topic]})
    said = [event.process_log(log)["args"] for log in logs]
    assert [one["index"] for one in said] == list(range(len(said)))
    return [RegistryHead(raw(one["ledger"]), Size(one["size"]), Hash32(one["root"])) for one in said]


def test_heads_stand_in_the_registry_and_each_has_its_proof(evm: Evm, factory: Contract) -> None:
    assert factory.functions.registryRoot().call() == EMPTY_ROOT
    ledgers = [bpsc(evm, deployed(evm, factory, sender=number)) for number in range(3)]
    for number, ledger in enumerate((*ledgers, ledgers[0], ledgers[0])):
        evm.send(ledger.functions.relay(FRESH, NO_MEMO), value=number + 1)
        done, _ = evm.send(factory.functions.update(ledger.address))
        assert done is True

    heads = recorded(evm, factory)
    leaves = [head.leaf for head in heads]
    log = MerkleLog.of(leaves)
    assert [(head.ledger, head.size) for head in heads] == [
        (raw(ledgers[number].address), size) for number, size in ((0, 1), (1, 1), (2, 1), (0, 2), (0, 3))
    ]
    assert factory.functions.registryRoot().call() == log.root()
    assert factory.functions.registrySize().call() == 5
    assert factory.functions.registryPeaks().call() == log.peaks()
    for index, head in enumerate(heads):
        proof = inclusion_proof(perfect_of(leaves), index, 5)
        assert head.stands(index, 5, proof, log.root())
        said = (checksum(head.ledger), head.size, head.root)
        assert factory.functions.verifyHead(*said, index, proof).call()
        assert not factory.functions.verifyHead(*said, index ^ 1, proof).call()
        assert not factory.functions.verifyHead(said[0], head.size + 1, head.root, index, proof).call()
        assert not factory.functions.verifyHead(*said, index, [*proof, bytes(32)]).call()
    assert not factory.functions.verifyHead(*said, 5, []).call()


def test_a_ledger_that_fails_is_skipped_and_the_others_are_not(evm: Evm, factory: Contract) -> None:
    hostile, honest = evm.deploy("HostileLedger"), evm.bpsc().address
    for ledger in (hostile.address, honest):
        evm.send(factory.functions.register(ledger))

    for act in (ONE_WORD, TOO_LARGE, REVERTS, BURNS_GAS, SHOUTS):
        evm.send(hostile.functions.turn(act))
        done, receipt = evm.send(factory.functions.update(hostile.address))
        assert (done, list(receipt["logs"])) == (False, [])
        assert receipt["gasUsed"] < 160_000
    evm.send(factory.functions.update(honest))
    evm.send(hostile.functions.turn(THREE_WORDS))
    evm.send(factory.functions.update(hostile.address))

    assert [head.ledger for head in recorded(evm, factory)] == [raw(honest), raw(hostile.address)]


def test_a_ledger_that_destroyed_itself_is_skipped(evm: Evm, factory: Contract) -> None:
    with pytest.warns(DeprecationWarning, match="SELFDESTRUCT"):
        gone = evm.deploy("Conjurer", factory.address).functions.gone().call()
    assert factory.functions.page(0, 9).call() == [(gone, False)]
    assert evm.eth.get_code(gone) == b""

    done, _ = evm.send(factory.functions.update(gone))

    assert (done, factory.functions.registrySize().call()) == (False, 0)


def test_the_head_of_a_thousand_billion_entries_is_still_read(evm: Evm, factory: Contract) -> None:
    size = 2**40 - 1
    own = evm.bpsc(genesis=(size, 1_000, [bytes([n + 1]) * 32 for n in range(40)])).address

    evm.send(factory.functions.register(own))
    done, _ = evm.send(factory.functions.update(own))

    assert done is True
    assert recorded(evm, factory)[0].size == size


def test_no_call_costs_more_for_the_number_of_ledgers(evm: Evm, factory: Contract) -> None:
    costs = []
    for _ in range(12):
        _, receipt = evm.send(factory.functions.register(evm.deploy("HostileLedger").address))
        costs.append(receipt["gasUsed"])

    assert len(set(costs[1:])) == 1
