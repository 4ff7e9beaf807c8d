"""
What is said to a coin of its own, and to those that take an older coin's place, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartchain.errors import NoContract, NotALedger, RpcRefused, SettingsError, StateGone
from smartchain.host.bitcoin.burns import BurnProof
from smartchain.host.contracts import NO_OPENING, Opening, bytecode, decode_flag, opening_words
from smartchain.host.reverts import selector
from smartchain.host.subjects import unit_of
from smartchain.host.tokens import COIN_DATA
from smartchain.host.words import WORD, address, address_of, number, raw, small, words
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import coin_id
from smartchain.ledger.unit import Unit
from smartchain.ports import HostBlock, Rpc
from smartchain.types import Address, Hash32

CLAIM = selector("claim((address,address,address,uint256,uint64,bytes32),uint64,bytes32[])")
MIGRATE = selector("migrate(uint256)")
OLD_TOKEN_DATA = selector("oldToken()")
BALANCE_OF = selector("balanceOf(address)")
ALLOWANCE = selector("allowance(address,address)")
SUBMIT_HEADERS = selector("submitHeaders(bytes)")
CLAIM_BURN = selector("claimBurn((bytes,bytes,uint256,uint256,bytes32[],bytes,bytes32[]))")
BEST_BLOCK_DATA = selector("bestBlock()")
COUNTED = selector("counted(bytes32,uint256)")
CLAIMED = selector("claimed(uint256)")
TOTAL_SUPPLY_DATA = selector("totalSupply()")

MOST_LETTERS = 64


@dataclass(frozen=True, slots=True)
class CoinTerms:
    """What is fixed when a coin is deployed. Raises `SettingsError` for a name or a symbol that nobody could read."""

    name: str
    symbol: str
    decimals: int = 18
    max_entries: int = 100
    interval: int = 0
    opening: Opening = NO_OPENING

    def __post_init__(self) -> None:
        for what, text in (("name", self.name), ("symbol", self.symbol)):
            if not text.strip() or not text.isprintable() or len(text) > MOST_LETTERS:
                raise SettingsError(f"a coin's {what} has 1 to {MOST_LETTERS} characters that are seen: choose another")

    @property
    def id(self) -> Address:
        """The subject of its entries, known before it is deployed."""
        return coin_id(self.name, self.symbol)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The Bitcoin block that a coin begins to read headers at, and what a burn counts under."""

    headers: bytes
    height: int
    limit: int
    depth: int
    work: int


class Tail(bytes):
    """What stands behind an offset, where a tuple has anything of no fixed length."""


def tuple_of(*parts: bytes) -> Tail:
    """A tuple of the ABI: words, and offsets of what follows them."""
    ahead = sum(WORD if isinstance(part, Tail) else len(part) for part in parts)
    head, tail = b"", b""
    for part in parts:
        head += number(ahead + len(tail)) if isinstance(part, Tail) else part
        tail += part if isinstance(part, Tail) else b""
    return Tail(head + tail)


def blob(content: bytes) -> Tail:
    """Bytes, or a text's."""
    return Tail(number(len(content)) + content + bytes(-len(content) % WORD))


def array(hashes: Sequence[Hash32]) -> Tail:
    return Tail(number(len(hashes)) + b"".join(hashes))


# what is said


def deploy_coin_data(terms: CoinTerms) -> bytes:
    """The data of the transaction that creates a coin."""
    return bytecode("Coin") + tuple_of(*_names(terms), number(terms.decimals), *_rule(terms))


def deploy_for_token_data(terms: CoinTerms, old: Address) -> bytes:
    """The same of a coin that takes an older token's place; it has that one's decimals."""
    return bytecode("TokenBurnClaim") + tuple_of(*_names(terms), *_rule(terms), address(old))


def deploy_for_bitcoins_data(terms: CoinTerms, point: Checkpoint) -> bytes:
    """The same of a coin that bitcoins are burnt for; it has 18 decimals."""
    opened = tuple_of(blob(point.headers), number(point.height), number(point.limit))
    burns = (opened, number(point.depth), number(point.work))
    return bytecode("BitcoinBurnClaim") + tuple_of(*_names(terms), *_rule(terms), *burns)


def _names(terms: CoinTerms) -> tuple[Tail, Tail]:
    return blob(terms.name.encode()), blob(terms.symbol.encode())


def _rule(terms: CoinTerms) -> tuple[bytes, bytes, Tail]:
    return number(terms.max_entries), number(terms.interval), Tail(opening_words(terms.opening))


