"""A damaged store on a real chain: found and named offline, mended from the host's logs, and verified after."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from smartchain.ledger.address import checksum
from tests.e2e.typed import Shell
from tests.fakes.anvil import OnAnvil
from tests.store.flipping import flipped

DAMAGE = [
    ("UPDATE entry SET packed = zeroblob(100) WHERE position = 5", "blocks of ledger 1: "),
    (
        "UPDATE entry SET tx_hash = zeroblob(32) WHERE position = 7",
        "host transactions of ledger 1: the host transactions of",
    ),
    ("UPDATE host_block SET hash = zeroblob(32)", "host blocks of ledger 1: what is stored about host block "),
]


def damaged(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def indexed(chain: OnAnvil, shell: Shell) -> Path:
    shell.environment["SMARTCHAIN_LEDGER"] = checksum(chain.ledger)
    if chain.newest() < 20:
        chain.fill(300)
        chain.mine(30)
    assert shell.type("index").status == 0
    return shell.folder / "smartchain.db"


def test_what_is_damaged_is_named_and_mended_and_verified(chain: OnAnvil, shell: Shell) -> None:
    path = indexed(chain, shell)
    sound = shell.type("export").out
    for statement, _ in DAMAGE:
        damaged(path, statement)

    found = shell.type("fsck")
    mended = shell.type("fsck", "--repair")
    after, verified = shell.type("fsck"), shell.type("verify")

    assert (found.status, found.err) == (1, "")
    assert [says for _, says in DAMAGE if says not in found.out] == []
    assert (mended.status, after.status, verified.status) == (0, 0, 0), mended.err
    assert "sound again; the file as it was is" in mended.out
    assert shell.type("export").out == sound
    assert path.with_name("smartchain.db.bak").exists()


def test_a_flipped_bit_is_mended_without_a_host(chain: OnAnvil, shell: Shell) -> None:
    path = indexed(chain, shell)
    with closing(sqlite3.connect(path)) as connection:
        (tx_hash,) = connection.execute("SELECT tx_hash FROM entry WHERE position = 11").fetchone()
    path.write_bytes(path.read_bytes().replace(tx_hash, flipped(tx_hash, 36)))

    found = shell.type("fsck", "--json")
    mended = shell.type("fsck", "--repair", "--rpc-url", "http://127.0.0.1:9")

    assert found.status == 1
    assert '"area": "host transactions"' in found.out
    assert mended.status == 0, mended.err
    assert shell.type("verify").status == 0


def test_a_damaged_page_ends_in_a_sentence_and_a_copy_stays(chain: OnAnvil, shell: Shell) -> None:
    path = indexed(chain, shell)
    data = path.read_bytes()
    path.write_bytes(data[: 8192 * 4] + bytes(8192) + data[8192 * 5 :])

    found = shell.type("fsck")
    mended = shell.type("fsck", "--repair")

    assert found.status == 1
    assert found.out.startswith("file: the file itself is damaged: ")
    assert mended.status == 0, mended.err
    assert "of which nothing is verified until the next `smartchain index`" in mended.out
    assert [shell.type(command).status for command in ("fsck", "index", "verify", "fsck")] == [0, 0, 0, 0]
