"""A Bitcoin chain of low difficulty, mined here, and a coin that is fed by burns on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from smartchain.host.bitcoin.burns import BurnProof, burn_script, prove_burn
from smartchain.host.bitcoin.hashing import merkle_root
from smartchain.host.bitcoin.headers import Header, bits_of
from smartchain.host.bitcoin.transactions import COINBASE_INPUT, Transaction, read_transaction
from smartchain.types import ChainId, Hash32
from tests.contracts.coins import FRESH, NAME, SYMBOL, Mint, Opening
from tests.contracts.evm import NO_GENESIS, ROOT, Evm, raw

LIMIT = 2**252
"""Of sixteen hashes one is under it: fifteen are wanted, in whole numbers."""

DEPTH, WORK = 3, 45
NOTHING = Hash32(bytes(32))
REAL: dict[str, Any] = json.loads((ROOT / "tests/vectors/bitcoin.json").read_text())


def transaction(inputs: bytes, *outputs: tuple[int, bytes]) -> Transaction:
    """One input, given up to its sequence, and these (satoshis, script)."""
    packed = b"".join(value.to_bytes(8, "little") + bytes([len(script)]) + script for value, script in outputs)
    return read_transaction(b"\1\0\0\0\1" + inputs + bytes([len(outputs)]) + packed + bytes(4))


def coinbase(number: int) -> Transaction:
    """What the miner of a block pays himself."""
    return transaction(COINBASE_INPUT[1:] + b"\4" + number.to_bytes(4, "little") + b"\xff" * 4, (50, b"\x51"))


def spend(number: int, *outputs: tuple[int, bytes]) -> Transaction:
    """A payment out of some coin."""
    return transaction(number.to_bytes(32, "big") + bytes(4) + b"\0" + b"\xff" * 4, *outputs)


def mine(parent: Hash32, root: Hash32, time: int, bits: int = bits_of(LIMIT)) -> Header:
    """A header whose hash is under the target that it names."""
    header = Header(4, parent, root, time, bits, 0)
    while not header.has_work:
        header = replace(header, nonce=header.nonce + 1)
    return header


@dataclass
class Chain:
    """Headers from the first block on, ten minutes apart."""

    headers: list[Header]

    @classmethod
    def at(cls, time: int) -> Chain:
        return cls([mine(NOTHING, merkle_root([coinbase(0).id]), time)])

    def grow(self, transactions: Sequence[Transaction] = (), seconds: int = 600) -> tuple[Header, list[Transaction]]:
        """One block more, with its coinbase and these."""
        whole = [coinbase(len(self.headers)), *transactions]
        header = mine(self.headers[-1].hash, merkle_root([one.id for one in whole]), self.headers[-1].time + seconds)
        self.headers.append(header)
        return header, whole

    def fork(self, height: int, blocks: int) -> Chain:
        """Another branch from the block at this height on."""
        branch = Chain(self.headers[: height + 1])
        for _ in range(blocks):
            branch.grow(seconds=601)
        return branch


def packed(headers: Sequence[Header]) -> bytes:
    return b"".join(header.pack() for header in headers)


@dataclass
class Burning(Mint):
    """A coin fed by burns on a chain that begins a day ago."""

    chain: Chain

    @classmethod
    def on(cls, evm: Evm, depth: int = DEPTH, work: int = WORK) -> Burning:
        chain = Chain.at(evm.now() - 86_400)
        point = (chain.headers[0].pack(), 0, LIMIT)
        coin = evm.deploy("BitcoinBurnClaim", NAME, SYMBOL, 100, 0, NO_GENESIS, point, depth, work)
        return cls(evm, coin, Opening([]), chain)

    @property
    def chain_id(self) -> ChainId:
        return ChainId(self.evm.eth.chain_id)

    def script(self, claimant: str = FRESH) -> bytes:
        return burn_script(raw(claimant), self.chain_id, raw(self.coin.address))

    def submit(self, headers: Sequence[Header]) -> Any:
        return self.coin.functions.submitHeaders(packed(headers))

    def burnt(self, *burns: Transaction, others: int = 3, above: int = DEPTH) -> list[BurnProof]:
        """These in a block with other payments, `above` blocks on top of it, submitted; a proof of each output."""
        header, whole = self.chain.grow([*(spend(n, (n, b"\x51")) for n in range(1, others + 1)), *burns])
        for _ in range(above):
            self.chain.grow()
        self.evm.send(self.submit(self.chain.headers[1:]))
        return [prove_burn(header, whole, one.id, n) for one in burns for n in range(len(one.outputs))]

    def burn(self, satoshis: int = 1_000, claimant: str = FRESH, **kept: int) -> BurnProof:
        """One burn, in a block of its own."""
        return self.burnt(spend(0xB0, (satoshis, self.script(claimant))), **kept)[0]

    def claim_burn(self, proof: BurnProof) -> Any:
        return self.coin.functions.claimBurn(proof.arguments)

    def best(self) -> bytes:
        return bytes(self.coin.functions.bestBlock().call()[0])
