"""
A snapshot of many wallets out of a token's logs and out of a dump of anvil: `python -m benchmarks.snapshot_hosts [N]`.

Writes `results/snapshot_hosts.md`. The host is made of strings in the same process, so that nothing but the reading and
writing of the snapshot is large; its answers are as long as real ones, and making those of the token's is counted too.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smartchain.errors import RpcRefused
from smartchain.host.accounts import accounts
from smartchain.host.coins import TOTAL_SUPPLY_DATA
from smartchain.host.holders import TRANSFER, holders
from smartchain.ports import HostBlock
from smartchain.snapshot import files
from smartchain.types import Address, Hash32

RESULTS = Path(__file__).parent / "results" / "snapshot_hosts.md"
AT = HostBlock(1_000, Hash32(b"\x11" * 32), 100)
TOKEN = Address(b"\x70" * 20)
STEP = 0x9E3779B97F4A7C15
"""Odd, so that numbers become wallets, and wallets numbers again."""

DUMP = """
import gzip, sys
wallets = (f'"0x{number * STEP % 2**160:040x}":{{"nonce":0,"balance":"0x{number:x}","code":"0x","storage":{{}}}}'
           for number in range(1, COUNT + 1))
sys.stdout.write("0x" + gzip.compress(('{"block":{},"accounts":{' + ",".join(wallets) + "}}").encode()).hex())
"""


class Host:
    """Implements `ports.Rpc`: wallet number n has n."""

    name = "http://host"

    def __init__(self, count: int, dump: str = "") -> None:
        self.count, self.dump = count, dump

    def call(self, method: str, *params: Any) -> Any:
        match method:
            case "eth_getBlockByNumber":
                return {"number": hex(AT.number), "hash": "0x" + AT.hash.hex(), "timestamp": hex(AT.timestamp)}
            case "eth_getCode":
                return "0x60"
            case "eth_call":
                return f"0x{self._held(bytes.fromhex(params[0]['data'][2:])):064x}"
            case "anvil_dumpState":
                return self.dump
        raise RpcRefused(f"no {method}", -32601)

    def _held(self, data: bytes) -> int:
        if data == TOTAL_SUPPLY_DATA:
            return self.count * (self.count + 1) // 2
        return int.from_bytes(data[16:], "big") * pow(STEP, -1, 2**160) % 2**160

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, _method: str, *params: Any) -> bytes:
        a_block = self.count // AT.number
        first, last = (int(params[0][name], 16) for name in ("fromBlock", "toBlock"))
        numbers = range(max(first - 1, 0) * a_block + 1, last * a_block + 1)
        return ('{"jsonrpc":"2.0","id":1,"result":[' + ",".join(map(_minted, numbers)) + "]}").encode()


def _minted(number: int) -> str:
    """A log, as long as a real one."""
    wallet = f"0x{number * STEP % 2**160:064x}"
    return (
        f'{{"address":"0x{TOKEN.hex()}","topics":["{TRANSFER}","0x{0:064x}","{wallet}"],"data":"0x{number:064x}",'
        f'"blockNumber":"0x1","transactionHash":"{wallet}","transactionIndex":"0x0","blockHash":"{wallet}",'
        '"logIndex":"0x0","removed":false}'
    )


def measured(kind: str, count: int) -> str:
    """One row, of this process."""
    begun = time.process_time()
    if kind == "a token's history":
        found = holders(Host(count), TOKEN, AT)
        rows = ((who, value, line) for line, (who, value) in enumerate(found.items(), 1))
    else:
        code = DUMP.replace("COUNT", str(count)).replace("STEP", str(STEP))
        dump = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        given = accounts(Host(count, dump), AT)
        rows = ((one.address, one.value, line) for line, one in enumerate(given, 1))
    with tempfile.TemporaryDirectory() as folder:
        header = files.write(Path(folder) / "opening", rows, TOKEN, AT.timestamp)
    if (header.size, header.total) != (count, count * (count + 1) // 2):
        raise AssertionError("that is another snapshot")
    took, most = time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"| {kind} | {took:.1f} | {most} |"


def main(count: int = 1_000_000) -> None:
    kinds = ("a token's history", "a dump of anvil's")
    rows = [
        subprocess.run(
            [sys.executable, "-m", "benchmarks.snapshot_hosts", str(count), kind],
            capture_output=True, text=True, check=True,
        ).stdout.strip()
        for kind in kinds
    ]  # fmt: skip
    RESULTS.write_text(
        f"# A snapshot of {count:,} wallets of a host\n\n"
        f"`python -m benchmarks.snapshot_hosts`, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python "
        f"{sys.version.split()[0]}; one run each, the host's answers made in the same process.\n\n"
        "| from | seconds of a processor | most memory, MB |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(measured(sys.argv[2], int(sys.argv[1])))
    else:
        main(*map(int, sys.argv[1:]))
