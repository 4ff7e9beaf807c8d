"""
The whole line as people would use it: fifty wallets pay each other through three ledgers while daemons follow and
are killed, a run of payments is killed and gone on with, the host chain reorganises; then everything is counted.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.hash import keccak
from smartchain.types import Address
from tests.conftest import Toolchain
from tests.e2e.world import WALLETS, Daemons, Paid, World, world

RULES = [("--max-entries", "0"), ("--max-entries", "1"), ("--max-entries", "100", "--interval", "60")]
REORGANISED = 5
INITIAL_WEI = 10_000 * 10**18

REFUSES = "0x5f5ffd"


@pytest.mark.timeout(800)
def test_two_thousand_transfers_arrive_whole_whatever_is_killed(toolchain: Toolchain, tmp_path: Path) -> None:
    _pay_and_count(toolchain, tmp_path, transfers=2_000, sends=30, calls=270)


@pytest.mark.long
@pytest.mark.timeout(5000)
def test_twenty_thousand_transfers_arrive_whole_whatever_is_killed(toolchain: Toolchain, tmp_path: Path) -> None:
    _pay_and_count(toolchain, tmp_path, transfers=20_000, sends=300, calls=2_700)


def _pay_and_count(toolchain: Toolchain, folder: Path, transfers: int, sends: int, calls: int) -> None:
    with world(toolchain.anvil, folder, seed=transfers) as here:
        for rule in RULES:
            here.deploy(*rule)
        final = _contract_wallets(here)
        with Daemons(here, kills=20) as daemons:
            _send_singly(here, sends)
            _call(here, calls // 2)
            _reorganise(here, daemons)
            _call(here, calls - calls // 2)
            _send_files(here, transfers - sends - calls)
            daemons.until_killed()
            for ledger in here.ledgers:
                daemons.until_caught_up(ledger)
            daemons.end()
            assert daemons.killed == 20
        assert sum(here.paid[ledger].total() for ledger in here.ledgers) == transfers + REORGANISED
        _everything_is_there_once(here)
        _everything_verifies(here)
        _balances_fit_the_host(here, final)
        _a_second_indexer_agrees(here)


def _contract_wallets(here: World) -> Address:
    """A contract that passes on what it gets joins the wallets; returns who gets it in the end."""
    final = Address(keccak(b"the forwarder's own")[12:])
    forwarder, refuser = (Address(keccak(name)[12:]) for name in (b"forwarder", b"refuser"))
    # PUSH0 x4, CALLVALUE, PUSH20 to, GAS, CALL, or revert
    code = "0x" + "5f5f5f5f34" + "73" + final.hex() + "5af1" + "602257" + "5f5ffd" + "5b00"
    here.rpc.call("anvil_setCode", checksum(forwarder), code)
    here.rpc.call("anvil_setCode", checksum(refuser), REFUSES)
    here.wallets.append(forwarder)
    assert len(here.wallets) == WALLETS + 1
    _refusal_is_said(here, refuser)
    return final


def _refusal_is_said(here: World, refuser: Address) -> None:
    """The fiftieth wallet refuses: one payment to it, or a file with one, pays nobody."""
    ledger, key = here.ledgers[0], here.accounts[0].private_key
    done = here.run("send", checksum(refuser), "1gwei", "--ledger", ledger, key=key)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"{checksum(refuser)} does not take" in done.stderr
    path = here.folder / "refused.csv"
    path.write_text(
        f"{checksum(here.wallets[1])},1gwei\n{checksum(refuser)},2gwei\n{checksum(here.wallets[2])},3gwei\n"
    )
    done = here.run("send", "--batch", str(path), "--yes", "--ledger", ledger, key=key)
    assert done.returncode == 1
    assert "line 2" in done.stderr
    assert here.size(ledger) == 0


def _send_singly(here: World, count: int) -> None:
    """`smartchain send`, one after another, by wallets and through ledgers in turns."""
    for number in range(count):
        ledger = here.ledgers[number % 3]
        before = here.size(ledger)
        said = here.send(number % WALLETS, ledger, here.payment(f"send {number}"))
        assert said["index"] == before


def _call(here: World, count: int) -> None:
    """The wallet's interface, without a process for each payment."""
    for number in range(count):
        ledger = here.ledgers[number % 3]
        wallet = here.chance.randrange(WALLETS)
        here.pay(here.payer(wallet, ledger), ledger, here.payment(f"call {number}"))


