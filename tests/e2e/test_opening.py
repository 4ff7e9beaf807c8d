"""A chain that opens with balances: deployed, followed, served and taken from a peer, as a person types it."""

from __future__ import annotations

import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import coin_id
from tests.e2e.test_chains import FACTORY, token_of
from tests.e2e.typed import Shell, eventually, first_line, nothing_sent, payer, shell_for, wallet
from tests.fakes.anvil import OnAnvil

WALLETS = 600
MADE = "1700000000"


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    shell = shell_for(tmp_path, chain)
    del shell.environment["SMARTCHAIN_LEDGER"]
    return shell


def create(shell: Shell, name: str, *words: str, more: dict[str, int] | None = None) -> Path:
    """A snapshot of some hundred wallets, each with as many gwei as its number; and of these."""
    values = {wallet(number): number * 10**9 for number in range(1, WALLETS + 1)} | (more or {})
    rows = "".join(f"{who},{value}\n" for who, value in values.items())
    (shell.folder / "wallets.csv").write_text("wallet,value\n" + rows)
    made = shell.type("snapshot", "create", "wallets.csv", "--output", name, "--timestamp", MADE, *words, "--json")
    assert made.json["size"] == len(values)
    return shell.folder / name


def served(url: str, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"{url}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()
    except OSError:
        return 0, b""


def test_a_chain_opens_with_its_snapshot_and_every_balance_in_it_is_absolute(chain: OnAnvil, shell: Shell) -> None:
    opening = create(shell, "opening.snapshot", more={payer(chain): 7 * 10**18})
    create(shell, "other.snapshot")
    with nothing_sent(chain):
        shell.refused("deploy", "--snapshot", "nowhere", says=["nowhere", "cannot be read"])
        shell.refused("deploy", "--factory", "--snapshot", "other.snapshot", says="takes no terms", status=2)
        shell.refused("deploy", "--coin", "--name", "A coin", "--symbol", "AC", "--snapshot", "other.snapshot",
                      says=["holds balances of", "create it with --subject"])  # fmt: skip
        cut = shell.folder / "cut.snapshot"
        cut.write_bytes(opening.read_bytes()[:-1])
        shell.refused("deploy", "--snapshot", "cut.snapshot", says="is cut off")
        cut.write_bytes(opening.read_bytes()[:-1] + b"\1")
        shell.refused("deploy", "--snapshot", "cut.snapshot", says="it was altered")
    ledger = shell.type("deploy", "--snapshot", "opening.snapshot", "--json").json["ledger"]
    shell.environment["SMARTCHAIN_LEDGER"] = ledger
    assert shell.type("send", wallet(1), "3gwei", "--yes").status == 0

    shell.refused("index", says=[f"opens with a snapshot of {WALLETS + 1} wallets", "--snapshot"])
    shell.refused("index", "--snapshot", "other.snapshot", says=["another snapshot than", "genesis() says 601"])
    shell.refused("index", "--snapshot", "cut.snapshot", says="it was altered")
    head = shell.type("index", "--snapshot", "opening.snapshot", "--json").json
    assert (head["size"], head["verified"], head["blocks"]) == (WALLETS + 2, True, 1)
    assert shell.type("index", "--json").json["size"] == WALLETS + 2, "once is enough"

    assert shell.type("balance", wallet(1), "--json").json["balance"] == str(4 * 10**9)
    assert shell.type("balance", wallet(WALLETS), "--json").json["balance"] == str(WALLETS * 10**9)
    assert shell.type("balance", payer(chain), "--json").json["balance"] == str(7 * 10**18 - 3 * 10**9)
    with nothing_sent(chain):
        shell.refused("claim", wallet(1), says=["is no coin of its own", ledger])
    shell.refused("unclaimed", says=["is no coin of its own", ledger])
    assert shell.type("verify").status == 0
    assert shell.type("fsck").status == 0
    assert shell.type("audit").status == 0


def test_a_node_serves_the_file_and_a_peer_needs_none(chain: OnAnvil, shell: Shell) -> None:
    opening = create(shell, "opening.snapshot")
    ledger = shell.type("deploy", "--snapshot", "opening.snapshot", "--max-entries", "1", "--json").json["ledger"]
    assert shell.type("send", wallet(1), "3gwei", "--ledger", ledger, "--yes").status == 0
    del shell.environment["ETH_RPC_URL"]
    listen = ("--json", "--poll", "0.1", "--bind", "127.0.0.1:0")

    with shell.start(
        "node",
        "--rpc-url",
        chain.url,
        "--ledger",
        ledger,
        "--snapshot",
        "opening.snapshot",
        "--db",
        "sqlite:///one.db",
        *listen,
    ) as one:
        first = first_line(one)["url"]
        eventually(lambda: served(first, "/ready")[0] == 200)
        assert served(first, "/api/v1/snapshot") == (200, opening.read_bytes())
        for number, own in enumerate([("--rpc-url", chain.url, "--ledger", ledger), ()]):
            with shell.start("node", "--peer", first, "--db", f"sqlite:///peer{number}.db", *own, *listen) as other:
                second = first_line(other)["url"]
                eventually(lambda url=second: served(url, "/api/v1/snapshot") == (200, opening.read_bytes()))
                eventually(lambda url=second: b'"4000000000"' in served(url, f"/api/v1/accounts/{wallet(1)}")[1])
                other.send_signal(signal.SIGTERM)
                _, said = other.communicate(timeout=30)
            assert other.returncode == 0, said
    assert shell.type("verify", "--rpc-url", chain.url, "--db", "sqlite:///peer0.db").status == 0
    plain = checksum(chain.ledger)
    with shell.start("node", "--rpc-url", chain.url, "--ledger", plain, "--db", "sqlite:///plain.db", *listen) as node:
        url = first_line(node)["url"]
        eventually(lambda: served(url, "/ready")[0] == 200)
        assert served(url, "/api/v1/snapshot")[0] == 404


def test_a_coin_opens_with_a_snapshot_of_its_own_subject(chain: OnAnvil, shell: Shell) -> None:
    subject = checksum(coin_id("A coin", "AC"))
    create(shell, "coin.snapshot", "--subject", subject)
    coin = ("deploy", "--coin", "--name", "A coin", "--symbol", "AC")
    ledger = shell.type(*coin, "--snapshot", "coin.snapshot", "--json").json["ledger"]

    assert shell.type("index", "--ledger", ledger, "--snapshot", "coin.snapshot").status == 0

    assert shell.type("balance", wallet(9), "--ledger", ledger, "--json").json["balances"] == {subject: str(9 * 10**9)}
    shell.environment["SMARTCHAIN_LEDGER"] = ledger
    everything = sum(range(1, WALLETS + 1)) * 10**9
    assert shell.type("unclaimed", "--json").json["unclaimed"] == str(everything)
    with nothing_sent(chain):
        shell.refused("claim", payer(chain), says=f"none of the {WALLETS} wallets that the ledger opened with")
        shell.refused("claim", wallet(9), "--ledger", checksum(chain.ledger), says="does not hold ledger")
    done = shell.type("claim", wallet(9), "--json").json
    assert (done["opening_index"], done["value"], done["index"]) == (8, str(9 * 10**9), None)
    with nothing_sent(chain):
        shell.refused("claim", wallet(9), says="was claimed before: nothing was sent")
    assert shell.type("index", "--json").json["size"] == WALLETS
    left = shell.type("unclaimed", "--json").json
    assert (left["unclaimed"], left["supply"]) == (str(everything - 9 * 10**9), str(9 * 10**9))
    assert shell.type("unclaimed", wallet(9), "--json").json["claimed"] is True
    assert "claimed        no" in shell.type("unclaimed", wallet(8)).out


def test_the_chain_of_a_token_opens_with_its_holders_by_itself_and_through_a_factory(
    chain: OnAnvil, shell: Shell
) -> None:
    token = checksum(token_of(chain))
    create(shell, "ether.snapshot")
    create(shell, "holders.snapshot", "--subject", token)
    assert shell.type("deploy", "--factory").status == 0
    deploy = ("deploy", "--token", token, "--json")
    with nothing_sent(chain):
        shell.refused(*deploy, "--snapshot", "ether.snapshot", says=["holds balances of", token])
        shell.refused(*deploy, "--via", FACTORY, "--snapshot", "ether.snapshot", says=["holds balances of", token])

    plain = shell.type(*deploy, "--via", FACTORY).json["ledger"]
    listed = shell.type(*deploy, "--via", FACTORY, "--snapshot", "holders.snapshot").json["ledger"]
    with nothing_sent(chain):
        shell.refused(*deploy, "--via", FACTORY, "--snapshot", "holders.snapshot", says="already")
    alone = shell.type(*deploy, "--snapshot", "holders.snapshot").json["ledger"]

    lacking = shell.type("index", "--factory", FACTORY)
    assert lacking.status == 1
    assert f"{listed} opens with a snapshot of {WALLETS} wallets" in lacking.err
    assert shell.type("index", "--factory", FACTORY, "--snapshot", "holders.snapshot").status == 0
    assert shell.type("index", "--ledger", alone, "--snapshot", "holders.snapshot").status == 0
    for ledger, size in ((plain, 0), (listed, WALLETS), (alone, WALLETS)):
        head = shell.type("head", "--ledger", ledger, "--json").json
        assert (head["size"], head["verified"]) == (size, True)
    assert shell.type("balance", wallet(9), "--ledger", listed, "--json").json["balances"] == {token: str(9 * 10**9)}
