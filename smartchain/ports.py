"""
The few protocols through which the upper layers meet.

Data flows one way: an `EntrySource` reads what the host chain recorded, a `LedgerStore` keeps it, and
whoever serves it reads the store. `cli/` builds the objects and hands them in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from smartchain.ledger.block import Block, BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER
from smartchain.types import Address, ChainId, Hash32, Index, Size, Wei


class Rpc(Protocol):
    """A JSON-RPC connection to one node of the host chain; errors are `HostError`s."""

    @property
    def name(self) -> str:
        """Scheme and host of the URL, never its path or a key."""

    def call(self, method: str, *params: Any) -> Any:
        """Result of one call, as JSON decodes it."""

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of several calls in one request, in their order; the first error is raised."""

    def body(self, method: str, *params: Any) -> bytes:
        """The whole response body of one call, for a typed decoder; a JSON-RPC error is raised."""


@dataclass(frozen=True, slots=True)
class HostBlock:
    """One block of the host chain, as a place to stand on."""

    number: int
    hash: Hash32
    timestamp: int


@dataclass(frozen=True, slots=True)
class Head:
    """What a ledger's `head()` says: how many entries it has and the root over them."""

    size: Size
    root: Hash32


@dataclass(frozen=True, slots=True)
class Genesis:
    """A ledger's `genesis()`: the log it opened with."""

    size: Size
    root: Hash32
    timestamp: int


@dataclass(frozen=True, slots=True)
class LedgerInfo:
    """What never changes about a ledger: who it is, its rule, and how it began."""

    chain_id: ChainId
    address: Address
    rule: BlockRule
    genesis: Genesis
    deployed_at: int
    """A host block number at or before the deployment; no entry is older."""
    fee_ppm: int = 0
    """Parts per million that a relay keeps; 0 for a ledger that is no relay."""


@dataclass(slots=True)
class Chunk:
    """
    Consecutive entries as the host's logs gave them, one list a column, `len(packed)` entries.

    They are all the entries of the host blocks `first_block` to `last_block`, both included.
    """

    first_block: int
    last_block: int
    first: Index
    """Index of the first entry; the next one expected where there is none."""
    packed: list[bytes] = field(default_factory=list)
    """`Entry.pack()` of each."""
    host_blocks: list[int] = field(default_factory=list)
    transactions: list[bytes] = field(default_factory=list)
    """Host transaction hash of each, a hint outside the commitment."""
    hashes: dict[int, Hash32] = field(default_factory=dict)
    """Hash of each host block that holds one of the entries, by number."""
    checkpoints: list[int] = field(default_factory=list)
    """Sizes at which the ledger says here to have kept its root: worth asking for, never evidence of it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """
    Host blocks that are not expected to be replaced (safe), and that cannot be (finalized), as the host names them.

    None where there is no such block, or the host does not tell.
    """

    safe: HostBlock | None = None
    finalized: HostBlock | None = None


class EntrySource(Protocol):
    """One ledger on a host chain, as something to read entries from."""

    @property
    def name(self) -> str: ...

    def info(self) -> LedgerInfo:
        """Raises `NoContract`, `NotALedger`, `HostUnavailable`."""

    def origin(self, at: HostBlock) -> tuple[BlockRule, Genesis]:
        """What the ledger says of its beginning at that block: it is the ledger that stood there. Raises as `head`."""

    def target(self) -> HostBlock:
        """The newest host block to read up to, by the confirmations or the finality that was asked for."""

    def settled(self) -> Settled:
        """Up to where the host's own chain is safe, and finalized."""

    def block(self, number: int) -> HostBlock | None:
        """The canonical host block of that number; None past the newest."""

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        """
        The entries of a range of host blocks, in order; the last chunk ends with `last_block`.

        Raises `BrokenSequence` where the indexes do not go on from `expected` one by one, `MalformedLog`,
        `HostUnavailable`; what was yielded before stays good.
        """

    def head(self, at: HostBlock) -> Head:
        """`head()` at that block, by its hash where the host takes one; `StateGone`, `UnknownBlock`."""

    def peaks(self, at: HostBlock) -> list[Hash32]:
        """`peaks()` at that block, lowest level first. Raises as `head` does."""

    def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
        """`checkpointAt(size)` at that block, or at a newer one; None where none was kept. Raises `HostError`s."""


