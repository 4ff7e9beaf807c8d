"""
Entries as logs: one ERC-20 style `Transfer` each, from the ledger's address.

A search goes by the posting lists of the addresses it names, or over the range; it ends with an error, and a range
that would do, where there would be too much to say or to look through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

from smartchain.ledger.entry import Entry
from smartchain.ledger.identity import TRANSFER, address_in, topic_of
from smartchain.node.rpc import hexes
from smartchain.node.rpc.chain import Chain, Span
from smartchain.node.rpc.faults import LIMIT_EXCEEDED, NOT_FOUND, BadParams, Fault
from smartchain.node.rpc.hexes import At, Tag, data, quantity, shown
from smartchain.node.rpc.shapes import Log
from smartchain.ports import EntryQuery, Recorded
from smartchain.types import Address, Hash32

MOST_LOGS = 10_000
MOST_SEEN = 100_000
"""Entries that one search looks at."""

_MOST_LISTS = 64
"""Addresses whose posting lists are merged; for more than so many the range is read."""

_MOST_NAMED = 1_000
"""Alternatives in one place of a filter."""

_TOPICS = 3


@dataclass(frozen=True, slots=True)
class Filter:
    """Which logs; None stands for any."""

    start: At = Tag.LATEST
    stop: At = Tag.LATEST
    block: Hash32 | None = None
    senders: frozenset[Address] | None = None
    recipients: frozenset[Address] | None = None
    ledgers: frozenset[Address] | None = None
    possible: bool = True
    """Whether any `Transfer` has topics of this form."""

    def fits(self, entry: Entry) -> bool:
        return (self.senders is None or entry.sender in self.senders) and (
            self.recipients is None or entry.recipient in self.recipients
        )

    def shortest(self) -> frozenset[Address] | None:
        """The fewer of the addresses that every log sought has one of."""
        named = [names for names in (self.senders, self.recipients) if names is not None]
        return min(named, key=len) if named else None


def log(chain: Chain, span: Span, recorded: Recorded) -> Log:
    """Of an entry that stands in this block."""
    entry, place = recorded.entry, quantity(recorded.index - span.start)
    return Log(
        address=data(chain.info.address),
        topics=(data(TRANSFER), data(topic_of(entry.sender)), data(topic_of(entry.recipient))),
        data=f"0x{entry.value:064x}",
        block_hash=data(span.hash or b""),
        block_number=quantity(span.number),
        block_timestamp=quantity(span.timestamp),
        transaction_hash=data(chain.name(recorded.index, entry)),
        transaction_index=place,
        log_index=place,
    )


def logs(chain: Chain, sought: Filter) -> list[Log]:
    """eth_getLogs"""
    first, last = _blocks(chain, sought)
    if not sought.possible or (sought.ledgers is not None and chain.info.address not in sought.ledgers):
        return []
    found: list[Recorded] = []
    for seen, recorded in enumerate(_candidates(chain, sought, first, last)):
        if seen == MOST_SEEN or len(found) == MOST_LOGS:
            raise _too_much(chain, first, recorded.index, len(found))
        if sought.fits(recorded.entry):
            found.append(recorded)
    return [log(chain, span, recorded) for span, recorded in chain.places(found)]


def filter_in(given: object) -> Filter:
    """The object that eth_getLogs takes."""
    if not isinstance(given, dict):
        raise BadParams(f"{shown(given)} is no filter: write an object with fromBlock, toBlock, address, topics")
    block = given.get("blockHash")
    if block is not None and (given.get("fromBlock") is not None or given.get("toBlock") is not None):
        raise BadParams("a filter has either a blockHash or a range of blocks, not both")
    topics = _topics_in(given.get("topics"))
    named = [None if one is None else [address_in(topic) for topic in one] for one in topics]
    senders, recipients = (
        None if one is None else frozenset(name for name in one if name is not None) for one in named[1:_TOPICS]
    )
    return Filter(
        start=_bound_in(given.get("fromBlock")),
        stop=_bound_in(given.get("toBlock")),
        block=None if block is None else hexes.hash_in(block),
        senders=senders,
        recipients=recipients,
        ledgers=_addresses_in(given.get("address")),
        possible=len(given.get("topics") or ()) <= _TOPICS and (topics[0] is None or TRANSFER in topics[0]),
    )


def _bound_in(given: object) -> At:
    return Tag.LATEST if given is None else hexes.numbered_in(given)


def _addresses_in(given: object) -> frozenset[Address] | None:
    if given is None or given == []:
        return None
    return frozenset(hexes.address_in(one) for one in _alternatives(given))


def _topics_in(given: object) -> list[list[Hash32] | None]:
    """What is sought in each of the places, at least three."""
    if given is None:
        given = []
    if not isinstance(given, list) or len(given) > 4:
        raise BadParams(
            f"{shown(given)} are no topics: write a list of up to four, each null, a topic or a list of them"
        )
    sought = [
        None if one is None or one == [] else [hexes.hash_in(topic) for topic in _alternatives(one)] for one in given
    ]
    return sought + [None] * (_TOPICS - len(sought))


def _alternatives(given: object) -> Sequence[object]:
    several = given if isinstance(given, list) else [given]
    if len(several) > _MOST_NAMED:
        raise BadParams(f"a filter names up to {_MOST_NAMED} alternatives in one place, this one has {len(several)}")
    return several


def _blocks(chain: Chain, sought: Filter) -> tuple[int, int]:
    """First and last block of the search; the last may be below the first, where there is nothing yet."""
    if sought.block is not None:
        span = chain.find(sought.block)
        if span is None:
            raise Fault(NOT_FOUND, f"there is no block of hash {data(sought.block)}")
        return span.number, span.number
    first, last = _number(chain, sought.start), _number(chain, sought.stop)
    if first > last and isinstance(sought.start, int) and isinstance(sought.stop, int):
        raise BadParams(f"fromBlock {first} is past toBlock {last}")
    return first, min(last, chain.height)


def _number(chain: Chain, at: At) -> int:
    return chain.number_of(at) if not isinstance(at, bytes) else 0


def _candidates(chain: Chain, sought: Filter, first: int, last: int) -> Iterator[Recorded]:
    """Entries of these blocks, ascending, each once, the ones sought among them."""
    if first > last:
        return
    start, stop = chain.need(first).start, chain.need(last).size
    names = sought.shortest()
    if names is None and stop - start > MOST_LOGS:
        raise _too_much(chain, first, start + MOST_LOGS, MOST_LOGS)
    if names is None or len(names) > _MOST_LISTS:
        yield from chain.view.entries(EntryQuery(start=start, stop=stop))
        return
    lists = [chain.view.entries(EntryQuery(address=name, start=start, stop=stop)) for name in names]
    newest = -1
    for recorded in merge(*lists, key=lambda one: one.index):
        if recorded.index != newest:
            newest = recorded.index
            yield recorded


def _too_much(chain: Chain, first: int, index: int, found: int) -> Fault:
    """At that entry, in the words by which clients know to ask for a smaller range."""
    said = f"query looked at more than {MOST_SEEN} entries"
    if found == MOST_LOGS:
        said = f"query returned more than {MOST_LOGS} results"
    span = chain.place(index)
    if span is None or span.number == first:
        return Fault(LIMIT_EXCEEDED, f"{said} in block {first} alone: name topics, a sender or a recipient")
    start, stop = quantity(first), quantity(span.number - 1)
    return Fault(
        LIMIT_EXCEEDED,
        f"{said}. Try with this block range [{start}, {stop}].",
        {"from": start, "to": stop, "limit": MOST_LOGS},
    )
