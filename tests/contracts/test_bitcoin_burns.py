"""BitcoinBurnClaim, its burns: each forgery by its name, and what is minted for one that holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from smartchain.errors import ProofError
from smartchain.host.bitcoin.burns import Burn, BurnProof, burn_script, check_burn, prove_burn
from smartchain.host.bitcoin.hashing import hash256, merkle_root, root_from
from smartchain.host.bitcoin.transactions import Transaction
from smartchain.host.reverts import selector
from smartchain.types import Address, ChainId, Hash32
from tests.contracts.bitcoins import DEPTH, WORK, Burning, coinbase, mine, spend
from tests.contracts.coins import FRESH, OTHER
from tests.contracts.evm import Evm, raw

ROOTLESS = selector("WrongRoot(bytes32,bytes32)")


@pytest.fixture
def burning(evm: Evm) -> Burning:
    return Burning.on(evm)


def refused(burning: Burning, proof: BurnProof, error: str, *values: object) -> None:
    """By the contract with this error, and by Python too."""
    burning.evm.refuses(burning.claim_burn(proof), error, *values)
    with pytest.raises(ProofError):
        check_burn(proof, burning.chain_id, raw(burning.coin.address))


def witnessed(transaction: bytes) -> bytes:
    """The same with a witness of one byte."""
    return transaction[:4] + b"\0\1" + transaction[4:-4] + b"\1\1\7" + transaction[-4:]


def test_another_transaction_than_the_blocks_has_another_root(burning: Burning) -> None:
    proof = burning.burn()
    richer = proof.transaction.replace((1_000).to_bytes(8, "little"), (9_000).to_bytes(8, "little"))

    with pytest.raises(ProofError, match="does not lead to the Merkle root"):
        check_burn(replace(proof, transaction=richer), burning.chain_id, raw(burning.coin.address))
    assert burning.evm.refusal(burning.claim_burn(replace(proof, transaction=richer)))[:4] == selector(
        "WrongRoot(bytes32,bytes32)"
    )


@pytest.mark.parametrize("what", ["a sibling", "the order", "the index", "the coinbase's siblings"])
def test_a_wrong_proof_has_a_wrong_root(burning: Burning, what: str) -> None:
    proof = burning.burn(others=2)
    wrong = {
        "a sibling": replace(proof, siblings=[Hash32(bytes(32)), *proof.siblings[1:]]),
        "the order": replace(proof, siblings=proof.siblings[::-1]),
        "the index": replace(proof, index=proof.index ^ 1),
        "the coinbase's siblings": replace(proof, coinbase_siblings=proof.siblings),
    }[what]  # fmt: skip

    assert burning.evm.refusal(burning.claim_burn(wrong))[:4] == ROOTLESS


def test_the_root_of_another_header_is_another_block(burning: Burning) -> None:
    proof = burning.burn()
    header = burning.chain.headers[2].pack()
    unknown = proof.header[:36] + merkle_root([Hash32(b"\5" * 32)]) + proof.header[68:]

    assert burning.evm.refusal(burning.claim_burn(replace(proof, header=header)))[:4] != b""
    burning.evm.refuses(burning.claim_burn(replace(proof, header=unknown)), "UnknownBlock(bytes32)", hash256(unknown))


def test_a_64_byte_transaction_posing_as_a_node_hides_no_burn(burning: Burning) -> None:
    """A transaction of 64 bytes is mined that reads as the ids of two others: one of them burns, and never was paid."""
    forged = spend(0xBAD, (10**9, burning.script()))
    short = Transaction(forged.id + bytes(32), [])
    header, whole = burning.chain.grow([short])
    for _ in range(DEPTH):
        burning.chain.grow()
    burning.evm.send(burning.submit(burning.chain.headers))
    first = whole[0]
    proof = BurnProof(header.pack(), forged.raw, 0, 2, [Hash32(bytes(32)), first.id], first.raw, [short.id])
    assert merkle_root([forged.id, Hash32(bytes(32))]) == short.id

    refused(burning, proof, "WrongCoinbase()")
    longer = replace(proof, coinbase_siblings=[Hash32(bytes(32)), short.id])
    assert burning.evm.refusal(burning.claim_burn(longer))[:4] == ROOTLESS
    assert burning.supply() == 0


def test_a_node_posing_as_a_transaction_is_refused(burning: Burning) -> None:
    proof = burning.burn()
    left, right = proof.siblings[0], hash256(proof.transaction)
    node = bytes(left + right if proof.index & 1 else right + left)
    level_up = replace(
        proof, transaction=node, index=proof.index >> 1, siblings=proof.siblings[1:],
        coinbase_siblings=proof.coinbase_siblings[1:], coinbase=proof.coinbase_siblings[0] + bytes(32),
    )  # fmt: skip

    refused(burning, level_up, "WrongCoinbase()")
    refused(burning, replace(proof, transaction=node), "PosesAsNode()")


def test_a_coinbase_that_is_none_is_refused(burning: Burning) -> None:
    proof = burning.burn()

    refused(burning, replace(proof, coinbase=spend(1, (1, b"\x51")).raw), "WrongCoinbase()")
    refused(burning, replace(proof, coinbase_siblings=proof.coinbase_siblings[:-1]), "WrongCoinbase()")


def test_a_transaction_with_its_witnesses_is_refused(burning: Burning) -> None:
    """Even in a block whose tree were made of such: the id is not the hash of this."""
    proof = burning.burn()
    shown = witnessed(proof.transaction)
    first = coinbase(99)
    root = merkle_root([first.id, hash256(shown)])
    header = mine(burning.chain.headers[-1].hash, root, burning.chain.headers[-1].time + 600)
    burning.chain.headers.append(header)
    for _ in range(DEPTH):
        burning.chain.grow()
    burning.evm.send(burning.submit(burning.chain.headers))

    assert burning.evm.refusal(burning.claim_burn(replace(proof, transaction=shown)))[:4] == selector(
        "WrongRoot(bytes32,bytes32)"
    )
    rooted = BurnProof(header.pack(), shown, 0, 1, [first.id], first.raw, [hash256(shown)])
    refused(burning, rooted, "WithWitnesses()")


def test_an_index_past_the_tree_is_refused(burning: Burning) -> None:
    proof = burning.burn()

    past = replace(proof, index=proof.index + (1 << len(proof.siblings)))

    refused(burning, past, "IndexPastTree(uint256,uint256)", past.index, len(proof.siblings))


def test_the_same_output_is_counted_once(burning: Burning) -> None:
    proof = burning.burn()
    burning.evm.send(burning.claim_burn(proof))

    txid = hash256(proof.transaction)
    burning.evm.refuses(burning.claim_burn(proof), "AlreadyCounted(bytes32,uint256)", txid, 0)
    assert burning.supply() == 1_000 * 10**10


def test_a_duplicated_last_transaction_is_no_second_one(burning: Burning) -> None:
    """CVE-2012-2459: three transactions have the root of four, the last one twice."""
    proof = burning.burn(others=1)
    assert (proof.index, len(proof.siblings)) == (2, 2)
    assert proof.siblings[0] == hash256(proof.transaction)

    refused(burning, replace(proof, index=3), "Duplicated(uint256)", 0)
    burning.evm.send(burning.claim_burn(proof))


@pytest.mark.parametrize(
    "script",
    [
        b"\x51", b"\x6a", b"\x6a\x33" + bytes(51), b"\x6a\x4c\x34" + bytes(52), b"\x6a\x34" + bytes(53),
        b"\x51\x34" + bytes(52),
    ],
    ids=lambda script: script[:3].hex(),
)  # fmt: skip
def test_another_script_is_no_burn(burning: Burning, script: bytes) -> None:
    proof = burning.burnt(spend(7, (1_000, script)))[0]

    refused(burning, proof, "NotABurn(uint256)", 0)


def test_a_burn_for_another_contract_or_another_chain_is_not_counted_here(burning: Burning) -> None:
    coin = raw(burning.coin.address)
    scripts = [
        burn_script(raw(FRESH), burning.chain_id, Address(b"\7" * 20)),
        burn_script(raw(FRESH), ChainId(burning.chain_id + 1), coin),
    ]
    proofs = burning.burnt(spend(7, *((1_000, script) for script in scripts)))

    for proof, script in zip(proofs, scripts, strict=True):
        refused(burning, proof, "BurntForAnother(bytes32,bytes32)", script[22:], burning.script()[22:])


def test_a_burn_of_nothing_or_for_nobody_is_refused(burning: Burning) -> None:
    nobody = "0x" + "00" * 20

    for proof in burning.burnt(spend(7, (0, burning.script()), (5, burning.script(nobody)))):
        refused(burning, proof, "NothingBurnt()")


@pytest.mark.parametrize(
    "form", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: raw[:60]], ids=["cut", "longer", "half"]
)
def test_a_transaction_that_is_not_whole_is_refused(burning: Burning, form: Callable[[bytes], bytes]) -> None:
    """Mined as it is, by somebody who makes a tree of anything."""
    shown, first = form(spend(7, (1_000, burning.script())).raw), coinbase(1)
    header = mine(burning.chain.headers[-1].hash, merkle_root([first.id, hash256(shown)]), burning.evm.now() - 9_000)
    burning.chain.headers.append(header)
    for _ in range(DEPTH):
        burning.chain.grow()
    burning.evm.send(burning.submit(burning.chain.headers))
    proof = BurnProof(header.pack(), shown, 0, 1, [first.id], first.raw, [hash256(shown)])

    assert burning.evm.refusal(burning.claim_burn(proof))[:4] == selector("Malformed(uint256)")
    with pytest.raises(ProofError):
        check_burn(proof, burning.chain_id, raw(burning.coin.address))


def test_an_output_that_is_not_there_is_refused(burning: Burning) -> None:
    proof = burning.burn()

    assert burning.evm.refusal(burning.claim_burn(replace(proof, output=1)))[:4] == selector("Malformed(uint256)")


def test_a_burn_waits_for_its_depth_in_blocks_and_in_work(evm: Evm) -> None:
    for depth, work in ((3, 1), (1, WORK)):
        burning = Burning.on(evm, depth, work)
        proof = burning.burn(above=2)
        evm.refuses(burning.claim_burn(proof), "TooShallow(uint256,uint256,uint256,uint256)", 2, depth, 30, work)
        burning.chain.grow()
        evm.send(burning.submit(burning.chain.headers))
        evm.send(burning.claim_burn(proof))


def test_a_burn_on_a_lighter_fork_is_not_counted(burning: Burning) -> None:
    height = len(burning.chain.headers)
    proof = burning.burn()
    heavier = burning.chain.fork(height - 1, DEPTH + 2)
    burning.evm.send(burning.submit(heavier.headers))

    burning.evm.refuses(burning.claim_burn(proof), "NotOnChain(bytes32)", hash256(proof.header))
    back = burning.chain
    for _ in range(2):
        back.grow()
    burning.evm.send(burning.submit(back.headers))
    burning.evm.send(burning.claim_burn(proof))


def test_a_burn_in_a_block_that_is_not_known_or_the_checkpoint_is_refused(burning: Burning) -> None:
    proof = burning.burn()

    for header in (burning.chain.headers[0].pack(), bytes(80)):
        call = burning.claim_burn(replace(proof, header=header))
        burning.evm.refuses(call, "UnknownBlock(bytes32)", hash256(header))


def test_a_burn_is_minted_for_its_claimant_whoever_shows_it(burning: Burning) -> None:
    burns = spend(5, (3, b"\x51"), (1_000, burning.script()), (7, burning.script(OTHER)))
    proofs = burning.burnt(burns)[1:]

    for proof, wallet, satoshis in zip(proofs, (FRESH, OTHER), (1_000, 7), strict=True):
        held = check_burn(proof, burning.chain_id, raw(burning.coin.address))
        index, receipt = burning.evm.send(burning.claim_burn(proof), sender=3)
        said = burning.coin.events.BurnClaimed().process_log(receipt["logs"][-1])["args"]
        assert held == Burn(burns.id, proof.output, raw(wallet), satoshis)
        assert (said["txid"], said["output"], said["index"]) == (burns.id, proof.output, index)
        assert (said["claimant"], said["satoshis"], burning.balance(wallet)) == (wallet, satoshis, held.value)
        assert burning.coin.functions.counted(burns.id, proof.output).call()

    assert [(entry.sender, entry.value, entry.memo) for entry in burning.entries()] == [
        (bytes(20), 1_000 * 10**10, burns.id), (bytes(20), 7 * 10**10, burns.id),
    ]  # fmt: skip
    assert burning.supply() == burning.coin.functions.migrated().call() == 1_007 * 10**10
    burning.stands()


def test_a_burn_far_below_the_tip_is_found(burning: Burning) -> None:
    proof = burning.burn()
    for _ in range(60):
        burning.chain.grow()
    burning.evm.send(burning.submit(burning.chain.headers))

    burning.evm.send(burning.claim_burn(proof))

    assert burning.balance(FRESH) == 1_000 * 10**10


def test_the_script_that_the_contract_names_is_that_of_the_protocol(burning: Burning) -> None:
    assert burning.coin.functions.burnScript(FRESH).call() == burning.script()


def test_every_place_of_a_block_has_a_proof(burning: Burning) -> None:
    for count in range(1, 6):
        whole = [coinbase(count), *(spend(n, (1, b"\x51")) for n in range(1, count))]
        ids = [one.id for one in whole]
        header = mine(Hash32(bytes(32)), merkle_root(ids), 1)
        proofs = [prove_burn(header, whole, one, 0) for one in ids]
        assert [root_from(ids[n], proof.index, proof.siblings) for n, proof in enumerate(proofs)] == [
            header.root
        ] * count
