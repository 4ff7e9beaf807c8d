"""Typing `snapshot create` and `snapshot verify`, as a person would."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.typed import Shell

A, B = "0x" + "0a" * 20, "0x" + "0b" * 20


def test_a_snapshot_is_written_checked_and_refused_where_it_was_altered(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {})
    (tmp_path / "wallets.csv").write_text(f"wallet,value\n{B},7\n{A},5\n")

    made = shell.type("snapshot", "create", "wallets.csv", "--output", "opening", "--timestamp", "1700000000", "--json")
    found = shell.type("snapshot", "verify", "opening", "--json")

    assert made.json == found.json
    assert (made.json["size"], made.json["total"], made.json["timestamp"]) == (2, "12", 1_700_000_000)
    assert "wallets" in shell.type("snapshot", "verify", "opening").out
    opening = (tmp_path / "opening").read_bytes()
    (tmp_path / "opening").write_bytes(opening[:-1] + b"\6")
    shell.refused("snapshot", "verify", "opening", says="it was altered")
    (tmp_path / "wallets.csv").write_text(f"wallet,value\n{A},5\n{A},5\n")
    shell.refused(
        "snapshot",
        "create",
        "wallets.csv",
        "--output",
        "opening",
        "--timestamp",
        "1",
        says=["line 3", "line 2 already"],
    )
    shell.refused("snapshot", "create", "wallets.csv", "--output", "opening", says="--timestamp", status=2)
