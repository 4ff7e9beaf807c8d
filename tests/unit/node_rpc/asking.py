"""A short chain in lists, and somebody who asks it by JSON-RPC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import SEAL, anchor_of, transaction_hash
from smartchain.node.rpc.dispatch import answer
from smartchain.ports import LedgerInfo
from smartchain.types import ZERO_ADDRESS, Size
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, CARL, INFO, Story, payment

TOKEN = CARL
"""Stands for a subject that is not Ether."""

ENTRIES = [
    payment(ANNA, BEN, 10, b"rent"),
    payment(ANNA, CARL, 5),
    payment(BEN, ANNA, 7),
    payment(ANNA, BEN, 1, subject=TOKEN),
    payment(BEN, ZERO_ADDRESS, 0, subject=SEAL),
    payment(ANNA, CARL, 2),
    payment(CARL, ANNA, 3),
]
"""At three entries a block: 0 to 2 in block 1, 3 and 4 in block 2, which a seal closes; 5 and 6 are pending."""


class Asker:
    """A client with no library at all."""

    def __init__(self, store: ListStore) -> None:
        self.store = store

    def say(self, body: bytes) -> Any:
        """The response to any bytes, read; None if it is empty."""
        said = answer(self.store.view(), body)
        return json.loads(said) if said else None

    def request(self, method: str, *params: object) -> dict[str, Any]:
        """The whole response to one call."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        said: dict[str, Any] = self.say(json.dumps(call).encode())
        assert (said["jsonrpc"], said["id"]) == ("2.0", 1)
        return said

    def ask(self, method: str, *params: object) -> Any:
        """The result of one call, which must have one."""
        return self.request(method, *params)["result"]

    def refusal(self, method: str, *params: object) -> tuple[int, str]:
        """Code and sentence of the error, which there must be."""
        said = self.request(method, *params)
        assert said.keys() == {"jsonrpc", "id", "error"}
        return said["error"]["code"], said["error"]["message"]


def store_of(
    entries: Sequence[Entry], rule: tuple[int, int] = (3, 0), *, info: LedgerInfo = INFO, agreed: bool = False
) -> ListStore:
    """A store with these entries, verified, or only agreed by peers; of a ledger with that rule."""
    info = replace(info, rule=BlockRule(*rule))
    story, store = Story(info), ListStore(info)
    store.take(story.step(entries, verified=not agreed))
    if agreed:
        store.verify(Size(len(entries)), len(story.blocks), None)
    return store


def name_of(index: int, entries: Sequence[Entry] = ENTRIES) -> str:
    """The transaction hash that the protocol gives to an entry."""
    anchor = anchor_of(INFO.chain_id, INFO.address)
    return "0x" + transaction_hash(anchor, index, entries[index].leaf).hex()


def hexed(content: bytes) -> str:
    return "0x" + content.hex()


def word(content: bytes | int) -> str:
    """Left-padded to 32 bytes, as a topic or a uint256."""
    number = content if isinstance(content, int) else int.from_bytes(content, "big")
    return f"0x{number:064x}"
