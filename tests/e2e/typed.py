"""`smartchain` as a person types it: a process of its own, in a folder of its own, with nothing from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartchain.ledger.address import checksum
from smartchain.types import Address
from tests.fakes.anvil import OnAnvil

PROGRAM = Path(sys.executable).parent / "smartchain"
KEYS = (
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
)
"""The first two of anvil's."""

KEPT = ("PATH", "PYTHONPATH", "SMARTCHAIN_TOOLCHAIN", "XDG_CACHE_HOME")
"""Of this process's environment; the rest is not a user's."""


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        assert self.status == 0, self.err
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The objects on stdout, one a line."""
        assert self.status == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """A folder to type in."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = {**kept, "HOME": str(self.folder), **self.environment}

    def files(self) -> list[str]:
        """Names of what lies in the folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def command(self, *words: object) -> list[str]:
        return [str(PROGRAM), *map(str, words)]

    def type(self, *words: object, stdin: str | None = None, timeout_s: float = 60) -> Done:
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            timeout=timeout_s,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @contextmanager
    def start(self, *words: object) -> Iterator[subprocess.Popen[str]]:
        """A command that goes on, killed at the end if it has not ended."""
        process = subprocess.Popen(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def refused(self, *words: object, says: Sequence[str] | str, status: int = 1, out: str = "") -> str:
        """A command that must fail with one line that says these things; the line."""
        done = self.type(*words)
        assert done.status == status, (done.status, done.out, done.err)
        assert done.out == out
        *notes, line = done.err.splitlines()
        assert line.startswith("error: ")
        assert "Traceback" not in done.err
        assert not [note for note in notes if note.startswith("error")]
        for word in [says] if isinstance(says, str) else says:
            assert word in line, line
        return line


def first_line(process: subprocess.Popen[str]) -> Any:
    """What a command that goes on running says first, with `--json`."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr and process.stderr.read()
    return json.loads(line)


def shell_for(folder: Path, chain: OnAnvil, key: str = KEYS[0]) -> Shell:
    """A folder where the node, the ledger and a key are set in the environment."""
    return Shell(
        folder,
        {"ETH_RPC_URL": chain.url, "SMARTCHAIN_LEDGER": checksum(chain.ledger), "ETH_PRIVATE_KEY": key},
    )


@contextmanager
def nothing_sent(chain: OnAnvil) -> Iterator[None]:
    """Neither block nor pending transaction comes of what is done within."""

    def seen() -> tuple[object, ...]:
        payer = "0x" + chain.accounts[0].hex()
        pending = chain.rpc.call("eth_getTransactionCount", payer, "pending")
        return chain.newest(), pending, chain.rpc.call("eth_getBalance", payer, "latest")

    before = seen()
    yield
    assert seen() == before


def wallet(number: int) -> str:
    """An address that nobody has the key of."""
    return checksum(Address((0xA11CE000 + number).to_bytes(20, "big")))


def eventually(happened: Any, timeout_s: float = 20.0) -> Any:
    """Wait until something is so; what it then is."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := happened():
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not happen in {timeout_s:g} s")


def balance_on_host(chain: OnAnvil, address: str) -> int:
    return int(chain.rpc.call("eth_getBalance", address, "latest"), 16)


def payer(chain: OnAnvil) -> str:
    return checksum(chain.accounts[0])
