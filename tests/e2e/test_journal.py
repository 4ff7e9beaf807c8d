"""A journal as it is typed: written, sealed, altered behind its back, anchored, and proven to a stranger."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from smartchain.ledger.hash import keccak
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, nothing_sent, payer, wallet
from tests.fakes.anvil import OnAnvil


@pytest.fixture
def desk(tmp_path: Path) -> Shell:
    """A folder with no chain anywhere near."""
    return Shell(tmp_path)


# refused


def test_there_is_no_journal_before_the_first_note(desk: Shell) -> None:
    for words in (["list"], ["seal"], ["verify"], ["show", "0"], ["receipt", "0"]):
        desk.refused("journal", *words, says=["smartchain.db", "journal add"])

    assert desk.files() == []


def test_a_note_is_a_text_or_a_file_and_never_both_or_neither(desk: Shell) -> None:
    (desk.folder / "note").write_text("x")

    desk.refused("journal", "add", says="--file", status=2)
    desk.refused("journal", "add", "x", "--file", "note", says="--file", status=2)


def test_a_note_that_cannot_be_written_down_is_refused_and_leaves_nothing(desk: Shell) -> None:
    (desk.folder / "large").write_bytes(bytes(2**20 + 1))
    (desk.folder / "empty").touch()

    desk.refused("journal", "add", "", says="says nothing")
    desk.refused("journal", "add", "--file", "empty", says="says nothing")
    desk.refused("journal", "add", "--file", "large", says="1,048,576 bytes")
    desk.refused("journal", "add", "--file", "nowhere", says=["nowhere", "No such file"])
    desk.refused("journal", "add", os.fsdecode(b"\xff"), says="--file")

    desk.type("journal", "add", "sound")
    assert len(desk.type("journal", "list", "--json").lines) == 1


def test_what_is_no_note_is_not_shown(desk: Shell) -> None:
    desk.type("journal", "add", "one")
    desk.type("journal", "seal")

    desk.refused("journal", "show", "1", says="is a seal")
    desk.refused("journal", "show", "2", says="entries 0 to 1")
    desk.refused("journal", "receipt", "7", says="entries 0 to 1")
    desk.refused("journal", "receipt", "0", "--size", "9", says="9")


def test_an_altered_or_lost_text_is_named(desk: Shell) -> None:
    for text in ("one", "two", "three", "four"):
        desk.type("journal", "add", text)
    desk.type("journal", "seal")
    sound = desk.type("journal", "verify", "--json").json
    assert (sound["notes"], sound["blocks"], sound["size"], sound["verified"]) == (4, 2, 5, True)

    with closing(sqlite3.connect(desk.folder / "smartchain.db")) as store, store:
        store.execute("UPDATE note SET content = 'tWo' WHERE position = 1")
        store.execute("DELETE FROM note WHERE position = 3")

    desk.refused("journal", "verify", says=["note 1 holds another text", "note 3 has lost its text"])
    desk.refused("journal", "show", "1", says="note 1 of the journal holds another text than was written")
    desk.refused("journal", "receipt", "3", says="lost")
    assert desk.type("journal", "show", "2", "--raw").out == "three"


def test_a_journal_computed_anew_is_found_by_a_root_that_is_known(desk: Shell) -> None:
    desk.type("journal", "add", "as it was")
    known = desk.type("journal", "add", "and another", "--json").json
    desk.type("journal", "add", "later")
    root = ["--root", known["root"], "--size", known["size"]]
    assert "known root" in desk.type("journal", "verify", *root).out

    desk.refused("journal", "verify", "--root", known["root"], says="computed anew")
    desk.refused("journal", "verify", "--root", known["root"], "--size", 4, says="has 3 entries")
    desk.refused("journal", "verify", "--root", "0x12", says="64 hex digits")
    (desk.folder / "smartchain.db").unlink()
    for text in ("as it is", "and another", "later"):
        desk.type("journal", "add", text)
    desk.refused("journal", "verify", *root, says="computed anew")


# written and read


def test_notes_are_kept_byte_for_byte_and_shown_harmlessly(desk: Shell) -> None:
    texts = [b"plain", "für Ada\nzweite Zeile".encode(), b"\x1b[31mred\r\x07", bytes(range(256)), b"x" * 2**20]
    for number, content in enumerate(texts):
        (desk.folder / "note").write_bytes(content)
        added = desk.type("journal", "add", "--file", "note", "--json").json
        assert (added["index"], added["block"], added["bytes"]) == (number, 1, len(content))
        assert added["hash"] == "0x" + keccak(content).hex()
    sealed = desk.type("journal", "seal", "--json").json

    assert (sealed["number"], sealed["size"]) == (1, 6)
    listed = desk.type("journal", "list")
    assert "\x1b" not in listed.out
    assert len(listed.out) < 1000
    assert [note["block"] for note in desk.type("journal", "list", "--json").lines] == [1] * 5
    shown = desk.type("journal", "show", "2").out
    assert r"\x1b[31mred\r\x07" in shown
    assert "\x1b" not in shown
    for number, content in enumerate(texts):
        command = desk.command("journal", "show", number, "--raw")
        done = subprocess.run(command, cwd=desk.folder, env=desk.environment, capture_output=True, check=True)
        assert done.stdout == content
    assert desk.type("journal", "show", "3", "--json").json["text"] is None
    assert desk.type("journal", "verify", "--json").json["notes"] == 5


def test_what_a_terminal_would_obey_is_not_sent_to_one(desk: Shell) -> None:
    (desk.folder / "note").write_bytes(b"\x1b]0;owned\x07")
    desk.type("journal", "add", "--file", "note")
    master, slave = pty.openpty()

    with subprocess.Popen(
        desk.command("journal", "show", "0", "--raw"),
        cwd=desk.folder, env=desk.environment, stdin=slave, stdout=slave, stderr=slave,
    ) as shown:  # fmt: skip
        os.close(slave)
        said = os.read(master, 10_000)
    os.close(master)

    assert shown.returncode == 1
    assert b"owned" not in said
    assert b"error: " in said


def test_a_journal_shares_its_store_with_a_ledger_and_neither_sees_the_other(shell: Shell) -> None:
    shell.type("journal", "add", "before any ledger")
    shell.type("send", wallet(1), "1")
    shell.type("index")
    del shell.environment["SMARTCHAIN_LEDGER"]

    assert shell.type("head", "--json").json["size"] == 1
    assert len(shell.type("entries", "--json").lines) == 1
    assert shell.type("verify", "--json").json["size"] == 1
    assert shell.type("journal", "verify", "--json").json["size"] == 1


# anchored


def test_an_empty_journal_has_nothing_to_anchor(chain: OnAnvil, shell: Shell) -> None:
    with nothing_sent(chain):
        shell.refused("journal", "anchor", says="journal add")
        shell.type("journal", "add", "x")
        with closing(sqlite3.connect(shell.folder / "smartchain.db")) as store, store:
            store.execute("DELETE FROM ledger WHERE chain_id = 0")
        shell.refused("journal", "anchor", says="journal add")


def test_a_dry_run_anchors_nothing(chain: OnAnvil, shell: Shell) -> None:
    shell.type("journal", "add", "x")

    with nothing_sent(chain):
        tried = shell.type("journal", "anchor", "--dry-run", "--json").json
    assert (tried["size"], tried["value"], tried["dry_run"]) == (1, "1", True)


def test_a_note_is_proven_to_a_stranger_who_has_the_file_and_two_receipts(
    chain: OnAnvil, shell: Shell, tmp_path: Path
) -> None:
    for number in range(8):
        shell.type("journal", "add", f"note {number}")
    shell.type("journal", "seal")
    anchored = shell.type("journal", "anchor", "--json").json
    shell.type("journal", "add", "written later")
    shell.type("index")
    (entry,) = shell.type("entries", "--json").lines
    assert (entry["sender"], entry["recipient"], entry["value"]) == (payer(chain), payer(chain), "1")
    assert (entry["memo"], anchored["index"], anchored["size"]) == (anchored["root"], 0, 9)

    shell.type("journal", "receipt", "7", "--size", anchored["size"])
    shell.type("journal", "receipt", "7", "--output", "today.json")
    shell.type("receipt", "0")
    (shell.folder / "note").write_text("note 7")
    shell.refused("journal", "receipt", "7", "--size", "9", says=["journal-7.json", "there already"])

    stranger = Shell(tmp_path / "elsewhere")
    stranger.folder.mkdir()
    for name in ("note", "journal-7.json", "today.json", "receipt-0.json"):
        (stranger.folder / name).write_bytes((shell.folder / name).read_bytes())
    proven = stranger.type("journal", "prove", "note", "journal-7.json", "receipt-0.json", "--json").json
    assert proven["existed_by"] == entry["timestamp"]
    assert proven["hash"] == "0x" + keccak(b"note 7").hex()
    assert (
        "Proven to have existed by" in stranger.type("journal", "prove", "note", "journal-7.json", "receipt-0.json").out
    )
    assert "Sound in itself" in stranger.type("journal", "prove", "note", "journal-7.json").out
    held = stranger.type("receipt", "verify", "receipt-0.json", "--rpc-url", chain.url)
    assert held.out.startswith("Proven against the contract")

    stranger.refused("journal", "prove", "note", "today.json", "receipt-0.json", says="--size")
    stranger.refused("journal", "prove", "note", "receipt-0.json", says="not a journal's")
    stranger.refused("journal", "prove", "note", "journal-7.json", "today.json", says="is a journal's")
    (stranger.folder / "note").write_text("note 8")
    stranger.refused("journal", "prove", "note", "journal-7.json", "receipt-0.json", says="another note")
    forged = json.loads((stranger.folder / "journal-7.json").read_text())
    (stranger.folder / "journal-7.json").write_text(json.dumps({**forged, "index": 8}))
    assert stranger.type("journal", "prove", "note", "journal-7.json").status == 1


def test_settings_from_a_file_reach_the_commands_of_a_journal(desk: Shell, toolchain: Toolchain) -> None:
    (desk.folder / "smartchain.toml").write_text('db = "sqlite:///elsewhere.db"\n')

    desk.type("journal", "add", "x")

    assert "elsewhere.db" in desk.files()
    assert "smartchain.db" not in desk.files()
