"""
Entries as transactions and receipts.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER
from smartchain.node.rpc.bloom import bloom
from smartchain.node.rpc.chain import Chain, Span
from smartchain.node.rpc.hexes import At, data, quantity
from smartchain.node.rpc.logs import log
from smartchain.node.rpc.shapes import Receipt, Transaction
from smartchain.ports import EntryQuery, Recorded
from smartchain.types import Address, Hash32


def by_hash(chain: Chain, transaction: Hash32) -> Transaction | None:
    """eth_getTransactionByHash"""
    found = _named(chain, transaction)
    return None if found is None else _transaction(chain, chain.place(found.index), found)


def receipt(chain: Chain, transaction: Hash32) -> Receipt | None:
    """eth_getTransactionReceipt: none while the entry is pending."""
    found = _named(chain, transaction)
    span = None if found is None else chain.place(found.index)
    return None if found is None or span is None else receipt_of(chain, span, found)


def by_place(chain: Chain, block: At, index: int) -> Transaction | None:
    """eth_getTransactionByBlockNumberAndIndex, eth_getTransactionByBlockHashAndIndex"""
    span = chain.find(block)
    if span is None or index >= span.count:
        return None
    found = chain.view.entry(span.start + index)
    return None if found is None else _transaction(chain, span, found)


def transactions_of(chain: Chain, span: Span) -> Iterator[Transaction]:
    """
    All of a block.

    A sender's nonce is read once, where it first sends, and counted from there: it may have sent very often.
    """
    sent: dict[Address, int] = {}
    for recorded in chain.view.entries(EntryQuery(start=span.start, stop=span.size)):
        sender = recorded.entry.sender
        if sender not in sent:
            sent[sender] = chain.view.count_sent(sender, span.start)
        yield _shaped(chain, span, recorded, sent[sender])
        sent[sender] += 1


def receipt_of(chain: Chain, span: Span, recorded: Recorded) -> Receipt:
    """Of an entry that stands in this block."""
    entry, shaped = recorded.entry, log(chain, span, recorded)
    return Receipt(
        transaction_hash=shaped.transaction_hash,
        transaction_index=shaped.transaction_index,
        block_hash=shaped.block_hash,
        block_number=shaped.block_number,
        sender=data(entry.sender),
        recipient=data(entry.recipient),
        logs=[shaped],
        logs_bloom=bloom(chain.info.address, [entry.pack()], 1),
        verified=chain.verified,
    )


def _named(chain: Chain, transaction: Hash32) -> Recorded | None:
    """The entry of that name on this chain; a host transaction's hash names none."""
    for index in chain.view.named(transaction):
        found = chain.view.entry(index)
        if found is not None and chain.name(index, found.entry) == transaction:
            return found
    return None


def _transaction(chain: Chain, span: Span | None, recorded: Recorded) -> Transaction:
    nonce = chain.view.count_sent(recorded.entry.sender, recorded.index)
    return _shaped(chain, span, recorded, nonce)


def _shaped(chain: Chain, span: Span | None, recorded: Recorded, nonce: int) -> Transaction:
    entry, index = recorded.entry, recorded.index
    closed = span is not None and span.hash is not None
    return Transaction(
        hash=data(chain.name(index, entry)),
        nonce=quantity(nonce),
        block_hash=data(span.hash) if span and span.hash else None,
        block_number=quantity(span.number) if span and closed else None,
        transaction_index=quantity(index - span.start) if span and closed else None,
        sender=data(entry.sender),
        recipient=data(entry.recipient),
        value=quantity(ether_of(entry)),
        input=data(entry.memo) if any(entry.memo) else "0x",
        chain_id=quantity(chain.id),
        subject=data(entry.subject),
        entry=quantity(index),
        verified=chain.verified,
    )


def ether_of(entry: Entry) -> int:
    """Wei that an entry moves: none if it is of another subject."""
    return entry.value if entry.subject == ETHER else 0
