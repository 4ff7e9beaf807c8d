"""
anvil as a child process: found, started, waited for, and ended with its parent.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from smartchain.config import DEV_CHAIN, DEV_MNEMONIC
from smartchain.devnet.child import Child
from smartchain.errors import HostUnavailable, SettingsError, SmartchainError
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import NO_RETRY, HttpRpc
from smartchain.types import ChainId

START_S = 20.0


@dataclass(frozen=True, slots=True)
class AnvilSettings:
    """How the chain is to be."""

    port: int = 8545
    """0 for any that is free."""
    host: str = "127.0.0.1"
    accounts: int = 10
    balance_ether: int = 10_000
    block_time_s: int | None = None
    """None: a block for each transaction, at once."""
    state: Path | None = None
    """Where the chain is kept when anvil ends, and taken from when it starts."""
    chain_id: ChainId = DEV_CHAIN
    mnemonic: str = DEV_MNEMONIC


@dataclass(frozen=True, slots=True)
class Account:
    """An account with money, and its key, which everybody knows."""

    address: str
    private_key: str


def find_anvil(environment: Mapping[str, str], home: Path, beside: Path = Path(sys.executable).parent) -> Path:
    """
    anvil: the one on PATH, else the one beside this program, foundry's, or the project's own toolchain.

    Raises `SettingsError`.
    """
    on_path = shutil.which("anvil", path=environment.get("PATH", ""))
    if on_path:
        return Path(on_path)
    places = [beside / "anvil", home / ".foundry/bin/anvil", *_of_toolchain(environment, home)]
    for place in places:
        if os.access(place, os.X_OK):
            return place
    raise SettingsError(
        "anvil is not there: in a clone of the project type 'make setup', elsewhere install foundry "
        "(https://getfoundry.sh) and see that 'anvil --version' answers"
    )


def _of_toolchain(environment: Mapping[str, str], home: Path) -> list[Path]:
    """In the cache that `make setup` fills, the newest first."""
    cache = environment.get("XDG_CACHE_HOME") or home / ".cache"
    base = Path(environment.get("SMARTCHAIN_TOOLCHAIN") or Path(cache) / "smartchain/toolchain").expanduser()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    found = [path for path in base.glob(f"*-{sys.platform}-{machine}/bin/anvil") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


class Anvil:
    """A running anvil; a context manager that ends it."""

    def __init__(self, executable: Path, settings: AnvilSettings) -> None:
        """Start it and wait until it answers. Raises `SettingsError` for an occupied port, `HostUnavailable`."""
        port = settings.port or free_port(settings.host)
        check_port(settings.host, port)
        self._folder = tempfile.TemporaryDirectory(prefix="smartchain-devnet-")
        self._config = Path(self._folder.name) / "anvil.json"
        self.url = f"http://{settings.host}:{port}"
        self.rpc = HttpRpc(Endpoint.parse(self.url), NO_RETRY)
        self._child = Child([str(executable), *_arguments(settings, port, self._config)])
        try:
            self._wait_until_ready(settings.chain_id)
            self.accounts = self._read_accounts()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Anvil:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._child.pid

    def check(self) -> None:
        """Raises `HostUnavailable`, with its last words, if it ended by itself."""
        if self._child.ended:
            raise HostUnavailable(f"anvil ended by itself: {self._child.last_words()}")

    def close(self) -> None:
        """End it, and wait until it has written its state."""
        self._child.close()
        self.rpc.close()
        self._folder.cleanup()

    def _wait_until_ready(self, chain_id: ChainId) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._child.ended:
                raise HostUnavailable(f"anvil did not start: {self._child.last_words()}")
            try:
                if int(self.rpc.call("eth_chainId"), 16) == chain_id and json.loads(self._config.read_text()):
                    return
            except (SmartchainError, OSError, ValueError):
                pass  # it does not answer yet, or has not written its accounts, or half of them
            time.sleep(0.02)
        raise HostUnavailable(f"anvil does not answer at {self.url} after {START_S:.0f} s: {self._child.last_words()}")

    def _read_accounts(self) -> list[Account]:
        config = json.loads(self._config.read_text())
        pairs = zip(config["available_accounts"], config["private_keys"], strict=True)
        return [Account(address, key) for address, key in pairs]


def _arguments(settings: AnvilSettings, port: int, config: Path) -> list[str]:
    given = {
        "--host": settings.host,
        "--port": port,
        "--chain-id": settings.chain_id,
        "--mnemonic": settings.mnemonic,
        "--accounts": settings.accounts,
        "--balance": settings.balance_ether,
        "--config-out": config,
        "--block-time": settings.block_time_s,
        "--state": settings.state,
    }
    pairs = [(name, str(value)) for name, value in given.items() if value is not None]
    return ["--quiet", *(word for pair in pairs for word in pair)]


def free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def check_port(host: str, port: int, option: str = "--port") -> None:
    """Raises `SettingsError` if something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"port {port} on {host} cannot be used ({error.strerror}): end what listens there, or give {option}"
            ) from None
