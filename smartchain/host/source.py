"""
One ledger on a host chain, as something to read entries from.

Logs are fetched ahead on threads and decoded in order; the contract is asked for its head at one block, by that
block's hash, so that what it says belongs to the logs that led there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, Literal

from smartchain.errors import (
    HostUnavailable,
    NoContract,
    NotALedger,
    RpcRefused,
    StateGone,
    UnknownBlock,
    WrongChain,
)
from smartchain.host import logs
from smartchain.host.fetching import LogFetcher, ahead
from smartchain.host.places import block_at, number_of, place_of
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import keccak
from smartchain.ports import Chunk, Genesis, Head, HostBlock, LedgerInfo, Rpc, Settled
from smartchain.types import Address, ChainId, Hash32, Index, Size

Finality = Literal["safe", "finalized"]

EARLIER = 256
"""Host blocks before the one of the deployment that are read too: they hold none of its logs, unless it moves there."""


class HostLedger:
    """
    Implements `ports.EntrySource` over JSON-RPC.

    `finality` reads up to the host's safe or finalized block; otherwise `confirmations` blocks below the newest.
    `from_block` is where to look for the first entry, for a host whose clock cannot tell. `fetchers` makes the threads
    that fetch ahead.
    """

    def __init__(
        self,
        rpc: Rpc,
        address: Address,
        *,
        confirmations: int = 0,
        finality: Finality | None = None,
        from_block: int | None = None,
        expected_chain: ChainId | None = None,
        fetchers: Callable[[], Executor] = ahead,
    ) -> None:
        self._rpc = rpc
        self._address = address
        self._confirmations = confirmations
        self._finality = finality
        self._from_block = from_block
        self._expected_chain = expected_chain
        self._logs = LogFetcher(rpc, address, [logs.TRANSFER, logs.BATCH, logs.CHECKPOINT], fetchers)
        self._by_hash = True

    @property
    def name(self) -> str:
        return self._rpc.name

    # who the ledger is

    def info(self) -> LedgerInfo:
        """Raises `NoContract`, `NotALedger`, `WrongChain`, `HostUnavailable`."""
        chain_id = ChainId(self._quantity("eth_chainId"))
        if self._expected_chain not in (None, chain_id):
            raise WrongChain(
                f"{self.name} is a node of chain {chain_id}, not of chain {self._expected_chain}: check --rpc-url"
            )
        here = checksum(self._address)
        if self._rpc.call("eth_getCode", here, "latest") in ("0x", "", None):
            raise NoContract(f"there is no contract at {here} on chain {chain_id}: check the address and --rpc-url")
        try:
            rule = BlockRule(*self._words("blockRule()", 2))
            size, root, timestamp = self._words("genesis()", 3)
            self._words("head()", 2)
        except RpcRefused as exc:
            raise self._not_a_ledger() from exc
        genesis = Genesis(Size(size), _hash(root), timestamp)
        return LedgerInfo(chain_id, self._address, rule, genesis, self._deployed_at(timestamp), self._fee_ppm())

    def origin(self, at: HostBlock) -> tuple[BlockRule, Genesis]:
        rule, (size, root, timestamp) = self._words("blockRule()", 2, at), self._words("genesis()", 3, at)
        return BlockRule(*rule), Genesis(Size(size), _hash(root), timestamp)

    def _quantity(self, method: str) -> int:
        try:
            return number_of(self._rpc.call(method))
        except (TypeError, ValueError, AttributeError) as exc:
            raise HostUnavailable(f"{self.name} answers {method} with what is no number; it is asked again") from exc

    def _fee_ppm(self) -> int:
        try:
            return self._words("feePpm()", 1)[0]
        except (RpcRefused, NotALedger):
            return 0

    def _deployed_at(self, timestamp: int) -> int:
        """
        The first host block that is not older than the ledger's genesis: headers, unlike state, are always there.

        Less some, for a reorganisation may bring the deployment back in an earlier one.
        """
        if self._from_block is not None:
            return self._from_block
        low, high = 0, self._quantity("eth_blockNumber")
        while low < high:
            middle = (low + high) // 2
            block = self.block(middle)
            if block is not None and block.timestamp < timestamp:
                low = middle + 1
            else:
                high = middle
        return max(0, low - EARLIER)

    # where the host is

    def target(self) -> HostBlock:
        tag = self._finality or "latest"
        newest = self._block(tag)
        if newest is None:
            raise HostUnavailable(f"{self.name} has no {tag} block yet; try again, or read by --confirmations")
        if self._confirmations == 0 or self._finality:
            return newest
        block = self.block(max(0, newest.number - self._confirmations))
        if block is None:
            raise UnknownBlock(f"{self.name} gave block {newest.number} and has none {self._confirmations} below")
        return block

    def settled(self) -> Settled:
        """None for a tag that the host has not, or not yet: one that has just started may refuse it for a while."""
        return Settled(self._tagged("safe"), self._tagged("finalized"))

    def _tagged(self, tag: Finality) -> HostBlock | None:
        try:
            return self._block(tag)
        except RpcRefused:
            return None

    def block(self, number: int) -> HostBlock | None:
        found = self._block(hex(number))
        if found is not None and found.number != number:
            raise HostUnavailable(f"{self.name} gave block {found.number} for block {number}; it is asked again")
        return found

    def _block(self, tag: str) -> HostBlock | None:
        return block_at(self._rpc, tag)

    # entries

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        for first, last, body in self._logs.bodies(first_block, last_block):
            chunk = logs.decode(body, self._address, first, last, expected)
            expected = Index(expected + len(chunk.packed))
            yield chunk

    # what the contract commits to

    def head(self, at: HostBlock) -> Head:
        size, root = self._words("head()", 2, at)
        if size >= 1 << 64:
            raise self._not_a_ledger()
        return Head(Size(size), _hash(root))

    def peaks(self, at: HostBlock) -> list[Hash32]:
        answer = self._ask("peaks()", at)
        count = (len(answer) - 64) // 32
        if len(answer) < 64 or len(answer) % 32 or int.from_bytes(answer[32:64], "big") != count:
            raise self._not_a_ledger()
        return [Hash32(answer[64 + 32 * n : 96 + 32 * n]) for n in range(count)]

    def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
        """A checkpoint stays: where the state of that block is gone, the newest one says the same."""
        word = int(size).to_bytes(32, "big")
        try:
            (root,) = self._words("checkpointAt(uint64)", 1, at, word)
        except StateGone:
            (root,) = self._words("checkpointAt(uint64)", 1, self.target(), word)
        return _hash(root) if root else None

    def _words(self, signature: str, count: int, at: HostBlock | None = None, argument: bytes = b"") -> list[int]:
        answer = self._ask(signature, at, argument)
        if len(answer) != 32 * count:
            raise self._not_a_ledger()
        return [int.from_bytes(answer[32 * n : 32 * n + 32], "big") for n in range(count)]

    def _ask(self, signature: str, at: HostBlock | None, argument: bytes = b"") -> bytes:
        data = keccak(signature.encode())[:4] + argument
        call = {"to": "0x" + self._address.hex(), "data": "0x" + data.hex()}
        if at is None:
            return _bytes(self._rpc.call("eth_call", call, "latest"))
        if self._by_hash:
            where = {"blockHash": "0x" + at.hash.hex(), "requireCanonical": True}
            try:
                return _bytes(self._rpc.call("eth_call", call, where))
            except RpcRefused as exc:
                if exc.data:
                    raise
        number = hex(at.number)
        # in one request: of several replicas behind one address, who names the block is who answered
        answer, there = self._rpc.batch([("eth_call", [call, number]), ("eth_getBlockByNumber", [number, False])])
        if there is None or place_of(self.name, there) != at:
            raise UnknownBlock(f"block {at.number} was replaced on {self.name} while the contract was asked")
        self._by_hash = False  # a host from before EIP-1898: by number from now on
        return _bytes(answer)

    def _not_a_ledger(self) -> NotALedger:
        here = checksum(self._address)
        return NotALedger(f"the contract at {here} does not answer as a ledger does: check the address")


def _hash(number: int) -> Hash32:
    return Hash32(number.to_bytes(32, "big"))


def _bytes(text: Any) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except (AttributeError, ValueError) as exc:
        raise HostUnavailable("the host's answer to a call is no hex; it is asked again") from exc
