"""
A factory's list of ledgers and its log over their heads, as the host chain has them.

Anyone can register a ledger, so nothing that one says of itself is taken for more than that, and one that fails is
shown as failing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from smartchain.errors import MalformedLog, NoContract, NotAFactory, NotALedger, RootMismatch, RpcRefused
from smartchain.host.contracts import (
    BLOCK_RULE_DATA,
    HEAD_DATA,
    NO_OPENING,
    Opening,
    Subject,
    decode_block_rule,
    decode_head,
    decode_root,
    decode_size,
    decode_subject,
    subject_data,
)
from smartchain.host.factory import (
    COUNT_DATA,
    HEAD_RECORDED,
    REGISTRY_ROOT_DATA,
    REGISTRY_SIZE_DATA,
    Listed,
    Terms,
    address_of_data,
    decode_page,
    page_data,
)
from smartchain.host.tokens import COIN_DATA, TOKEN_DATA, decode_token
from smartchain.host.words import WORD, address_of, quantity, raw, small, words
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import ETHER
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.registry import RegistryHead
from smartchain.ports import Head, Rpc
from smartchain.types import Address, Hash32, Size

PAGE_LENGTH = 500
_PAGE_BYTES = 2 * WORD * (PAGE_LENGTH + 1)
_MOST_LEDGERS = 1 << 32
"""More than a chain has gas for: whoever counts more is no factory."""
_GAS = 2_000_000
"""What a stranger's ledger may burn to answer."""
_LONGEST = 64
"""Characters of a stranger's text that are shown."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chain:
    """What a ledger of the list says of itself; None for what it does not say as a ledger does."""

    listed: Listed
    head: Head | None
    rule: BlockRule | None
    subject: Address | None
    """The token it relays, the coin it is, or Ether; None if neither."""
    described: Subject | None
    """How it describes that subject, without characters that are not seen."""


class Factory:
    """A factory that is read; calls raise `HostError`s."""

    def __init__(self, rpc: Rpc, factory: Address) -> None:
        """Raises `NoContract` where there is no code, `NotAFactory` where it does not answer as a factory does."""
        self.rpc = rpc
        self.address = factory
        if rpc.call("eth_getCode", checksum(factory), "latest") in ("0x", "", None):
            raise NoContract(
                f"there is no contract at {checksum(factory)} on this chain: check --factory and --rpc-url"
            )
        self.registry()

    def count(self) -> int:
        """How many ledgers are listed."""
        count = self._said(COUNT_DATA, decode_size)
        if count > _MOST_LEDGERS:
            raise self._none()
        return count

    def ledgers(self, first: int = 0) -> Iterator[Listed]:
        """The ledgers from that number on, page by page, as many as there are at the beginning and some that follow."""
        count = self.count()
        while first < count and (page := self._page(first)):
            yield from page
            first += len(page)

    def registry(self) -> Head:
        """Size and root of the log over the ledgers' heads."""
        return Head(self._said(REGISTRY_SIZE_DATA, decode_size), self._said(REGISTRY_ROOT_DATA, decode_root))

    def heads(self, first_block: int = 0) -> list[RegistryHead]:
        """
        Every leaf of the registry, from the factory's events, from the block of its deployment or one before on.

        Raises `RootMismatch` if they are not what the contract holds.
        """
        now = quantity(self.rpc.call("eth_blockNumber"))
        wanted = {"address": checksum(self.address), "topics": ["0x" + HEAD_RECORDED.hex()]}
        found = self.rpc.call("eth_getLogs", wanted | {"fromBlock": hex(first_block), "toBlock": hex(now)})
        heads = _heads_of(found)
        root = MerkleLog.of(head.leaf for head in heads).root()
        said = self.rpc.call("eth_call", self._call(REGISTRY_ROOT_DATA), hex(now))
        if raw(said) != root:
            raise RootMismatch(
                f"the {len(heads)} heads in the events of the factory {checksum(self.address)} do not make up its "
                f"root at block {now}: read from the block of its deployment on, or ask another node"
            )
        return heads

    def chain(self, listed: Listed) -> Chain:
        """What a ledger of the list says of itself; never raises for what it says."""
        head, rule = self._ask(listed.ledger, HEAD_DATA), self._ask(listed.ledger, BLOCK_RULE_DATA)
        subject, described = self.subject(listed.ledger)
        return Chain(listed, _or_none(decode_head, head), _or_none(decode_block_rule, rule), subject, described)

    def foretold(self, creator: Address, terms: Terms, opening: Opening = NO_OPENING) -> Address:
        """Where the factory puts this ledger of this creator."""
        return self._said(address_of_data(creator, terms, opening), decode_token)

    def _page(self, first: int) -> list[Listed]:
        return self._said(page_data(first, PAGE_LENGTH), decode_page, _PAGE_BYTES)

    def subject(self, ledger: Address) -> tuple[Address | None, Subject | None]:
        """What a ledger is of, and how it describes that. A token counts undescribed, since not all can be."""
        token = _or_none(decode_token, self._ask(ledger, TOKEN_DATA))
        if token not in (None, ETHER):
            return token, self._described(ledger, token)
        coin = _or_none(decode_token, self._ask(ledger, COIN_DATA))
        for subject in (coin, ETHER):
            if subject is not None and (described := self._described(ledger, subject)):
                return subject, described
        return None, None

    def _described(self, ledger: Address, subject: Address) -> Subject | None:
        """A subject's description by its ledger, as it can be shown."""
        found = _or_none(decode_subject, self._ask(ledger, subject_data(subject)))
        return found and Subject(_shown(found.name), _shown(found.symbol), found.decimals)

    def _said(self, data: bytes, decode: Callable[[bytes], T], most: int = 2 * WORD) -> T:
        """What the factory answers, of no more bytes than that."""
        try:
            answer = raw(self.rpc.call("eth_call", self._call(data), "latest"))
            if len(answer) > most:
                raise self._none()
            return decode(answer)
        except (NotALedger, RpcRefused):
            raise self._none() from None

    def _ask(self, ledger: Address, data: bytes) -> bytes:
        """What a ledger answers; nothing if it refuses."""
        call = {"to": checksum(ledger), "data": "0x" + data.hex(), "gas": hex(_GAS)}
        try:
            return raw(self.rpc.call("eth_call", call, "latest"))
        except RpcRefused:
            return b""

    def _call(self, data: bytes) -> dict[str, str]:
        return {"to": checksum(self.address), "data": "0x" + data.hex()}

    def _none(self) -> NotAFactory:
        return NotAFactory(f"the contract at {checksum(self.address)} is no factory of ledgers: check --factory")


def _heads_of(logs: Any) -> list[RegistryHead]:
    """The leaves that logs of the factory stand for. Raises `MalformedLog`."""
    try:
        return [_head_of(log) for log in logs]
    except (NotALedger, LookupError, TypeError, ValueError) as exc:
        raise MalformedLog("the host's answer is not a list of a factory's logs: ask another node") from exc


def _head_of(log: Any) -> RegistryHead:
    size, root = words(bytes.fromhex(log["data"][2:]), 2)
    ledger = address_of(bytes.fromhex(log["topics"][2][2:]))
    return RegistryHead(ledger, Size(small(size, 64)), Hash32(root))


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:_LONGEST])


def _or_none(decode: Callable[[bytes], T], answer: bytes) -> T | None:
    try:
        return decode(answer)
    except NotALedger:
        return None
