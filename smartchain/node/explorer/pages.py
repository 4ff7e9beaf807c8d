"""
Every page of the explorer: what a view of the store says, put together for one question.

A page is a function from what was asked to a `Page`; how it is then given, as HTML, JSON or CSV, is `page.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER, anchor_of, keccak, transaction_hash
from smartchain.node.explorer import lists
from smartchain.node.explorer.counting import Counts, block_curve
from smartchain.node.explorer.forms import block_json, entry_json, fee_of, hexed, memo_text, plain_ether
from smartchain.node.explorer.page import Elsewhere, Page, problem
from smartchain.node.explorer.questions import CSV_PAGE, PAGE, Filter, Place, block_name, number, position, subject_of
from smartchain.node.explorer.search import Found, search
from smartchain.node.services import Standing
from smartchain.node.standing import Head, heads
from smartchain.ports import EntryQuery, View
from smartchain.types import Address, Hash32

NEWEST = 8
"""Blocks and entries on the first page."""

LOOKED_AT = 100
"""Entries that are looked at to see what a ledger counts: whoever began it with more seals had nothing to pay."""

MOST_SUBJECTS = 20
"""Subjects of an address that its page offers."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: what the store says now, and what the address line says."""

    view: View
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: str
    """`html`, `json` or `csv`."""
    counts: Counts
    peers: Sequence[Standing] = ()
    base: str = ""
    """What stands before every address of this chain."""

    @property
    def place(self) -> Place:
        return Place.of(self.query, CSV_PAGE if self.form == "csv" else PAGE)


def about(view: View) -> dict[str, Any]:
    """What stands at the head of every answer: which chain this is, and who says that it is so."""
    status = view.status
    return {
        "verified": status.verified_at is not None,
        "ledger": checksum(view.info.address),
        "chain_id": view.info.chain_id,
        "size": status.verified_size,
        "blocks": status.verified_blocks,
        "host_block": status.verified_at.number if status.verified_at else None,
    }


def home(ask: Ask) -> Page:
    """Where the chain stands, and what came last."""
    view, status = ask.view, ask.view.status
    blocks = list(view.blocks(max(0, status.verified_blocks - NEWEST)))[::-1]
    entries = list(islice(view.entries(EntryQuery(descending=True)), NEWEST))
    head = blocks[0] if blocks else None
    root = view.root()
    pending = status.verified_size - (head.size if head else 0)
    tally, reached = ask.counts.current(view), heads(view)
    moved = sum(column.value_wei for column in tally.columns.values())
    data = {
        "root": hexed(root),
        "head": block_json(head) if head else None,
        "pending": pending,
        **asdict(reached),
        "staged": status.size - status.verified_size,
        "value": str(moved),
        "counted": tally.size,
        "newest_blocks": lists.block_rows(blocks),
        "newest_entries": [entry_json(row) for row in entries],
    }
    shown = {
        "status": status,
        "info": view.info,
        "root": root,
        "head": head,
        "pending": pending,
        "reached": reached,
        "moved": moved,
        "ETHER": ETHER,
        "counted": tally.size,
        "blocks": sized(view, blocks),
        "entries": entries,
    }
    return Page("home.html", "Overview", data, shown, live=True)


def sized(view: View, blocks: list[Block]) -> list[tuple[Block, int]]:
    """Blocks, the newest first, each with how many entries it holds."""
    below = view.block(blocks[-1].number - 1) if blocks else None
    sizes = [*(block.size for block in blocks[1:]), below.size if below else 0]
    return [(block, block.size - size) for block, size in zip(blocks, sizes, strict=False)]


def plots(ask: Ask) -> Page:
    """What happened over time, for the plots of the first page."""
    tally = ask.counts.current(ask.view)
    rows = [
        {"time": time, "entries": column.entries, "transfers": column.transfers, "value": plain_ether(column.value_wei)}
        for time, column in tally.rows()
    ]
    curve = [{"time": time, "blocks": count} for time, count in block_curve(ask.view)]
    data = {"width_s": tally.width_s, "counted": tally.size, "columns": rows, "curve": curve}
    return Page("problem.html", "Over time", data, columns=("time", "entries", "transfers", "value"), rows=rows)


