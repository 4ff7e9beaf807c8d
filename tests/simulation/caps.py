"""
How much of the logs providers give at once, and in which words they refuse more.

`{first}`, `{last}` are the blocks asked for, `{most}` what may be asked for, `{end}` the last block that would do.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulation.node import Refusal


@dataclass(frozen=True, slots=True)
class Words:
    """One provider's refusal."""

    provider: str
    code: int
    message: str
    counts: str
    """What it counts: `blocks` or `logs`."""
    data: bool = False
    """Whether the range that would do is told apart from the words."""


BLOCKS, LOGS = "blocks", "logs"
PROVIDERS = [
    Words("Alchemy", -32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block "
          "range and no limit on the response size, or you can request any block range with a cap of 10K logs in the "
          "response. Based on your parameters and the response size limit, this block range should work: "
          "[{first:#x}, {end:#x}]", LOGS),
    Words("Alchemy, free", -32600, "Under the Free tier plan, you can make eth_getLogs requests with up to a {most} "
          "block range. Upgrade to PAYG for expanded block range.", BLOCKS),
    Words("Infura", -32005, "query returned more than {most} results. Try with this block range "
          "[{first:#x}, {end:#x}].", LOGS, data=True),
    Words("QuickNode", -32614, "eth_getLogs is limited to a {most} range", BLOCKS),
    Words("QuickNode, two methods", -32614, "eth_getLogs and eth_newFilter are limited to a {most} blocks range",
          BLOCKS),
    Words("Ankr", -32600, "block range is too wide", BLOCKS),
    Words("Cloudflare", -32047, "Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large. Max range: {most}",
          BLOCKS),
    Words("Erigon", -32000, "requested too many blocks from {first} to {last}, maximum is set to {most}", BLOCKS),
    Words("Nethermind", -32005, "Too many logs requested. Max logs per response is {most}.", LOGS),
    Words("reth", -32602, "query exceeds max results {most}, retry with the range {first}-{end}", LOGS),
    Words("reth, blocks", -32602, "query exceeds max block range {most}", BLOCKS),
    Words("geth", -32000, "exceed maximum block range: {most}", BLOCKS),
    Words("Besu", -32005, "Requested range exceeds maximum RPC range limit", BLOCKS),
    Words("dRPC", 35, "ranges over {most} blocks are not supported on freetier", BLOCKS),
    Words("Chainstack", -32000, "Block range limit exceeded. See more details", BLOCKS),
    Words("BlockPI", -32602, "eth_getLogs is limited to {most} block range. Please check the parameter requirements",
          BLOCKS),
    Words("Blast", -32000, "logs matched by query exceeds limit of {most}", LOGS),
    Words("Avalanche", -32000, "requested too many blocks from {first} to {last}, maximum is set to {most}", BLOCKS),
    Words("PublicNode", -32701, "exceed maximum block range: {most}", BLOCKS),
    Words("BSC", -32005, "limit exceeded", LOGS),
    Words("slow", -32000, "query timeout exceeded", LOGS),
    Words("proxy", -32020, "backend response too large", LOGS),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cap:
    """A provider's limit; a single block is always given, as every provider does."""

    words: Words
    most: int

    @classmethod
    def by(cls, chance: random.Random) -> Cap:
        words = chance.choice(PROVIDERS)
        return cls(words, chance.choice([1, 2, 5, 10, 40] if words.counts == BLOCKS else [1, 3, 20, 100]))

    def check(self, query: dict[str, Any], logs_by_block: Sequence[int]) -> None:
        """Raises `Refusal` for too much; `logs_by_block` are how many each block of the range has."""
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        end = first + self.most - 1
        if self.words.counts == LOGS:
            end, given = first - 1, 0
            for count in logs_by_block:
                given += count
                if given > self.most:
                    break
                end += 1
            else:
                return
        end = max(end, first)
        if end >= last or first == last:
            return
        said = self.words.message.format(first=first, last=last, most=self.most, end=end)
        data = {"from": hex(first), "to": hex(end), "limit": self.most} if self.words.data else None
        raise Refusal(self.words.code, said, data)
