"""The audit: what the store says of the host, and what the host says."""

from __future__ import annotations

import sqlite3

from tests.e2e.typed import Shell, payer, wallet
from tests.fakes.anvil import OnAnvil


def recorded(shell: Shell) -> None:
    assert shell.type("send", wallet(70), "3gwei").status == 0
    (shell.folder / "two.csv").write_text(f"{wallet(71)},1gwei\n{wallet(72)},2gwei\n")
    assert shell.type("send", "--batch", "two.csv", "--yes").status == 0
    assert shell.type("index").status == 0


def test_a_hint_that_was_altered_in_the_store_is_named(shell: Shell) -> None:
    recorded(shell)
    with sqlite3.connect(shell.folder / "smartchain.db") as db:
        db.execute("UPDATE entry SET tx_hash = ? WHERE position = 0", (b"\x01" * 32,))
    db.close()

    done = shell.type("audit")

    assert done.status == 1
    assert done.out.splitlines()[0] == f"entry 0: host transaction 0x{'01' * 32} is not on the host"

    with sqlite3.connect(shell.folder / "smartchain.db") as db:
        db.execute("DELETE FROM entry WHERE position = 1")
    db.close()
    shell.refused("audit", says="entry 1 cannot be read from the store: 'smartchain fsck' says what is broken")


def test_who_seems_never_to_have_spent_and_has_less_than_it_received_is_a_doubt(chain: OnAnvil, shell: Shell) -> None:
    assert shell.type("send", wallet(79), "5gwei").status == 0
    chain.rpc.call("anvil_setBalance", wallet(79), "0x1")
    chain.mine(1)
    assert shell.type("index").status == 0

    done, strict = shell.type("audit"), shell.type("audit", "--strict")

    assert (done.status, strict.status, done.out) == (0, 1, strict.out)
    assert done.out.startswith(f"doubt: {wallet(79)} received 5000000000 wei, never sent a transaction, has no code")


def test_a_store_that_the_host_has_left_behind_is_refused_with_a_sentence(chain: OnAnvil, shell: Shell) -> None:
    snapshot = chain.rpc.call("evm_snapshot")
    recorded(shell)
    chain.rpc.call("evm_revert", snapshot)

    done = shell.type("audit")

    assert (done.status, done.out) == (1, "")
    assert "run 'smartchain index' first, then audit again" in done.err


def test_an_untouched_ledger_fits_and_forced_ether_is_told_apart(chain: OnAnvil, shell: Shell) -> None:
    recorded(shell)
    assert shell.type("audit", "--json").json == {
        "entries": 3, "seed": None, "held": "0", "fees": "0", "forced": "0", "untouched": 3, "ether_logs": 0,
        "findings": [], "doubts": [],
    }  # fmt: skip
    chain.rpc.call("anvil_setBalance", shell.environment["SMARTCHAIN_LEDGER"], hex(77))
    chain.mine(1)
    shell.type("index")

    said = shell.type("audit", "--sample", "2", "--seed", "5", "--json").json

    assert (said["entries"], said["seed"], said["forced"], said["findings"]) == (2, 5, "77", [])


def test_a_relay_with_a_fee_must_hold_it(chain: OnAnvil, shell: Shell) -> None:
    deployed = shell.type("deploy", "--fee-ppm", "10000", "--treasury", payer(chain), "--json").json
    shell.environment["SMARTCHAIN_LEDGER"] = deployed["ledger"]
    recorded(shell)
    said = shell.type("audit", "--json").json
    assert (said["held"], said["fees"], said["forced"], said["untouched"]) == ("60000000", "60000000", "0", 3)
    chain.rpc.call("anvil_setBalance", deployed["ledger"], "0x1")
    chain.mine(1)
    shell.type("index")

    done = shell.type("audit")

    assert done.status == 1
    assert "has 1 wei, and by its ledger at least 60000000" in done.out.splitlines()[0]
