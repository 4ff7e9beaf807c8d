"""
A receipt that stays good: the contract keeps the root first, the store is brought up to it, the receipt follows.
"""

from __future__ import annotations

import threading
from contextlib import closing

from smartchain.cli import build, sending
from smartchain.cli.progress import Bar
from smartchain.config import HostSettings, IndexSettings
from smartchain.errors import RootMismatch
from smartchain.host.receipts import kept
from smartchain.ledger.receipt import Receipt
from smartchain.ports import LedgerStore, Rpc
from smartchain.store import open_store
from smartchain.store.receipts import receipt_of
from smartchain.types import Address, Size
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions
from smartchain.wallet.pay import Payer, Way


def make_kept(
    index: int,
    db: str,
    ledger: Address | None,
    host: HostSettings,
    keys: KeyOptions,
    fees: FeePolicy,
    gas_limit: int | None,
    nonce: int | None,
    patience: Patience,
) -> Receipt:
    """
    The receipt of an entry for the size of which the contract now keeps the root.

    Nothing is sent for an entry that is not in the store. Raises `RootMismatch` if the root kept is not the store's.
    """
    with closing(open_store(db, create=False)) as opened:
        store = opened.open(ledger)
        with store.view() as view:
            receipt_of(view, index)
        info, rpc = store.info, build.connect(host)
        build.expect_chain(rpc, info.chain_id)
        payer = Payer(build.sender_of(host, rpc, build.signer_of(keys), fees, gas_limit), info.address)
        sent = payer.checkpoint(Way(patience, nonce, sending.tell))
        head, where = kept(rpc, info.address, sent.transaction)
        _bring_up(store, host, rpc, head.size)
        with store.view() as view:
            made = receipt_of(view, index, head.size, where)
    if made.root != head.root:
        raise RootMismatch(
            f"the contract keeps 0x{head.root.hex()} for {head.size} entries, the store has another root"
        )
    return made


def _bring_up(store: LedgerStore, host: HostSettings, rpc: Rpc, size: Size) -> None:
    """Read and verify until the store has that many entries."""
    from smartchain.indexer.daemon import Daemon
    from smartchain.indexer.follow import Follower

    if store.status().verified_size >= size:
        return
    source = build.source_of(host, rpc, store.info.address, IndexSettings(from_block=store.info.deployed_at))
    never = threading.Event()
    with Bar("entries") as bar:
        Daemon(Follower(source, store, bar, never.is_set), never, lambda _: None, lambda *_: None, 0.2).catch_up()
