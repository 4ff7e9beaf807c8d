"""
anvil as a child process: found, started, waited for, and ended with its parent.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO

from smartchain.config import DEV_CHAIN, DEV_MNEMONIC
from smartchain.errors import HostUnavailable, SettingsError, SmartchainError
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import NO_RETRY, HttpRpc
from smartchain.types import ChainId

START_S = 20.0
STOP_S = 20.0
"""anvil writes its state when it ends; a large one takes a while."""


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
    """
    A running anvil; a context manager that ends it.

    It lives in a session of its own, so that a Ctrl-C goes to this program, which then ends it in good order; a
    watcher ends it should this program die without saying so.
    """

    def __init__(self, executable: Path, settings: AnvilSettings) -> None:
        """Start it and wait until it answers. Raises `SettingsError` for an occupied port, `HostUnavailable`."""
        port = settings.port or _free_port(settings.host)
        _check_port(settings.host, port)
        self._folder = tempfile.TemporaryDirectory(prefix="smartchain-devnet-")
        self._config = Path(self._folder.name) / "anvil.json"
        self._output: IO[bytes] = (Path(self._folder.name) / "output").open("wb+")
        self.url = f"http://{settings.host}:{port}"
        self.rpc = HttpRpc(Endpoint.parse(self.url), NO_RETRY)
        self._process = subprocess.Popen(
            [str(executable), *_arguments(settings, port, self._config)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._watcher = _watch(self._process.pid)
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
        return self._process.pid

    def check(self) -> None:
        """Raises `HostUnavailable`, with its last words, if it ended by itself."""
        if self._process.poll() is not None:
            raise HostUnavailable(f"anvil ended by itself: {self._last_words()}")

    def close(self) -> None:
        """End it, and wait until it has written its state."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _release(self._watcher)
        self.rpc.close()
        self._output.close()
        self._folder.cleanup()

    def _wait_until_ready(self, chain_id: ChainId) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise HostUnavailable(f"anvil did not start: {self._last_words()}")
            try:
                if int(self.rpc.call("eth_chainId"), 16) == chain_id and json.loads(self._config.read_text()):
                    return
            except (SmartchainError, OSError, ValueError):
                pass  # it does not answer yet, or has not written its accounts, or half of them
            time.sleep(0.02)
        raise HostUnavailable(f"anvil does not answer at {self.url} after {START_S:.0f} s: {self._last_words()}")

    def _read_accounts(self) -> list[Account]:
        config = json.loads(self._config.read_text())
        pairs = zip(config["available_accounts"], config["private_keys"], strict=True)
        return [Account(address, key) for address, key in pairs]

    def _last_words(self) -> str:
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1] if said else "it said nothing"


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


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _check_port(host: str, port: int) -> None:
    """Raises `SettingsError` if something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"port {port} on {host} cannot be used ({error.strerror}): end what listens there, or give --port"
            ) from None


def _watch(pid: int) -> subprocess.Popen[bytes]:
    """A shell that ends the process once its own standard input ends, and so when this program dies."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _ || kill "$0"', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _release(watcher: subprocess.Popen[bytes]) -> None:
    """Let the watcher end without doing anything: it is told a line."""
    try:
        watcher.communicate(b"done\n", timeout=STOP_S)
    except (BrokenPipeError, subprocess.TimeoutExpired):
        watcher.kill()
        watcher.wait()