def claim_data(entry: Entry, index: int, proof: Sequence[Hash32]) -> bytes:
    """Call data of `claim`: an opening balance, and where it stands among them."""
    parties = b"".join(map(address, (entry.subject, entry.sender, entry.recipient)))
    fields = parties + number(entry.value) + number(entry.timestamp) + entry.memo
    return CLAIM + tuple_of(fields, number(index), array(proof))


def migrate_data(amount: int) -> bytes:
    """Call data of `migrate`: give up so much of the old token's smallest unit."""
    return MIGRATE + number(amount)


def submit_headers_data(headers: bytes) -> bytes:
    """Call data of `submitHeaders`: raw headers, one after the other."""
    return SUBMIT_HEADERS + tuple_of(blob(headers))


def claim_burn_data(proof: BurnProof) -> bytes:
    """Call data of `claimBurn`."""
    shown = tuple_of(
        blob(proof.header), blob(proof.transaction), number(proof.output), number(proof.index),
        array(proof.siblings), blob(proof.coinbase), array(proof.coinbase_siblings),
    )  # fmt: skip
    return CLAIM_BURN + tuple_of(shown)


# what is answered


def old_token(rpc: Rpc, coin: Address) -> Address:
    """The token whose place a coin takes. Raises `NoContract`, `NotALedger` for what is no such coin."""
    answer = _of_coin(rpc, coin, OLD_TOKEN_DATA, "takes no older token's place")
    return address_of(words(answer, 1)[0])


def best_block(rpc: Rpc, coin: Address) -> Hash32:
    """The Bitcoin block that a coin takes for the best. Raises `NoContract`, `NotALedger` for what is no such coin."""
    answer = _of_coin(rpc, coin, BEST_BLOCK_DATA, "is no coin that bitcoins are burnt for")
    return Hash32(words(answer, 3)[0])


def counted(rpc: Rpc, coin: Address, txid: Hash32, output: int) -> bool:
    """Whether a coin counted that burn."""
    return decode_flag(_asked(rpc, coin, COUNTED + txid + number(output)))


def claimed(rpc: Rpc, coin: Address, index: int) -> bool:
    """Whether somebody claimed that opening balance of a coin."""
    return decode_flag(_asked(rpc, coin, CLAIMED + number(index)))


def total_supply(rpc: Rpc, coin: Address, at: HostBlock) -> int:
    """What a coin's contract has in all after that block. Raises `StateGone` where the host has forgotten it."""
    call = {"to": checksum(coin), "data": "0x" + TOTAL_SUPPLY_DATA.hex()}
    try:
        answer = rpc.call("eth_call", call, {"blockHash": "0x" + at.hash.hex()})
    except RpcRefused as refusal:
        raise StateGone(
            f"{rpc.name} does not tell what the coin had at host block {at.number} ({refusal}): "
            "run 'smartchain index' first, or ask another node"
        ) from refusal
    return small(words(raw(answer), 1)[0], 256)


def coin_of(rpc: Rpc, coin: Address) -> Address:
    """The subject of a coin's entries. Raises `NoContract`, `NotALedger` for what is no coin."""
    return address_of(words(_of_coin(rpc, coin, COIN_DATA, "is no coin of its own"), 1)[0])


def coin_unit(rpc: Rpc, coin: Address) -> Unit:
    """What amounts of a coin are written in. Raises as `coin_of` does."""
    return unit_of(rpc, coin, coin_of(rpc, coin))


def holding(rpc: Rpc, token: Address, owner: Address, spender: Address) -> tuple[int, int]:
    """What somebody has of a token, and how much of it `spender` may move."""
    has = _asked(rpc, token, BALANCE_OF + address(owner))
    may = _asked(rpc, token, ALLOWANCE + address(owner) + address(spender))
    return small(words(has, 1)[0], 256), small(words(may, 1)[0], 256)


def _of_coin(rpc: Rpc, coin: Address, data: bytes, otherwise: str) -> bytes:
    if rpc.call("eth_getCode", checksum(coin), "latest") in ("0x", "", None):
        raise NoContract(f"there is no contract at {checksum(coin)} on this chain: check --ledger and --rpc-url")
    try:
        answer = _asked(rpc, coin, data)
    except RpcRefused:
        answer = b""
    if not answer:
        raise NotALedger(f"{checksum(coin)} {otherwise}: check --ledger")
    return answer


def _asked(rpc: Rpc, to: Address, data: bytes) -> bytes:
    return raw(rpc.call("eth_call", {"to": checksum(to), "data": "0x" + data.hex()}, "latest"))
