"""A ledger with a past, in memory: payments between a few wallets over an hour that ends now."""

from __future__ import annotations

import random
import time
from dataclasses import replace

from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, SEAL, keccak
from smartchain.ports import Genesis, HostBlock, LedgerInfo, Settled
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, ChainId, Hash32, Index, Size
from tests.fakes.store import ListStore
from tests.store.making import Story

LEDGER = Address(keccak(b"the ledger")[12:])
PAST_S = 3_600
WALLETS = [Address(keccak(b"wallet %d" % number)[12:]) for number in range(12)]
MEMOS = ("", "", "", "rent March", "invoice 2041", "coffee", "Grüße", "thank you", "refund #17", "\x1b[31mred\u202e")
MARKUP = "<img src=x onerror=alert(1)>"
ETH = 10**18


def info_of(fee_ppm: int = 0, rule: BlockRule = BlockRule(12, 0), started: int | None = None) -> LedgerInfo:  # noqa: B008
    """A ledger that opened an hour ago."""
    genesis = Genesis(Size(0), EMPTY_ROOT, int(time.time()) - PAST_S if started is None else started)
    return LedgerInfo(ChainId(31337), LEDGER, rule, genesis, 7, fee_ppm)


def memo_of(text: str) -> Hash32:
    return Hash32(text.encode().ljust(32, b"\0"))


def paid(sender: Address, recipient: Address, value: int, timestamp: int, memo: str = "") -> Entry:
    """A payment."""
    return Entry(ETHER, sender, recipient, value, timestamp, memo_of(memo))


def seal(timestamp: int) -> Entry:
    return Entry(SEAL, WALLETS[0], ZERO_ADDRESS, 0, timestamp)


def history(count: int, until: int, seed: int = 7) -> list[Entry]:
    """Payments that come more and more often, a seal now and then."""
    chance = random.Random(seed)
    moments = sorted(until - int(PAST_S * chance.random() ** 1.6) for _ in range(count))
    return [seal(at) if chance.random() < 0.01 else _payment(chance, at) for at in moments]


def _payment(chance: random.Random, at: int) -> Entry:
    sender, recipient = chance.sample(WALLETS, 2)
    value = round(chance.lognormvariate(-1.5, 1.2), chance.choice([1, 2, 4, 6])) or 0.1
    return paid(sender, recipient, int(value * 10**9) * 10**9, at, chance.choice(MEMOS))


class World:
    """A ledger store that a test lets grow."""

    def __init__(self, entries: list[Entry], info: LedgerInfo | None = None, *, verified: bool = True) -> None:
        self.info = info or info_of()
        self.store = ListStore(self.info)
        self.story = Story(self.info)
        self.verified = verified
        self.add(*entries)

    def add(self, *entries: Entry) -> None:
        """Record some entries, in one host block, and verify them."""
        step = self.story.step(entries)
        assert step.cursor is not None
        # the fake story's host blocks stand in 2023: bring them to where the entries are
        moment = entries[-1].timestamp if entries else self.info.genesis.timestamp
        self.store.take(replace(step, cursor=replace(step.cursor, timestamp=moment)))
        if self.verified or entries:
            at = self.store.cursor if self.verified else None
            self.store.verify(Size(len(self.store.rows)), len(self.store.chain), at)

    def settle(self, safe: int, finalized: int) -> None:
        """The host calls the host blocks of these entries safe, and finalized."""
        places = [HostBlock(self.store.host_block_of(Index(index)), ZERO_HASH, 0) for index in (safe, finalized)]
        self.store.settle(Settled(*places))


def demo(count: int = 600, *, fee_ppm: int = 0, verified: bool = True) -> World:
    """A ledger of so many entries; the last but one has markup for a memo."""
    now = int(time.time())
    entries = history(count, now)
    if count > 1:
        entries[-2] = paid(WALLETS[1], WALLETS[2], ETH * 3 // 2, entries[-2].timestamp, MARKUP)
    return World(entries, info_of(fee_ppm), verified=verified)