def _reorganise(here: World, daemons: Daemons) -> None:
    """
    Five payments are indexed, undone by the host, and five others made in their place: as many entries as before.

    What the daemon logged is not asked for: it may be killed between a step and the line about it.
    """
    ledger = here.ledgers[2]
    payer = here.payer(7, ledger)
    undone = [Paid(here.wallets[number], 10**12 + number, "undone") for number in range(REORGANISED)]
    for paid in undone:
        here.pay(payer, ledger, paid)
    daemons.until_caught_up(ledger)
    before = here.size(ledger)
    here.rpc.call("anvil_reorg", REORGANISED, [])
    assert here.size(ledger) == before - REORGANISED
    for paid in undone:
        here.paid[ledger][paid.key] -= 1
        here.pay(payer, ledger, Paid(paid.recipient, paid.value, "done again"))
    daemons.until_caught_up(ledger)
    assert here.size(ledger) == before
    newest = here.lines("entries", ledger=ledger)[-REORGANISED:]
    assert [_memo(entry) for entry in newest] == ["done again"] * REORGANISED


def _send_files(here: World, count: int) -> None:
    """Three files; the run of the second is killed twice in the middle and gone on with by the same command."""
    third = count // 3
    for number, (ledger, size) in enumerate(zip(here.ledgers, [third, third, count - 2 * third], strict=True)):
        path = here.write_batch(f"pay{number}", ledger, size)
        arguments = ["send", "--batch", str(path), "--yes", "--ledger", ledger, "--json"]
        key = here.accounts[number].private_key
        for _ in range(2 if number == 1 else 0):
            run = here.start(*arguments, key=key)
            _wait_for_a_signature(path.with_name(path.name + ".run"))
            time.sleep(here.chance.uniform(0, 0.3))
            run.send_signal(signal.SIGKILL)
            run.wait()
        said = json.loads(here.ok(*arguments, key=key).splitlines()[-1])
        assert said["index"] is not None


def _wait_for_a_signature(runfile: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if runfile.exists() and runfile.stat().st_size > 500:
            return
        time.sleep(0.01)
    raise AssertionError("the run signed nothing in time")


def _everything_is_there_once(here: World) -> None:
    for ledger in here.ledgers:
        entries = here.lines("entries", ledger=ledger)
        assert [entry["index"] for entry in entries] == list(range(len(entries)))
        there = Counter((parse_address(entry["recipient"]), int(entry["value"]), _memo(entry)) for entry in entries)
        assert there == +here.paid[ledger]


def _memo(entry: dict[str, Any]) -> str:
    return bytes.fromhex(entry["memo"][2:]).rstrip(b"\0").decode()


def _everything_verifies(here: World) -> None:
    for ledger in here.ledgers:
        head = json.loads(here.ok("head", "--ledger", ledger, "--json"))
        assert (head["size"], head["verified"]) == (here.size(ledger), True)
        here.ok("verify", "--ledger", ledger)


def _balances_fit_the_host(here: World, final: Address) -> None:
    """What the chains say of a wallet and what the host has differ by the gas that it paid, to the wei."""
    flows = {wallet: sum(_balance(here, wallet, ledger) for ledger in here.ledgers) for wallet in here.wallets}
    assert sum(flows.values()) == 0
    gas = here.gas_paid()
    for wallet in here.wallets[:WALLETS]:
        assert here.host_balance(wallet) == INITIAL_WEI + flows[wallet] - gas["0x" + wallet.hex()]
    forwarder = here.wallets[WALLETS]
    assert here.host_balance(forwarder) == 0
    assert here.host_balance(final) == flows[forwarder] > 0
    assert all(here.host_balance(parse_address(ledger)) == 0 for ledger in here.ledgers)


def _balance(here: World, wallet: Address, ledger: str) -> int:
    said = json.loads(here.ok("balance", checksum(wallet), "--ledger", ledger, "--json"))
    return int(said["balance"])


def _a_second_indexer_agrees(here: World) -> None:
    for ledger in here.ledgers:
        here.ok("index", "--ledger", ledger, db="second.db")
        assert here.lines("blocks", ledger=ledger) == here.lines("blocks", ledger=ledger, db="second.db")
