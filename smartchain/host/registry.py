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
from smartchain.host.tokens import TOKEN_DATA, decode_token
from smartchain.host.words import address_of, small, words
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import ETHER
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.registry import RegistryHead
from smartchain.ports import Head, Rpc
from smartchain.types import Address, Hash32, Size

PAGE_LENGTH = 500
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
    """The token it relays, or Ether; None if neither."""
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
        return decode_size(self._told(COUNT_DATA))

    def ledgers(self, first: int = 0) -> Iterator[Listed]:
        """The ledgers from that number on, page by page, as many as there are by then."""
        while page := self._page(first):
            yield from page
            first += len(page)

    def registry(self) -> Head:
        """Size and root of the log over the ledgers' heads."""
        size, root = self._told(REGISTRY_SIZE_DATA), self._told(REGISTRY_ROOT_DATA)
        try:
            return Head(decode_size(size), decode_root(root))
        except NotALedger:
            raise self._none() from None

    def heads(self, first_block: int = 0) -> list[RegistryHead]:
        """
        Every leaf of the registry, from the factory's events, from the block of its deployment or one before on.

        Raises `RootMismatch` if they are not what the contract holds.
        """
        now = int(self.rpc.call("eth_blockNumber"), 16)
        wanted = {"address": checksum(self.address), "topics": ["0x" + HEAD_RECORDED.hex()]}
        found = self.rpc.call("eth_getLogs", wanted | {"fromBlock": hex(first_block), "toBlock": hex(now)})
        heads = [_head_of(log) for log in found]
        root = MerkleLog.of(head.leaf for head in heads).root()
        said = self.rpc.call("eth_call", self._call(REGISTRY_ROOT_DATA), hex(now))
        if said != "0x" + root.hex():
            raise RootMismatch(
                f"the {len(heads)} heads in the events of the factory {checksum(self.address)} do not make up its "
                f"root at block {now}: read from the block of its deployment on, or ask another node"
            )
        return heads

    def chain(self, listed: Listed) -> Chain:
        """What a ledger of the list says of itself; never raises for what it says."""
        head, rule = self._ask(listed.ledger, HEAD_DATA), self._ask(listed.ledger, BLOCK_RULE_DATA)
        try:
            subject = decode_token(self._ask(listed.ledger, TOKEN_DATA))
        except NotALedger:
            subject = ETHER
        described = _subject(self._ask(listed.ledger, subject_data(subject)))
        known = subject if subject != ETHER or described else None
        return Chain(listed, _or_none(decode_head, head), _or_none(decode_block_rule, rule), known, described)

    def foretold(self, creator: Address, terms: Terms, opening: Opening = NO_OPENING) -> Address:
        """Where the factory puts this ledger of this creator."""
        return decode_token(self._told(address_of_data(creator, terms, opening)))

    def _page(self, first: int) -> list[Listed]:
        try:
            return decode_page(self._told(page_data(first, PAGE_LENGTH)))
        except NotALedger:
            raise self._none() from None

    def _told(self, data: bytes) -> bytes:
        """What the factory answers."""
        try:
            answer: str = self.rpc.call("eth_call", self._call(data), "latest")
        except RpcRefused:
            raise self._none() from None
        return bytes.fromhex(answer.removeprefix("0x"))

    def _ask(self, ledger: Address, data: bytes) -> bytes:
        """What a ledger answers; nothing if it refuses."""
        call = {"to": checksum(ledger), "data": "0x" + data.hex(), "gas": hex(_GAS)}
        try:
            answer: str = self.rpc.call("eth_call", call, "latest")
        except RpcRefused:
            return b""
        return bytes.fromhex(answer.removeprefix("0x"))

    def _call(self, data: bytes) -> dict[str, str]:
        return {"to": checksum(self.address), "data": "0x" + data.hex()}

    def _none(self) -> NotAFactory:
        return NotAFactory(f"the contract at {checksum(self.address)} is no factory of ledgers: check --factory")


def _head_of(log: Any) -> RegistryHead:
    """The leaf that a log of the factory stands for. Raises `MalformedLog`."""
    try:
        size, root = words(bytes.fromhex(log["data"][2:]), 2)
        ledger = address_of(bytes.fromhex(log["topics"][2][2:]))
        return RegistryHead(ledger, Size(small(size, 64)), Hash32(root))
    except (NotALedger, LookupError, TypeError, ValueError) as exc:
        raise MalformedLog("the host's answer is not a list of a factory's logs: ask another node") from exc


def _subject(answer: bytes) -> Subject | None:
    """How a ledger describes its subject, as it can be shown."""
    found = _or_none(decode_subject, answer)
    return found and Subject(_shown(found.name), _shown(found.symbol), found.decimals)


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text[:_LONGEST])


def _or_none(decode: Callable[[bytes], T], answer: bytes) -> T | None:
    try:
        return decode(answer)
    except NotALedger:
        return None