@dataclass(slots=True)
class Step:
    """What one transaction of the store takes in, on top of `first` entries that it has."""

    chunk: Chunk
    cursor: HostBlock | None
    """
    Everything up to and with this host block is in the store after the step. None for opening entries, which stand
    before every host block: they come first, with transactions of zeros and no host blocks.
    """
    blocks: list[Block] = field(default_factory=list)
    nodes: list[tuple[int, int, bytes]] = field(default_factory=list)
    """(level, position, root) of each perfect subtree that the step completes, level 8 and up."""
    verified: bool = False
    """The root after this step is the contract's at `cursor`: raise the verified size with it."""
    after: HostBlock | None = None
    """The cursor that it goes on from, where it goes on from one: entries of another fork may be as many."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a store stands with a ledger; all of it changes together, in one transaction."""

    size: Size
    """Entries in the store, staged ones included."""
    cursor: HostBlock | None
    """Host block up to which logs were read; None before the first step."""
    verified_size: Size
    verified_blocks: int
    """Blocks that follow from the verified entries, the genesis block included."""
    verified_at: HostBlock | None
    """
    Host block at which the contract's `head()` was last seen to fit; None where nobody has asked the contract: what
    is served then is *agreed* by other nodes, and no verified chain.
    """
    blocks: int
    """Blocks in the store, staged ones included."""
    settled: Settled = Settled()
    """How far, in host blocks up to `verified_at`, the host called its chain safe and finalized."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry where it stands: its index, and the host's hints."""

    index: Index
    entry: Entry
    host_block: int
    transaction: Hash32


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """Which entries: all that is said holds at once. In the order of the log, or the newest first."""

    address: Address | None = None
    """Sent or received by it."""
    subject: Address | None = None
    memo: Hash32 | None = None
    since: int | None = None
    """Not before this second."""
    until: int | None = None
    """Before this second."""
    start: int = 0
    stop: int | None = None
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """What a wallet did in one subject, up to a size of the log; amounts in the smallest unit."""

    received: int
    """Net of fees; the ledger's own account is credited the fees."""
    sent: int
    count_sent: int
    """Entries of any subject that it sent: the nonce of its next one."""
    count: int
    """Entries of any subject that it sent or received."""

    @property
    def balance(self) -> int:
        """Signed: without an opening balance it is a net flow through the ledger."""
        return self.received - self.sent


@dataclass(frozen=True, slots=True)
class Point:
    """A wallet's balance after an entry, for a plot."""

    index: Index
    timestamp: int
    balance: int


class View(Protocol):
    """
    The verified part of a ledger as it is at one moment: everything asked of one view belongs together.

    Staged entries are not in it. It lives inside `with store.view() as view`, in one thread; what it yields lazily
    must be taken there.
    """

    @property
    def info(self) -> LedgerInfo: ...

    @property
    def status(self) -> Status: ...

    def root(self, size: int | None = None) -> Hash32:
        """Root of the log, or as it was at that size. Raises `ProofError` for a size past the verified one."""

    def perfect(self, level: int, position: int) -> Hash32:
        """Root of a perfect subtree, as `ledger.proof` asks for it. Raises `ProofError` past the verified size."""

    def block(self, number: int) -> Block | None: ...

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Block]:
        """By number, ascending."""

    def block_by_hash(self, block_hash: Hash32) -> Block | None: ...

    def block_of(self, index: int) -> Block | None:
        """The block that holds an entry; None while the entry is pending, or past the size."""

    def entry(self, index: int) -> Recorded | None: ...

    def entries(self, query: EntryQuery = EntryQuery()) -> Iterator[Recorded]:
        """Lazily: take as many as are wanted."""

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        """`Entry.pack()` of entries, in order."""

    def size_at(self, host_block: int) -> Size:
        """How many verified entries stand in host blocks up to and with that number."""

    def hints(self, start: int, stop: int) -> tuple[list[bytes], list[int]]:
        """Host transaction hash and host block number of each entry of a range: hints, outside the commitment."""

    def named(self, name: Hash32) -> list[Index]:
        """Entries of that smart chain transaction hash (one), or host transaction hash (one or more), ascending."""

    def account(self, address: Address, subject: Address = ETHER, size: int | None = None) -> Account:
        """Up to that size of the log, by default the verified one."""

    def subjects(self, address: Address) -> list[Address]:
        """What an address sent or received, or was paid as fees; Ether first."""

    def count_sent(self, address: Address, size: int | None = None) -> int:
        """`account(...).count_sent` alone, for who asks it of very many: no entry has to be read for it."""

    def balances(self, address: Address, subject: Address = ETHER, points: int = 200) -> list[Point]:
        """At most so many points of the account's history, ascending; the last is its newest entry."""


