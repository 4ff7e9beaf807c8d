"""
Burns of bitcoins (PROTOCOL, "Burning bitcoins"), and the proofs that a coin's contract counts them by.

Pure, and the same as `contracts/libraries/BitcoinProof.sol` and `BitcoinBurnClaim.sol`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartchain.host.bitcoin.hashing import BurnError, merkle_proof, root_from, shown
from smartchain.host.bitcoin.headers import Header
from smartchain.host.bitcoin.transactions import NODE_BYTES, Transaction, read_transaction
from smartchain.ledger.hash import keccak
from smartchain.types import Address, ChainId, Hash32

PER_SATOSHI = 10**10
"""How many of a coin's smallest units a satoshi is: 8 decimals here, 18 there."""

BURN = b"\x6a\x34"
"""OP_RETURN, and a push of 52 bytes."""


def burn_tag(chain_id: ChainId, coin: Address) -> Hash32:
    """What names the one contract that may count a burn."""
    return keccak(b"smartchain.burn" + chain_id.to_bytes(32, "big") + coin)


def burn_script(claimant: Address, chain_id: ChainId, coin: Address) -> bytes:
    """The output script that burns for a claimant: OP_RETURN and 52 bytes."""
    return BURN + claimant + burn_tag(chain_id, coin)


@dataclass(frozen=True, slots=True)
class BurnProof:
    """What `claimBurn` takes, in its order."""

    header: bytes
    transaction: bytes
    output: int
    index: int
    siblings: list[Hash32]
    coinbase: bytes
    coinbase_siblings: list[Hash32]

    @property
    def arguments(self) -> tuple[bytes, bytes, int, int, list[Hash32], bytes, list[Hash32]]:
        """As the ABI wants them."""
        return (
            self.header, self.transaction, self.output, self.index, self.siblings, self.coinbase,
            self.coinbase_siblings,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Burn:
    """A burn that holds, but for the depth of its block."""

    txid: Hash32
    output: int
    claimant: Address
    satoshis: int

    @property
    def value(self) -> int:
        """What is minted for it, in the coin's smallest unit."""
        return self.satoshis * PER_SATOSHI


def prove_burn(header: Header, transactions: Sequence[Transaction], txid: Hash32, output: int) -> BurnProof:
    """The proof of a burn in a block, of which all transactions are there. Raises `BurnError` if it is not in it."""
    ids = [one.id for one in transactions]
    if txid not in ids:
        raise BurnError(f"the transaction {shown(txid)} is not in the Bitcoin block {shown(header.hash)}")
    index = ids.index(txid)
    return BurnProof(
        header.pack(), transactions[index].raw, output, index, merkle_proof(ids, index), transactions[0].raw,
        merkle_proof(ids, 0),
    )  # fmt: skip


def burning_outputs(transactions: Sequence[Transaction], txid: Hash32, chain_id: ChainId, coin: Address) -> list[int]:
    """
    The outputs of a transaction in a block that burn for this coin.

    Raises `BurnError` where there is none, and says of one that burns for another what it is.
    """
    found = [one for one in transactions if one.id == txid]
    burning, reason = [], f"no output of {shown(txid)} burns bitcoins for this coin"
    for number, (_, script) in enumerate(found[0].outputs if found else []):
        try:
            _burn(found[0], number, burn_tag(chain_id, coin))
            burning.append(number)
        except BurnError as exc:
            reason = str(exc) if script.startswith(BURN) else reason
    if found and not burning:
        raise BurnError(reason)
    return burning or [0]


def check_burn(proof: BurnProof, chain_id: ChainId, coin: Address) -> Burn:
    """What a proof proves. Raises `BurnError` for whatever the contract refuses, but for the chain of headers."""
    root = Header.unpack(proof.header).root
    coinbase = read_transaction(proof.coinbase)
    if not coinbase.is_coinbase or len(proof.coinbase_siblings) != len(proof.siblings):
        raise BurnError("the block's first transaction is no coinbase, or its proof is not as long as the burn's")
    if NODE_BYTES in {len(proof.transaction), len(proof.coinbase)}:
        raise BurnError("a transaction of 64 bytes may be an inner node of the tree")
    transaction = read_transaction(proof.transaction)
    if transaction.raw != proof.transaction:
        raise BurnError("the transaction is shown with its witnesses, of which its id is not the hash")
    for leaf, index, siblings in (
        (coinbase.id, 0, proof.coinbase_siblings), (transaction.id, proof.index, proof.siblings),
    ):  # fmt: skip
        if root_from(leaf, index, siblings) != root:
            raise BurnError(f"the proof of {shown(leaf)} does not lead to the Merkle root of the header")
    return _burn(transaction, proof.output, burn_tag(chain_id, coin))


def _burn(transaction: Transaction, output: int, tag: Hash32) -> Burn:
    name = f"output {output} of {shown(transaction.id)}"
    if output >= len(transaction.outputs):
        raise BurnError(f"there is no {name}")
    satoshis, script = transaction.outputs[output]
    if len(script) != 54 or not script.startswith(BURN):
        raise BurnError(f"{name} is no burn: its script is not OP_RETURN and 52 bytes")
    if script[22:] != tag:
        raise BurnError(f"{name} was burnt for another contract, or for this address on another chain")
    claimant = Address(script[2:22])
    if not satoshis or not any(claimant):
        raise BurnError(f"{name} burns nothing, or for nobody")
    return Burn(transaction.id, output, claimant, satoshis)