def blocks(ask: Ask) -> Page:
    """Blocks, the newest first."""
    piece = lists.blocks_piece(ask.view, ask.place)
    rows = lists.block_rows(piece.rows)
    shown = {"blocks": sized(ask.view, list(piece.rows))}
    return Page(
        "blocks.html", "Blocks", {"list": rows}, shown, lists.BLOCK_COLUMNS, rows,
        live=ask.place.newest, links=piece.links,
    )  # fmt: skip


def block(ask: Ask) -> Page:
    """One block, and the entries that it took in."""
    name = block_name(ask.path["name"])
    found = ask.view.block_by_hash(Hash32(name)) if isinstance(name, bytes) else ask.view.block(name)
    if found is None:
        known = ask.view.status.verified_blocks
        return problem(404, "No such block", f"There is no such block among the {known:,} that are verified.")
    below = ask.view.block(found.number - 1)
    first = below.size if below else 0
    piece = lists.entries_piece(
        ask.view, EntryQuery(start=first, stop=found.size), _within(ask.place, first, found.size), {}
    )
    reached = heads(ask.view).of_block(found.number)
    data = {
        **block_json(found),
        "entries": found.size - first,
        "finality": reached,
        "list": [entry_json(row) for row in piece.rows],
    }
    shown = {
        "block": found,
        "first": first,
        "entries": piece.rows,
        "newer": found.number + 1 < ask.view.status.verified_blocks,
        "reached": reached,
    }
    return Page(
        "block.html", f"Block {found.number:,}", data, shown, lists.ENTRY_COLUMNS, lists.entry_rows(piece.rows),
        live=reached != Head.FINALIZED, links=piece.links,
    )  # fmt: skip


def _within(place: Place, first: int, stop: int) -> Place:
    """A place held inside a block."""
    if place.after is not None:
        return Place(place.limit, after=max(place.after, first - 1))
    return place if place.before is None else Place(place.limit, before=min(place.before, stop))


def entries(ask: Ask) -> Page:
    """Entries, the newest first; by subject, memo or time where that is asked."""
    chosen = Filter.of(ask.query)
    query = EntryQuery(subject=chosen.subject, memo=chosen.memo, since=chosen.since, until=chosen.until)
    piece = lists.entries_piece(ask.view, query, ask.place, lists.asked(chosen.given))
    data = {"list": [entry_json(row) for row in piece.rows]}
    shown = {"entries": piece.rows, "chosen": chosen}
    return Page(
        "entries.html", "Entries", data, shown, lists.ENTRY_COLUMNS, lists.entry_rows(piece.rows),
        live=ask.place.newest, links=piece.links,
    )  # fmt: skip


def entry(ask: Ask) -> Page:
    """One entry: what it says, where it stands, and how to have it proven."""
    index = position(ask.path["index"], "an entry is named by its index: that")
    recorded = ask.view.entry(index)
    if recorded is None:
        known = ask.view.status.verified_size
        return problem(404, "No such entry", f"There is no entry #{index:,}: {known:,} are verified, counted from 0.")
    info = ask.view.info
    within, reached = ask.view.block_of(index), heads(ask.view).of_entry(index)
    leaf = recorded.entry.leaf
    own = transaction_hash(anchor_of(info.chain_id, info.address), index, leaf)
    fee = fee_of(recorded, info)
    data = {
        **entry_json(recorded),
        "memo_text": memo_text(recorded.entry.memo),
        "fee": str(fee),
        "leaf": hexed(leaf),
        "hash": hexed(own),
        "block": within.number if within else None,
        "finality": reached,
    }
    shown = {
        "recorded": recorded,
        "entry": recorded.entry,
        "block": within,
        "leaf": leaf,
        "own": own,
        "fee": fee,
        "reached": reached,
    }
    live = within is None or reached != Head.FINALIZED
    return Page("entry.html", f"Entry #{index:,}", data, {**shown, "info": info, "ETHER": ETHER}, live=live)


