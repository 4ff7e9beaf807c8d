"""
Lies about logs and about the contract, told by a seed: lastingly (the same whenever asked) or in passing.

Each leaves logs and state in disagreement. Hints, which no root commits to, are not touched.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from zlib import crc32

KINDS = ["drop", "double", "reorder", "alter", "truncate", "empty", "head"]


class Liar:
    """Tells one kind of lie while `now` is within its time; `told` says how often it has."""

    def __init__(self, chance: random.Random, storm_s: float, end_s: float) -> None:
        self.kind = chance.choice(KINDS)
        self.lasting = chance.random() < 0.5
        self.begin_s = chance.uniform(0, storm_s)
        self.end_s = min(end_s, self.begin_s + chance.choice([2, 20, 200]))
        self.told = 0
        self._rate = chance.choice([0.05, 0.3, 1.0])
        self._salt = chance.getrandbits(32)
        self._chance = random.Random(f"liar {self._salt}")

    def is_on(self, now: float) -> bool:
        return self.begin_s <= now < self.end_s

    def _hits(self, identity: bytes) -> bool:
        if self.lasting:
            return crc32(identity, self._salt) < self._rate * 2**32
        return self._chance.random() < self._rate

    def logs(self, honest: list[bytes]) -> list[bytes]:
        """What it says for these logs."""
        if self.kind == "head" or not honest:
            return honest
        if self.kind in ("truncate", "empty"):
            whole = not self._hits(honest[0])
            said = honest if whole else [] if self.kind == "empty" else honest[: len(honest) // 2]
        else:
            said = _CHANGES[self.kind](self, honest)
        self.told += said != honest
        return said

    def head(self, answer: bytes) -> bytes:
        """What it says for `head()`: another root."""
        if self.kind != "head" or len(answer) < 130 or not self._hits(answer):
            return answer
        self.told += 1
        return answer[:-2] + (b'1"' if answer[-2:] != b'1"' else b'2"')

    def _drop(self, honest: list[bytes]) -> list[bytes]:
        return [log for log in honest if not self._hits(log)]

    def _double(self, honest: list[bytes]) -> list[bytes]:
        """Each twice, the second time as if it stood elsewhere in its block."""
        said = list[bytes]()
        for log in honest:
            said.append(log)
            if self._hits(log):
                said.append(log.replace(b'"logIndex":"0x', b'"logIndex":"0x7'))
        return said

    def _reorder(self, honest: list[bytes]) -> list[bytes]:
        said = list(honest)
        for at in range(1, len(said)):
            if self._hits(said[at]):
                said[at - 1], said[at] = said[at], said[at - 1]
        return said

    def _alter(self, honest: list[bytes]) -> list[bytes]:
        return [_altered(log) if self._hits(log) else log for log in honest]


def _altered(log: bytes) -> bytes:
    """With another value, or, in a batch, another last payment."""
    at = log.index(b'"data":"0x') + len(b'"data":"0x')
    end = log.index(b'"', at)
    if end - at < 4 * 64:
        return log  # of a checkpoint: the contract itself is asked
    last = end - 1 if end - at > 4 * 64 else at + 2 * 64 - 1
    return log[:last] + (b"1" if log[last : last + 1] != b"1" else b"2") + log[last + 1 :]


_CHANGES: dict[str, Callable[[Liar, list[bytes]], list[bytes]]] = {
    "drop": Liar._drop,
    "double": Liar._double,
    "reorder": Liar._reorder,
    "alter": Liar._alter,
}
