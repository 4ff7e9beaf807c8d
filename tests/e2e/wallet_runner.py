"""
Pays a file in a process of its own, which ends by SIGKILL where it is told to.

`wallet_runner FILE URL LEDGER [WHAT NUMBER]`: WHAT is a kind of progress ("signed", "sent", "mined", "replaced"),
and NUMBER how many of it are lived through.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from smartchain.errors import SmartchainError
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import HttpRpc
from smartchain.ledger.address import parse_address
from smartchain.wallet.flight import Patience, Progress
from smartchain.wallet.keys import KeyOptions, open_key
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.run import Run
from smartchain.wallet.sender import Sender

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""The first of anvil's."""

HASTE = Patience(timeout_s=20, replace_after_s=1, poll_s=0.1, lost_after_s=0.5)


def payer_at(url: str, ledger: str) -> Payer:
    signer = open_key(KeyOptions(private_key=KEY), home=Path.home())
    return Payer(Sender(HttpRpc(Endpoint(url)), signer), parse_address(ledger))


class Doom:
    """Ends the process by SIGKILL at a moment of its progress."""

    def __init__(self, what: str, number: int) -> None:
        self.what = what
        self.left = number

    def __call__(self, progress: Progress) -> None:
        if progress.what == self.what:
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main(file: str, url: str, ledger: str, what: str = "", number: str = "0") -> int:
    try:
        with Run.open(Path(file), payer_at(url, ledger)) as run:
            run.attempt()
            report = run.go(Way(HASTE, on_progress=Doom(what, int(number))), window=3)
    except SmartchainError as exc:
        sys.stderr.write(f"{type(exc).__name__}: {exc}\n")
        return 1
    return 0 if report.complete else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