def address(ask: Ask) -> Page:
    """One address: what went in and out, what that comes to, and each entry."""
    who = parse_address(ask.path["address"])
    subjects = ask.view.subjects(who)
    subject = subject_of(ask.query, subjects[0] if subjects else ETHER)
    account = ask.view.account(who, subject)
    given = {"subject": checksum(subject)} if ask.query.get("subject") else {}
    piece = lists.entries_piece(ask.view, EntryQuery(address=who), ask.place, given)
    data = {
        "address": checksum(who),
        "subject": checksum(subject),
        "balance": str(account.balance),
        "received": str(account.received),
        "sent": str(account.sent),
        "nonce": account.count_sent,
        "entries": account.count,
        "list": [entry_json(row) for row in piece.rows],
    }
    shown = {
        "who": who,
        "subject": subject,
        "subjects": subjects[:MOST_SUBJECTS],
        "account": account,
        "entries": piece.rows,
        "info": ask.view.info,
        "ETHER": ETHER,
    }
    return Page(
        "address.html", f"Address {checksum(who)}", data, shown, lists.ENTRY_COLUMNS, lists.entry_rows(piece.rows),
        live=ask.place.newest, links=piece.links,
    )  # fmt: skip


def balance(ask: Ask) -> Page:
    """An address's balance over time, for its plot."""
    who, subject = parse_address(ask.path["address"]), subject_of(ask.query)
    points = ask.view.balances(who, subject)
    rows = [
        {
            "index": point.index,
            "time": point.timestamp,
            "balance": str(point.balance),
            "ether": plain_ether(point.balance),
        }
        for point in points
    ]
    data = {"address": checksum(who), "subject": checksum(subject), "points": rows}
    return Page("problem.html", "Balance", data, columns=("index", "time", "balance", "ether"), rows=rows)


def find(ask: Ask) -> Page | Elsewhere:
    """What a text names: the page itself if it is one thing, else a list."""
    text = ask.query.get("q", "")
    found = search(ask.view, text) if text.strip() else Found()
    if ask.form == "html" and len(found.hits) == 1:
        return Elsewhere(ask.base + found.hits[0].href)
    rows = [{"kind": hit.kind, "href": ask.base + hit.href, "says": hit.says} for hit in found.hits]
    data = {"query": text[:200], "hits": rows, "remark": found.remark}
    shown = {"text": text[:200], "found": found}
    return Page("search.html", "Search", data, shown, ("kind", "href", "says"), rows)


def peers(ask: Ask) -> Page:
    """Other nodes, and how far they are."""
    rows = [
        {
            "name": one.peer.name,
            "entries": one.head.size if one.head else None,
            "root": hexed(one.head.root) if one.head else None,
            "lies": one.lies,
            "set_aside": one.reason,
        }
        for one in ask.peers
    ]
    columns = ("name", "entries", "root", "lies", "set_aside")
    return Page("peers.html", "Peers", {"list": rows}, {"peers": rows}, columns, rows, live=True)


def verify(ask: Ask) -> Page:
    """Where a receipt is verified, in the browser alone; for programs the root of the log at any size."""
    size = number(ask.query, "size")
    known = ask.view.status.verified_size
    if size is None:
        size = known
    if size > known:
        return problem(404, "Not known yet", f"The log has {known:,} verified entries, fewer than {size:,}.")
    data = {"root_size": size, "root": hexed(ask.view.root(size)), "receipts": f"{ask.base}/api/v1/receipts/{{index}}"}
    return Page("verify.html", "Verify a receipt", data, {"index": ask.query.get("entry", "")})


def send(ask: Ask) -> Page:
    """Where a payment is made with a browser's own wallet."""
    info = ask.view.info
    call = {
        "chain": hex(info.chain_id),
        "contract": checksum(info.address),
        "relay": hexed(keccak(b"relay(address,bytes32)")[:4]),
        "head": hexed(keccak(b"head()")[:4]),
        "fee_ppm": info.fee_ppm,
    }
    return Page("send.html", "Send a payment", call, {"call": call, "info": info, "other": _counts_other(ask.view)})


def _counts_other(view: View) -> Address | None:
    """What a ledger counts, if that is no Ether."""
    subject = counted_in(view)
    return None if subject == ETHER else subject


def counted_in(view: View) -> Address | None:
    """What a ledger counts, by the first entries that are no seals; None where there is none."""
    return next((one.entry.subject for one in islice(view.entries(), LOOKED_AT) if not one.entry.is_seal), None)
