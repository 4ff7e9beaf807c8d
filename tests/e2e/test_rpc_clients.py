"""cast, web3.py, ethers and viem read the smart chain of a real ledger, each with its own code and nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from eth_typing import HexStr
from hexbytes import HexBytes
from web3 import HTTPProvider, Web3
from web3.exceptions import BlockNotFound, TransactionNotFound, Web3RPCError

from smartchain.config import NodeSettings
from smartchain.host import contracts
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import anchor_of, transaction_hash
from smartchain.ledger.identity import chain_id_of
from smartchain.node.app import build_app
from smartchain.node.server import Server
from smartchain.node.services import Services
from smartchain.ports import LedgerStore, Recorded
from smartchain.store import DatabaseStore, open_store
from smartchain.types import Address, Hash32
from tests.conftest import ROOT, Toolchain
from tests.e2e.typed import Shell, shell_for
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.unit.node_rpc.asking import ENTRIES, name_of, store_of
from tools.javascript import JavaScript
from tools.javascript import ensure as ensure_javascript

WANDA = Address(b"\x0a" * 20)
MEMO = Hash32(b"invoice 7".ljust(32, b"\0"))
NONE = "0x" + "07" * 32
Tag = Literal["latest", "safe", "finalized"]
TRANSFER = "Transfer(address indexed,address indexed,uint256)"


@dataclass
class Served:
    """A ledger on anvil, its chain in a store, and the address at which that is served."""

    chain: OnAnvil
    shell: Shell
    url: str
    store: DatabaseStore

    def index(self) -> None:
        """Take in what the ledger has by now."""
        self.shell.type("index", "--json").json  # noqa: B018  (must go well)

    def recorded(self) -> list[Recorded]:
        with self.store.open().view() as view:
            return list(view.entries())

    def name(self, index: int) -> str:
        """The transaction hash that the protocol gives to an entry."""
        return "0x" + transaction_hash(self.anchor, index, self.recorded()[index].entry.leaf).hex()

    @property
    def anchor(self) -> Hash32:
        return anchor_of(self.store.open().info.chain_id, self.chain.ledger)

    @property
    def facts(self) -> dict[str, object]:
        """What the scripts of the JavaScript clients are told."""
        return {
            "url": self.url,
            "chain": chain_id_of(self.anchor),
            "ledger": checksum(self.chain.ledger),
            "closed": self.name(0),
            "open": self.name(6),
            "none": NONE,
            "sender": checksum(self.chain.accounts[0]),
            "recipient": checksum(WANDA),
        }


@pytest.fixture(scope="module")
def served(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A chain that all may read, and nobody makes longer."""
    with paid_and_served(toolchain, tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture
def live(toolchain: Toolchain, tmp_path: Path) -> Iterator[Served]:
    """One that goes on."""
    with paid_and_served(toolchain, tmp_path) as served:
        yield served


@contextmanager
def paid_and_served(toolchain: Toolchain, folder: Path) -> Iterator[Served]:
    """A block of three, one that a seal closes after a batch of two, and a pending entry."""
    with on_anvil((3, 0), executable=toolchain.anvil) as chain:
        shell = shell_for(folder, chain)
        pay(chain)
        assert shell.type("index", "--json").status == 0
        store = open_store(f"sqlite:///{folder / 'smartchain.db'}", create=False, read_only=True)
        with serving(store.open()) as url:
            yield Served(chain, shell, url, store)
        store.close()


@contextmanager
def serving(store: LedgerStore) -> Iterator[str]:
    """A whole node over a store; where it speaks JSON-RPC."""
    settings = NodeSettings(port=0)
    server = Server(build_app(Services(store, settings)), settings)
    server.start()
    try:
        yield f"{server.url}/rpc"
    finally:
        server.stop()


def pay(chain: OnAnvil) -> None:
    chain.relay(WANDA, 10**18, MEMO)
    chain.relay(chain.accounts[1], 5)
    chain.relay(WANDA, 7, sender=1)
    chain.relay_batch([(WANDA, 2), (chain.accounts[2], 3)])
    chain.send(chain.ledger, contracts.seal_data(), sender=1)
    chain.relay(WANDA, 11)


# cast


@dataclass(frozen=True)
class Cast:
    program: Path
    url: str

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.program), *words, "--rpc-url", self.url]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=kept)

    def say(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def json(self, *words: str) -> Any:
        return json.loads(self.say(*words, "--json"))

    def refusal(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode != 0
        return done.stderr.strip()


@pytest.fixture
def cast(served: Served, toolchain: Toolchain) -> Cast:
    return Cast(toolchain.cast, served.url)


def test_cast_says_why_it_gets_nothing(cast: Cast, served: Served) -> None:
    ledger = str(served.facts["ledger"])

    assert "eth_call is refused: the smart chain records payments" in cast.refusal("call", ledger, "size()")
    assert "`smartchain send`" in cast.refusal("publish", "0x00")
    assert "code -32601: the method eth_foo does not exist" in cast.refusal("rpc", "eth_foo")
    assert "there is no block 99: the newest is 2" in cast.refusal("balance", ledger, "--block", "99")
    assert "not found" in cast.refusal("tx", NONE)
    assert "not found" in cast.refusal("block", "99")


def test_cast_reads_the_chain(cast: Cast, served: Served) -> None:
    with served.store.open().view() as view:
        newest = view.block(2)
    assert newest is not None
    latest, pending = cast.json("block"), cast.json("block", "pending")

    assert int(cast.say("chain-id")) == served.facts["chain"]
    assert cast.say("block-number") == "2"
    assert cast.say("client").startswith("smartchain/v")
    assert (latest["hash"], latest["transactions"]) == ("0x" + newest.hash.hex(), [served.name(at) for at in (3, 4, 5)])
    assert latest["verified"] is True
    assert (pending["number"], pending["transactions"]) == ("0x3", [served.name(6)])
    assert cast.json("block", latest["hash"], "--full")["transactions"][0] == cast.json("tx", served.name(3))
    assert cast.say("gas-price") == cast.say("basefee") == "0"
    assert cast.say("rpc", "eth_syncing") == "false"


def test_cast_reads_transactions_and_their_receipts(cast: Cast, served: Served) -> None:
    paid, opened = cast.json("tx", served.name(0)), cast.json("tx", served.name(6))
    receipt = cast.json("receipt", served.name(0))

    assert (paid["value"], paid["nonce"], paid["input"]) == (hex(10**18), "0x0", "0x" + MEMO.hex())
    assert (paid["blockNumber"], opened["blockNumber"], opened["nonce"]) == ("0x1", None, "0x4")
    assert (receipt["status"], receipt["blockNumber"], len(receipt["logs"])) == ("0x1", "0x1", 1)
    assert "blockNumber          1" in cast.say("receipt", served.name(0))


def test_cast_reads_accounts(cast: Cast, served: Served) -> None:
    wanda, payer = (str(served.facts[name]) for name in ("recipient", "sender"))

    assert cast.say("balance", wanda) == str(10**18 + 9)
    assert cast.say("balance", wanda, "--block", "pending") == str(10**18 + 20)
    assert cast.say("balance", wanda, "--block", "0") == cast.say("balance", payer) == "0"
    assert (cast.say("nonce", payer), cast.say("nonce", payer, "--block", "1")) == ("4", "2")
    assert cast.say("code", str(served.facts["ledger"])) == "0x"


def test_cast_finds_logs_by_the_event_and_its_arguments(cast: Cast, served: Served) -> None:
    wanda = "0x" + WANDA.hex()
    found = cast.json("logs", "--from-block", "0", TRANSFER, "", wanda)

    assert len(cast.json("logs", "--from-block", "0", "--address", str(served.facts["ledger"]))) == 6
    assert [int(one["data"], 16) for one in found] == [10**18, 7, 2]
    assert [one["transactionHash"] for one in found] == [served.name(at) for at in (0, 2, 3)]


# web3.py


@pytest.fixture
def web3(served: Served) -> Web3:
    return Web3(HTTPProvider(served.url))


def test_web3_tells_what_is_absent_and_what_is_refused(web3: Web3, served: Served) -> None:
    wanda = Web3.to_checksum_address(WANDA)

    with pytest.raises(BlockNotFound):
        web3.eth.get_block(99)
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction(HexStr(NONE))
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction_receipt(HexStr(served.name(6)))
    with pytest.raises(Web3RPCError, match="there is no block 99"):
        web3.eth.get_balance(wanda, 99)
    with pytest.raises(Web3RPCError, match="eth_call is refused"):
        web3.eth.call({"to": wanda, "data": Web3.to_hex(b"\x12\x34\x56\x78")})
    with pytest.raises(Web3RPCError, match="eth_sendRawTransaction is refused"):
        web3.eth.send_raw_transaction(b"\0")


def test_web3_reads_the_chain(web3: Web3, served: Served) -> None:
    latest, whole = web3.eth.get_block("latest"), web3.eth.get_block(2, full_transactions=True)

    assert web3.is_connected(show_traceback=True)
    assert (web3.eth.chain_id, web3.eth.block_number) == (served.facts["chain"], 2)
    assert list(latest["transactions"]) == [HexBytes(served.name(at)) for at in (3, 4, 5)]
    assert [one["nonce"] for one in whole["transactions"] if isinstance(one, Mapping)] == [2, 3, 1]
    assert web3.eth.get_block(latest["hash"])["number"] == 2
    assert latest["parentHash"] == web3.eth.get_block(1)["hash"]
    assert web3.eth.get_block("pending")["number"] == 3
    assert web3.eth.get_block_transaction_count(2) == 3
    assert (web3.eth.gas_price, web3.eth.max_priority_fee, web3.eth.syncing) == (0, 0, False)
    assert web3.eth.fee_history(2, "latest", [50.0])["reward"] == [[0], [0]]


def test_web3_reads_transactions_receipts_and_accounts(web3: Web3, served: Served) -> None:
    name = HexStr(served.name(0))
    paid, receipt = web3.eth.get_transaction(name), web3.eth.wait_for_transaction_receipt(name)
    wanda = Web3.to_checksum_address(WANDA)

    assert (paid["value"], paid["to"], bytes(paid["input"])) == (10**18, wanda, MEMO)
    assert paid == web3.eth.get_transaction_by_block(1, 0)
    assert (receipt["status"], receipt["transactionIndex"], receipt["gasUsed"]) == (1, 0, 0)
    assert len(web3.eth.get_block_receipts(2)) == 3
    assert [web3.eth.get_balance(wanda, at) for at in (0, 1, 2)] == [0, 10**18 + 7, 10**18 + 9]
    assert web3.eth.get_transaction_count(Web3.to_checksum_address(served.chain.accounts[0]), "pending") == 5


def test_web3_finds_events_and_takes_a_batch_of_calls(web3: Web3, served: Served) -> None:
    arguments = [("from", True), ("to", True), ("value", False)]
    inputs = [
        {"name": name, "indexed": indexed, "type": "address" if indexed else "uint256"} for name, indexed in arguments
    ]
    ledger = web3.eth.contract(
        Web3.to_checksum_address(served.chain.ledger),
        abi=[{"type": "event", "name": "Transfer", "inputs": inputs, "anonymous": False}],
    )
    found = ledger.events.Transfer().get_logs(from_block=0, argument_filters={"from": served.chain.accounts[1]})
    with web3.batch_requests() as batch:
        for number in range(3):
            batch.add(web3.eth.get_block(number))
        blocks = batch.execute()

    assert [(one["args"]["to"], one["args"]["value"]) for one in found] == [
        (checksum(WANDA), 7),
        (checksum(Address(bytes(20))), 0),
    ]
    assert [dict(one)["number"] for one in blocks] == [0, 1, 2]


# ethers and viem


@pytest.fixture(scope="session")
def javascript() -> JavaScript:
    return ensure_javascript(lambda _: None)


@dataclass(frozen=True)
class Script:
    """One of the clients in `js/`."""

    client: str
    javascript: JavaScript

    def start(self, what: str, facts: dict[str, object]) -> subprocess.Popen[str]:
        script = ROOT / f"tests/e2e/js/{self.client}.cjs"
        environ = {"NODE_PATH": str(self.javascript.packages), "PATH": os.environ["PATH"]}
        return subprocess.Popen(
            [self.javascript.node, script, what, json.dumps(facts)],
            env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def read(self, facts: dict[str, object], what: str = "read") -> dict[str, Any]:
        with self.start(what, facts) as running:
            out, err = running.communicate(timeout=60)
        assert running.returncode == 0, err
        said: dict[str, Any] = json.loads(out)
        return said


@pytest.fixture(params=["ethers", "viem"])
def script(request: pytest.FixtureRequest, javascript: JavaScript) -> Script:
    return Script(request.param, javascript)


def test_a_javascript_client_reads_the_chain(script: Script, served: Served) -> None:
    said = script.read(served.facts)
    names = [served.name(at) for at in range(7)]

    assert int(said["chain"]) == served.facts["chain"]
    assert [int(said["height"]), int(said["same"]), int(said["latest"]["number"])] == [2, 2, 2]
    assert [one["hash"] for one in said["whole"]] == names[3:6]
    assert [one["nonce"] for one in said["whole"]] == [2, 3, 1]
    assert (int(said["pending"]["number"]), said["pending"]["hash"], said["pending"]["transactions"]) == (
        3,
        None,
        names[6:],
    )
    assert (said["closed"]["value"], said["closed"]["input"]) == (str(10**18), "0x" + MEMO.hex())
    assert (int(said["closed"]["block"]), said["closed"]["index"], said["open"]["block"]) == (1, 0, None)
    assert (int(said["receipt"]["block"]), said["receipt"]["logs"], said["waited"]) == (1, 1, names[0])
    assert said["receipt"]["status"] in (1, "success")
    assert said["none"] in (None, "TransactionNotFoundError")
    assert said["unmined"] in (None, "TransactionReceiptNotFoundError")
    assert (said["balance"], said["before"], said["flow"]) == (str(10**18 + 9), "0", "0")
    assert (said["nonce"], said["pendingNonce"], said["price"], said["code"]) == (4, 5, "0", "0x")
    assert [one["hash"] for one in said["logs"]] == names[:6]
    assert [(one["hash"], one["value"]) for one in said["received"]] == [
        (names[0], str(10**18)), (names[2], "7"), (names[3], "2"),
    ]  # fmt: skip
    assert (said["call"]["code"], said["send"]["code"], said["absent"]["code"]) == (-32004, -32004, -32001)
    assert "`smartchain send`" in said["send"]["message"]


def test_a_javascript_client_is_told_of_payments_as_they_come(script: Script, live: Served) -> None:
    with script.start("watch", live.facts) as running:
        told = (json.loads(line) for line in running.stdout or ())
        try:
            assert {"ready": True} in told
            live.chain.relay(WANDA, 1001)
            live.chain.relay(WANDA, 1002)
            live.index()
            paid = list(islice((one for one in told if "value" in one), 3))
        finally:
            running.kill()

    assert [(one["hash"], one["value"]) for one in paid] == [
        (live.name(6), "11"), (live.name(7), "1001"), (live.name(8), "1002"),
    ]  # fmt: skip
    assert {(one["to"], int(one["block"])) for one in paid} == {(checksum(WANDA), 3)}


# the three heads

HEADS = {"latest": (4, 10**18 + 2020), "safe": (3, 10**18 + 22), "finalized": (2, 10**18 + 9)}
"""The newest block at each tag, and what Wanda has there."""


def close(served: Served, value: int) -> None:
    """One payment more, and a block that ends with it."""
    served.chain.relay(WANDA, value)
    served.chain.send(served.chain.ledger, contracts.seal_data(), sender=1)


@pytest.mark.parametrize("tag", ["safe", "finalized"])
def test_no_client_is_given_another_block_while_the_host_calls_none_so(tag: Tag, cast: Cast, web3: Web3) -> None:
    said, wanda = f"no block is {tag} yet: the host chain has called none so", Web3.to_checksum_address(WANDA)

    assert said in cast.refusal("block", tag)
    assert said in cast.refusal("balance", wanda, "--block", tag)
    with pytest.raises(Web3RPCError, match=said):
        web3.eth.get_block(tag)
    with pytest.raises(Web3RPCError, match=said):
        web3.eth.get_balance(wanda, tag)


def test_every_client_reads_the_state_of_each_head(live: Served, toolchain: Toolchain, javascript: JavaScript) -> None:
    live.chain.mine(30)
    close(live, 2)
    live.chain.mine(36)
    close(live, 1998)
    live.index()
    cast, web3, wanda = Cast(toolchain.cast, live.url), Web3(HTTPProvider(live.url)), str(live.facts["recipient"])
    told = {client: Script(client, javascript).read(live.facts, "heads") for client in ("ethers", "viem")}

    assert told["ethers"] == told["viem"] == {tag: [str(said) for said in HEADS[tag]] for tag in HEADS}
    for tag in get_args(Tag):
        number, balance = HEADS[tag]
        assert cast.say("block", tag, "-f", "number") == str(number)
        assert cast.say("balance", wanda, "--block", tag) == str(balance)
        assert web3.eth.get_block(tag)["number"] == number
        assert web3.eth.get_balance(Web3.to_checksum_address(WANDA), tag) == balance
    assert len(cast.json("logs", "--from-block", "0", "--to-block", "finalized", TRANSFER)) == 6
    with_safe = web3.eth.get_logs({"fromBlock": "finalized", "toBlock": "safe"})
    assert [one["blockNumber"] for one in with_safe] == [2, 2, 2, 3, 3, 3]


# a chain that no contract confirmed


@pytest.fixture
def agreed() -> Iterator[str]:
    """The address of a chain that peers alone agree on."""
    with serving(store_of(ENTRIES, agreed=True)) as url:
        yield url


def test_every_client_reads_an_unverified_chain_which_says_that_it_is(
    agreed: str, toolchain: Toolchain, script: Script
) -> None:
    info = store_of(ENTRIES).info
    facts: dict[str, object] = {
        "url": agreed,
        "chain": chain_id_of(anchor_of(info.chain_id, info.address)),
        "ledger": checksum(info.address),
        "closed": name_of(0),
        "open": name_of(5),
        "none": NONE,
        "sender": checksum(ENTRIES[0].sender),
        "recipient": checksum(ENTRIES[0].recipient),
    }

    assert int(script.read(facts)["height"]) == Web3(HTTPProvider(agreed)).eth.block_number == 2
    assert Cast(toolchain.cast, agreed).json("block")["verified"] is False
    assert Cast(toolchain.cast, agreed).json("tx", name_of(0))["verified"] is False
    assert "agreed by peers and not verified" in Cast(toolchain.cast, agreed).refusal("block", "finalized")
