"""
What a coin of its own costs, and what it costs to bring an older token, or bitcoins, across: a part of `gas.py`.

The Bitcoin chain is one of four hashes a block, mined here; its headers cost what those of the main network do, since
nothing of the contract's work depends on how hard they were to find.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.gas_tokens import GENESIS, NO_GENESIS, Site, mock, person
from smartchain.host import contracts
from smartchain.host.bitcoin.burns import burn_script, prove_burn
from smartchain.host.bitcoin.hashing import merkle_root
from smartchain.host.bitcoin.headers import Header, bits_of
from smartchain.host.bitcoin.transactions import COINBASE_INPUT, Transaction, read_transaction
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import coin_id, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import inclusion_proof, perfect_of
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Hash32

LIMIT = 0x3FFFFF << 232
BEGAN = 1_700_000_000
CHAIN = ChainId(31337)
BLOCK = 2_000
"""Transactions in the block of the burn: eleven siblings."""

RUN, DEPTH = 144, 6
WALLETS, BATCH = 1_023, 100
ENTRY = "(address,address,address,uint256,uint64,bytes32)"
CHECKPOINT = "(bytes,uint32,uint256)"
PROOF = "(bytes,bytes,uint256,uint256,bytes32[],bytes,bytes32[])"


def measure(site: Site) -> dict[str, Any]:
    """A coin, an older token's, and bitcoins'."""
    kinds = ["string", "string", "uint8", "uint32", "uint32", GENESIS]
    _, deployed = site.deploy(contracts.bytecode("Coin"), kinds, ["New Coin", "NEW", 18, 100, 0, NO_GENESIS])
    return {
        "deploy": deployed,
        "of an older token": _of_token(site),
        "of bitcoins": _of_bitcoins(site),
        f"that opens with {WALLETS:,} wallets": _opened(site),
    }


def _of_token(site: Site) -> dict[str, Any]:
    token, _ = site.deploy(mock("StandardToken"), ["string", "string", "uint8"], ["Old", "OLD", 18])
    kinds = ["string", "string", "uint32", "uint32", GENESIS, "address"]
    coin, deployed = site.deploy(contracts.bytecode("TokenBurnClaim"), kinds, ["New", "NEW", 100, 0, NO_GENESIS, token])
    site.call(token, "mint", ["address", "uint256"], [site.sender, 2**90])
    site.call(token, "approve", ["address", "uint256"], [coin, 2**200])
    migrated = [site.call(coin, "migrate", ["uint256"], [1_000_000 + n]) for n in range(65)]
    paid = [site.call(coin, "transfer", ["address", "uint256"], [person(2), 1_000 + n]) for n in range(64)]
    return {
        "deploy": deployed,
        "migrate, number 65": migrated[-1],
        "transfer, number 129": paid[-1],
        "burn": site.call(coin, "burn", ["uint256"], [1_000]),
    }


def _of_bitcoins(site: Site) -> dict[str, Any]:
    first = _mined(Hash32(bytes(32)), Hash32(bytes(32)), BEGAN)
    kinds = ["string", "string", "uint32", "uint32", GENESIS, CHECKPOINT, "uint32", "uint256"]
    arguments = ["New", "NEW", 100, 0, NO_GENESIS, (first.pack(), 0, LIMIT), DEPTH, 4 * DEPTH]
    coin, deployed = site.deploy(contracts.bytecode("BitcoinBurnClaim"), kinds, arguments)
    script = burn_script(Address(bytes.fromhex(person(3)[2:])), CHAIN, Address(bytes.fromhex(coin[2:])))
    whole = [
        _paid(COINBASE_INPUT[1:], b"\x51" * 22),
        *(_paid(n.to_bytes(36, "big"), b"\x51") for n in range(1, BLOCK - 1)),
    ]
    whole.append(_paid(bytes(35) + b"\xff", script))
    header = _mined(first.hash, merkle_root([one.id for one in whole]), BEGAN + 600)
    headers = [header]
    while len(headers) <= RUN:
        headers.append(_mined(headers[-1].hash, Hash32(bytes(32)), headers[-1].time + 600))
    alone = site.call(coin, "submitHeaders", ["bytes"], [headers[0].pack()])
    run = site.call(coin, "submitHeaders", ["bytes"], [b"".join(one.pack() for one in headers[1:])])
    proof = prove_burn(header, whole, whole[-1].id, 0)
    return {
        "deploy": deployed,
        "submitHeaders, one": alone,
        f"submitHeaders, a header of {RUN}": round(run / RUN, 2),
        f"claimBurn, a block of {BLOCK}, {RUN} below the tip": site.call(coin, "claimBurn", [PROOF], [proof.arguments]),
    }


def _opened(site: Site) -> dict[str, Any]:
    """Ten peaks; who sends the transactions is one of the wallets."""
    me, subject = Address(bytes.fromhex(site.sender[2:])), coin_id("Opened", "OPN")
    wallets = sorted([me, *(Address(keccak(number.to_bytes(4, "big"))[:20]) for number in range(1, WALLETS))])
    entries = [Entry(subject, ZERO_ADDRESS, wallet, 10**18, BEGAN) for wallet in wallets]
    leaves = [entry.leaf for entry in entries]
    kinds = ["string", "string", "uint8", "uint32", "uint32", GENESIS]
    genesis = (WALLETS, BEGAN, MerkleLog.of(leaves).peaks())
    coin, deployed = site.deploy(contracts.bytecode("Coin"), kinds, ["Opened", "OPN", 18, 100, 0, genesis])

    def claim(index: int) -> int:
        one = entries[index]
        fields = (one.subject, one.sender, one.recipient, one.value, one.timestamp, one.memo)
        proof = inclusion_proof(perfect_of(leaves), index, WALLETS)
        return site.call(coin, "claim", [ENTRY, "uint64", "bytes32[]"], [fields, index, proof])

    claimed = [claim(wallets.index(me)), claim(0)]
    payments = [bytes.fromhex(person(n)[2:]) + (1_000 + n).to_bytes(12, "big") for n in range(BATCH)]
    batches = [site.call(coin, "transferBatch", ["bytes32[]", "bytes32"], [payments, bytes(32)]) for _ in range(2)]
    return {
        "deploy": deployed,
        "claim, number 2": claimed[-1],
        f"transferBatch of {BATCH}, a transfer": round(batches[-1] / BATCH, 2),
    }


def _mined(parent: Hash32, root: Hash32, time: int) -> Header:
    header = Header(4, parent, root, time, bits_of(LIMIT), 0)
    while not header.has_work:
        header = replace(header, nonce=header.nonce + 1)
    return header


def _paid(source: bytes, script: bytes) -> Transaction:
    """A thousand satoshis to a script."""
    output = b"\1" + (1_000).to_bytes(8, "little") + bytes([len(script)]) + script
    return read_transaction(b"\1\0\0\0\1" + source + b"\0" + b"\xff" * 4 + output + bytes(4))
