"""The demonstration as a user starts it: complete, the same each time, and quick."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.e2e.typed import Shell

MOST_CPU_S = 10.0


def test_it_tells_the_whole_story_in_less_than_ten_seconds_of_cpu(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    done = Shell(tmp_path).type("demo")

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.status, done.err) == (0, "")
    assert "200 payments in" in done.out
    assert "The chain is verified." in done.out
    assert "NO" not in done.out.split("fits the host chain's balance")[1].split("And if")[0]
    assert done.out.count("Found out, and named.") == 2
    assert done.out.count("are not what the contract recorded") == 2
    assert "from the honest node again: the same chain." in done.out
    assert "smartchain devnet" in done.out
    assert "\x1b" not in done.out
    assert used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime < MOST_CPU_S
    assert list(tmp_path.iterdir()) == []


def test_its_database_is_kept_where_one_asks_for_it_and_nothing_is_written_over(tmp_path: Path) -> None:
    shell = Shell(tmp_path)

    told = shell.type("demo", "--db", "sqlite:///demo.db", "--transfers", "30", "--json").json

    shell.environment["SMARTCHAIN_DB"] = "sqlite:///demo.db"
    head = shell.type("head", "--json").json
    assert (head["size"], head["verified"]) == (31, True)
    assert {name: told[name] for name in head} == head
    assert all(lie["refused"] for lie in told["lies"])
    for wallet in told["balances"]:
        assert wallet["fits"]
        assert shell.type("balance", wallet["address"], "--json").json["balance"] == wallet["balance"]
    assert sum(int(wallet["balance"]) for wallet in told["balances"]) == 0
    shell.refused("demo", "--db", "sqlite:///demo.db", says=["demo.db", "there already"])


def test_the_same_seed_gives_the_same_chain_and_another_seed_another(tmp_path: Path) -> None:
    shell = Shell(tmp_path)

    one, again, other = (
        shell.type("demo", "--transfers", "10", "--seed", seed, "--json").json for seed in ("7", "7", "8")
    )

    assert one == again
    assert one["head_hash"] != other["head_hash"]


def test_the_database_of_the_environment_is_left_alone(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"SMARTCHAIN_DB": "sqlite:///mine.db"})

    assert shell.type("demo", "--transfers", "5", "--json").status == 0

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--transfers", "0"], ["--seed", "x"], ["extra"]])
def test_misuse_is_one_line(tmp_path: Path, words: list[str]) -> None:
    Shell(tmp_path).refused("demo", *words, says="--help", status=2)