class LedgerStore(Protocol):
    """One ledger in a store: the indexer sees staged entries too, who serves it the verified part only."""

    @property
    def info(self) -> LedgerInfo: ...

    def status(self) -> Status: ...

    # what the indexer writes

    def take(self, step: Step) -> None:
        """Take in a step, whole or not at all; `StoreMoved` if the size is not the step's first index."""

    def verify(self, size: Size, blocks: int, at: HostBlock | None) -> None:
        """
        Raise the verified size to `size`, of as many blocks; entries past it stay staged.

        `at` is the host block at which the contract said so; None if nobody asked the contract, see `Status`.
        Raises `StoreMoved` unless `size` is staged, holds that many blocks, and is not below the verified size.
        """

    def rewind(self, size: Size, cursor: HostBlock | None) -> None:
        """
        Drop the entries from `size` on, blocks of that size or more, and subtrees past it.

        The finalized host block stays, as the cursor where that one is older. Raises `FinalityBroken` where entries up
        to it would go.
        """

    def settle(self, settled: Settled) -> None:
        """
        Keep how far the host's chain is safe and finalized, no further than what is verified, and never back.

        What only a way back behind the finalized block would need is forgotten.
        """

    # what the indexer reads: staged entries included

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        """`Entry.pack()` of the entries from start up to stop, in order."""

    def nodes(self, level: int, start: int, stop: int) -> list[Hash32]:
        """Roots of perfect subtrees of 2^level entries, positions start up to stop; level 8 and up."""

    def block_below(self, size: Size) -> Block | None:
        """The last block whose size is less than `size`."""

    def host_blocks(self, below: int | None = None, most: int | None = None) -> list[tuple[int, Hash32]]:
        """
        Number and hash of known host blocks, ascending: those with entries and where steps ended.

        A block whose hash was given as `ZERO_HASH` is a place that other nodes named: nobody here saw it, so it is no
        block to go back to, and is left out.
        With `below` only those below that number, with `most` only that many of them, the newest.
        """

    def size_at(self, host_block: int) -> Size:
        """How many entries stand in host blocks up to and with that number."""

    def host_block_of(self, index: Index) -> int: ...

    # what is served: the verified part

    def view(self) -> AbstractContextManager[View]:
        """The verified part as it is now, for as long as the view is open."""

    def look_up(self, most: int) -> bool:
        """
        Take at most so many more verified entries into the lookups that trail behind; whether there are still more.

        For whoever follows or serves the ledger, at leisure. What a view says is right all the same, and slower where
        much is asked about entries that are not in them yet.
        """

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Block]:
        """Verified blocks by number, ascending."""

    def block_by_hash(self, block_hash: Hash32) -> Block | None: ...

    def entries(self, start: int = 0, stop: int | None = None, address: Address | None = None) -> Iterator[Recorded]:
        """Verified entries by index, ascending; with an address those that it sent or received."""

    def balance(self, address: Address, subject: Address = ETHER) -> int:
        """Signed: what it received less what it sent of that in the verified entries, fees credited to the ledger."""


class Journal(LedgerStore, Protocol):
    """A node's own ledger, of notes; `now` is the second at which something is written, never before the newest."""

    def add(self, content: bytes, now: int) -> Recorded:
        """Write a note down. Raises `InputError` for one that is empty or too long."""

    def seal(self, now: int) -> Block:
        """Close the open block, and be its last entry."""

    def note(self, index: int) -> tuple[Recorded, bytes | None] | None:
        """An entry and its note; None for the note of a seal, and for one that was lost."""

    def notes(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Recorded, bytes | None]]:
        """The same of each entry, in order, as of one moment."""


class Store(Protocol):
    """A database of any number of ledgers, and of a journal."""

    def ledgers(self) -> list[LedgerInfo]: ...

    def ledger(self, info: LedgerInfo) -> LedgerStore:
        """That ledger, taken up if it is new. Raises `WrongStore` if what is stored about it differs."""

    def open(self, address: Address | None = None) -> LedgerStore:
        """A ledger that is there; `LedgerNotChosen` lists them if there are several and none is named."""

    def journal(self, now: int | None = None) -> Journal:
        """The node's own, which none of `ledgers()` is; begun at the second `now` if there is none."""

    def close(self) -> None: ...


class Spender(Protocol):
    """A node's own wallet, for clients that sign nothing themselves; it spends up to a limit and then no more."""

    @property
    def address(self) -> Address: ...

    def pay(self, sender: Address, recipient: Address, amount: Wei) -> Index:
        """
        Pay through the ledger, wait until that is mined, and say which entry it made.

        Raises `KeyUnusable` for a sender whose key is not at hand, `LimitExceeded`, and what paying raises.
        """

    def seal(self) -> Index:
        """Close the open block; raises as `pay` does."""


@dataclass(frozen=True, slots=True)
class PeerHead:
    """What another node says of its chain: how far it goes, and the root over it."""

    info: LedgerInfo
    size: Size
    root: Hash32
    peaks: tuple[Hash32, ...]
    """Lowest level first."""
    verified: bool
    """Whether it says that the contract told it so, or other nodes only."""
    host_block: int
    """Up to which it has read; a hint."""


@dataclass(slots=True)
class Portion:
    """Consecutive entries from another node, one list a column; only `packed` is under the commitment."""

    first: Index
    packed: list[bytes]
    transactions: list[bytes]
    host_blocks: list[int]


class PeerSource(Protocol):
    """
    Another node, as something to take the chain from. Nothing that it says is believed before it is proven.

    Raises `PeerUnavailable`, `PeerUnusable`, `PeerLied`, each naming the peer and the reason.
    """

    @property
    def name(self) -> str:
        """Scheme, host and port."""

    def head(self, size: int | None = None) -> PeerHead:
        """Of its whole chain, or as it was at that size; its peaks give its root."""

    def consistency(self, first: int, second: int) -> list[Hash32]:
        """Its proof that its log of the second size begins with that of the first, unchecked."""

    def outline(self, start: int, stop: int) -> list[Hash32]:
        """Roots of its subtrees over entries `start` to `stop`, `peer.outline.PART` entries each, unchecked."""

    def portions(self, start: int, stop: int) -> Iterator[Portion]:
        """Its entries, in order, as one download. Raises where they end early."""
