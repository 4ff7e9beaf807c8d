"""Receipts from the command line: written, verified with and without a network, altered, kept good, renewed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from smartchain.ledger.hash import keccak
from tests.e2e.typed import Shell, eventually, first_line, nothing_sent, payer, wallet
from tests.fakes.anvil import OnAnvil

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def paid(shell: Shell) -> Shell:
    """Seven entries in the store: two blocks of three, and one that waits."""
    pay(shell, 7)
    assert shell.type("index").status == 0
    return shell


def pay(shell: Shell, count: int) -> None:
    lines = "".join(f"{wallet(60 + at)},{at + 1}gwei\n" for at in range(count))
    name = f"pay-{count}-{shell.environment['SMARTCHAIN_LEDGER'][:8]}.csv"
    (shell.folder / name).write_text(lines)
    assert shell.type("send", "--batch", name, "--yes").status == 0


def forged(shell: Shell, name: str, **changes: object) -> str:
    """A copy of a receipt with other fields and a checksum that fits; its name."""
    fields = json.loads((shell.folder / name).read_text())
    del fields["checksum"]
    for path, value in changes.items():
        place, _, field = path.rpartition("__")
        (fields[place] if place else fields)[field] = value
    body = json.dumps(fields, separators=(",", ":"))[:-1]
    (shell.folder / "forged.json").write_text(f'{body},"checksum":"0x{keccak(body.encode()).hex()}"}}\n')
    return "forged.json"


@contextmanager
def node_that_serves(**receipts: Path) -> Iterator[str]:
    """Another node, as far as receipts go; its URL."""
    files = {f"/api/v1/receipts/{index.removeprefix('of')}": path for index, path in receipts.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = files.get(self.path)
            body = path.read_bytes() if path else b'{"error":"there is no such entry"}'
            self.send_response(200 if path else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_what_is_wrong_with_an_altered_receipt_is_named(paid: Shell, chain: OnAnvil) -> None:
    paid.type("receipt", "4")
    paid.type("receipt", "6")
    text = (paid.folder / "receipt-4.json").read_text()
    url = chain.url

    def altered(old: str, new: str) -> str:
        assert old in text
        (paid.folder / "altered.json").write_text(text.replace(old, new, 1))
        return "altered.json"

    refused = paid.refused
    refused("receipt", "verify", altered('"index":4', '"index":3'), says="checksum")
    refused("receipt", "verify", altered('"size":7', '"size": 7'), says="one form")
    refused("receipt", "verify", altered('"index":4', '"index":4,"index":4'), says="'index' is there twice")
    refused("receipt", "verify", altered('"index":4', '"Index":4'), says="'Index' is not known")
    refused("receipt", "verify", altered('"value":"', '"value":"x'), says="entry.value is not a uint256")
    refused("receipt", "verify", altered("smartchain-receipt/1", "smartchain-receipt/2"), says="field format is not")
    refused("receipt", "verify", altered('"checksum"', "}"), says="not JSON")
    refused("receipt", "verify", forged(paid, "receipt-4.json", entry__value="6"), says="does not lead from this entry")
    refused(
        "receipt", "verify", forged(paid, "receipt-4.json", index=3), says="does not lead from this entry at index 3"
    )
    refused("receipt", "verify", forged(paid, "receipt-4.json", size=4), says="no entry 4 in a log of 4")
    refused("receipt", "verify", forged(paid, "receipt-4.json", block__number=9), says="block's hash")
    refused("receipt", "verify", forged(paid, "receipt-4.json", genesis_size=5), says="block 0 and no others")
    refused("receipt", "verify", "missing.json", says="missing.json cannot be read")
    refused("receipt", "verify", "receipt-4.json", "--root", "0x" + "12" * 32, says="not for the root that was given")
    refused("receipt", "verify", "receipt-4.json", "--block", "0x" + "12" * 32, says="not in the block that was given")
    refused("receipt", "verify", "receipt-6.json", "--block", "0x" + "12" * 32, says="no block yet")
    # what only the contract knows
    other = forged(paid, "receipt-6.json", genesis_size=2)
    refused("receipt", "verify", other, "--rpc-url", url, says="opened with 0 entries, by the receipt with 2")
    refused("receipt", "verify", forged(paid, "receipt-6.json", chain_id=5), "--rpc-url", url, says="is of chain 5")
    elsewhere = forged(paid, "receipt-6.json", ledger=wallet(1))
    refused("receipt", "verify", elsewhere, "--rpc-url", url, says="no contract at")
    refused("receipt", "verify", "receipt-6.json", "--rpc-url", NOWHERE, says="127.0.0.1:9")


def test_a_receipt_of_another_ledger_is_refused_by_the_contract(paid: Shell, chain: OnAnvil) -> None:
    paid.type("receipt", "2")
    other = paid.type("deploy", "--max-entries", "3", "--json").json["ledger"]
    paid.environment["SMARTCHAIN_LEDGER"] = other
    pay(paid, 7)

    for command in (["verify", "--rpc-url", chain.url], ["submit"]):
        wrong = forged(paid, "receipt-2.json", ledger=other)
        paid.refused("receipt", command[0], wrong, *command[1:], says="says that the root of 7 entries is 0x")


def test_there_is_no_receipt_of_what_is_not_in_the_store_and_none_is_written_over(paid: Shell, chain: OnAnvil) -> None:
    (paid.folder / "receipt-2.json").write_text("precious")

    paid.refused("receipt", "7", says=["no entry 7", "it has entries 0 to 6"])
    paid.refused("receipt", "2", says="receipt-2.json is there already")
    with nothing_sent(chain):
        paid.refused("receipt", "7", "--checkpoint", says="no entry 7")
        paid.refused("receipt", "2", "--checkpoint", says="is there already")
    assert (paid.folder / "receipt-2.json").read_text() == "precious"
    assert "INDEX|COMMAND" in paid.type("receipt").out


def test_a_receipt_is_verified_with_no_network_and_says_what_is_proven(paid: Shell, chain: OnAnvil) -> None:
    made = paid.type("receipt", "4", "--json").json
    head = paid.type("head", "--json").json
    paid.environment["ETH_RPC_URL"] = NOWHERE

    alone = paid.type("receipt", "verify", "receipt-4.json")
    rooted = paid.type("receipt", "verify", "receipt-4.json", "--root", head["root"])
    named = paid.type("receipt", "verify", "receipt-4.json", "--block", head["head_hash"], "--json").json
    piped = paid.type("receipt", "verify", "-", stdin=(paid.folder / "receipt-4.json").read_text())

    assert (made["receipt"], made["size"], made["root"]) == ("receipt-4.json", 7, head["root"])
    assert made["bytes"] == (paid.folder / "receipt-4.json").stat().st_size
    entry = f"0.000000005 ether went from {payer(chain)} to {wallet(64)} at 20"
    assert alone.out.startswith("Sound in itself, and as good as the root it names: if the ledger 0x")
    assert piped.out == alone.out
    assert rooted.out.startswith(f"Proven against the root that was given, {head['root']} of 7 entries: entry 4 says")
    assert named["says"].startswith(f"Proven against the block that was given, {head['head_hash']} of 6 entries")
    assert all(entry in said for said in (alone.out, rooted.out, named["says"]))
    assert [len(said.splitlines()) for said in (alone.out, rooted.out)] == [1, 1]
    assert (named["against"], named["block_number"], named["recipient"]) == ("block", 2, wallet(64))


def test_the_contract_bears_a_receipt_out_and_says_what_that_costs(paid: Shell, chain: OnAnvil) -> None:
    shown = paid.type("receipt", "5")

    proven = paid.type("receipt", "verify", "receipt-5.json", "--rpc-url", chain.url)
    submitted = paid.type("receipt", "submit", "receipt-5.json", "--estimate", "--json").json
    told = paid.type("receipt", "submit", "receipt-5.json", "--estimate")

    assert "receipt-5.json" in shown.out
    assert wallet(65) in shown.out
    assert proven.out.startswith("Proven against the contract at 0x")
    assert "whose root of 7 entries it is as its head at host block" in proven.out
    assert proven.err == ""
    assert submitted["accepted"] is True
    assert 21_000 < submitted["gas"] < 100_000
    assert f"{submitted['gas']:,} gas" in told.out


def test_a_receipt_is_piped_whole(paid: Shell) -> None:
    done = paid.type("receipt", "5", "--output", "-")
    paid.type("receipt", "5")

    assert done.out == (paid.folder / "receipt-5.json").read_text()
    assert done.err == ""


def test_a_log_that_grew_wants_a_checkpoint_and_with_one_a_receipt_stays_good(paid: Shell, chain: OnAnvil) -> None:
    paid.type("receipt", "1")
    pay(paid, 2)
    paid.refused("receipt", "submit", "receipt-1.json", says=["has 9 entries and keeps no root of 7", "refresh"])
    then = paid.type("receipt", "verify", "receipt-1.json", "--rpc-url", chain.url)

    kept = paid.type("receipt", "1", "--checkpoint", "--output", "kept.json", "--json").json
    pay(paid, 3)
    submitted = paid.type("receipt", "submit", "kept.json")
    verified = paid.type("receipt", "verify", "kept.json", "--rpc-url", chain.url)

    assert "whose root of 7 entries it is as its head at host block" in then.out  # by the anchor, where state is kept
    assert kept["size"] == 9
    assert paid.type("index").status == 0
    again = paid.type("receipt", "3", "--size", "9", "--json").json
    assert (again["size"], again["index"]) == (9, 3)
    assert "by a checkpoint" in paid.type("receipt", "submit", "receipt-3.json").out
    paid.refused("receipt", "3", "--size", "3", "--output", "no.json", says="no entry 3 in a log of 3")
    paid.refused("receipt", "3", "--size", "13", "--output", "no.json", says="12 entries")
    paid.refused("receipt", "3", "--size", "9", "--checkpoint", says="not both", status=2)
    assert "by a checkpoint at host block" in submitted.out
    assert verified.out == submitted.out


def test_a_hint_that_does_not_fit_is_told_and_takes_nothing_from_the_proof(paid: Shell, chain: OnAnvil) -> None:
    paid.type("receipt", "1")
    hinted = forged(paid, "receipt-1.json", host={"block": 1, "transaction": "0x" + "77" * 32}, anchor=None)

    done = paid.type("receipt", "verify", hinted, "--rpc-url", chain.url)

    assert done.out.startswith("Proven against the contract")
    assert "no transaction 0x7777" in done.err


def test_a_receipt_is_renewed_from_a_node_only_by_one_of_the_same_entry(paid: Shell, chain: OnAnvil) -> None:
    paid.type("receipt", "1")
    old = (paid.folder / "receipt-1.json").read_bytes()
    pay(paid, 2)
    paid.type("index")
    paid.type("receipt", "1", "--output", "newer.json")
    paid.type("receipt", "2", "--output", "other.json")
    newer = paid.folder / "newer.json"

    with node_that_serves() as url:
        paid.refused("receipt", "refresh", "receipt-1.json", "--node", url, says=["404", "no such entry"])
    with node_that_serves(of1=paid.folder / "other.json") as url:
        paid.refused("receipt", "refresh", "receipt-1.json", "--node", url, says="has another entry 1")
    with node_that_serves(of1=paid.folder / forged(paid, "newer.json", size=8)) as url:
        paid.refused("receipt", "refresh", "receipt-1.json", "--node", url, says="does not lead")
    with node_that_serves(of1=paid.folder / "receipt-1.json") as url:
        paid.refused("receipt", "refresh", "newer.json", "--node", url, says="the node is behind")
    paid.refused("receipt", "refresh", "receipt-1.json", "--node", NOWHERE, says="cannot be reached")
    paid.refused("receipt", "refresh", "receipt-1.json", "--node", "file:///etc", says="http://")
    assert (paid.folder / "receipt-1.json").read_bytes() == old

    with node_that_serves(of1=newer) as url:
        renewed = paid.type(
            "receipt", "refresh", "receipt-1.json", "--node", url, "--rpc-url", chain.url, "--json"
        ).json
    assert renewed["size"] == 9
    assert (paid.folder / "receipt-1.json").read_bytes() == newer.read_bytes()


def test_a_node_that_follows_the_contract_renews_receipts_as_the_log_grows(paid: Shell, chain: OnAnvil) -> None:
    paid.type("receipt", "6")
    pay(paid, 2)
    with paid.start("node", "--bind", "127.0.0.1:0", "--db", "sqlite:///node.db", "--json") as node:
        url = first_line(node)["url"]

        eventually(lambda: "9 entries" in paid.type("receipt", "refresh", "receipt-6.json", "--node", url).out)

    submitted = paid.type("receipt", "submit", "receipt-6.json", "--json").json
    assert (submitted["size"], submitted["index"], submitted["block_number"]) == (9, 6, 3)
