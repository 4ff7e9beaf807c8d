"""A node that lies to `smartchain index`, for good or once; what a second node is good for; what of a URL is shown."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from smartchain.devnet.anvil import Anvil, AnvilSettings
from smartchain.host import contracts
from smartchain.host.logs import BATCH, TRANSFER, decode
from smartchain.ledger.hash import leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Address, Index
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, eventually, shell_for
from tests.fakes import faults
from tests.fakes.anvil import OnAnvil
from tests.fakes.proxy import Answer, Call, Fault, Proxy

BATCH_AT = 10
"""Index of the first entry that a batch recorded."""


@pytest.fixture(scope="module")
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as anvil:
        yield anvil


@pytest.fixture(scope="module")
def chain(anvil: Anvil) -> OnAnvil:
    """Ten entries recorded singly, two in a host block, then four in a batch, then two more."""
    chain = OnAnvil(anvil, (3, 0))
    chain.fill(BATCH_AT, 2)
    chain.relay_batch([(Address(bytes([9]) * 20), value) for value in range(1, 5)])
    chain.mine(3)
    chain.fill(2, 1)
    return chain


@pytest.fixture
def shell(chain: OnAnvil, proxy: Proxy, tmp_path: Any) -> Shell:
    shell = shell_for(tmp_path, chain)
    shell.environment["ETH_RPC_URL"] = proxy.url
    return shell


@pytest.fixture
def proxy(chain: OnAnvil) -> Iterator[Proxy]:
    with Proxy(chain.url) as proxy:
        yield proxy


def host_block_of(chain: OnAnvil, index: int) -> int:
    """Where the contract recorded an entry, by what an honest node says."""
    body = logs_of(chain)
    return decode(body, chain.ledger, 0, chain.newest(), Index(0)).host_blocks[index]


def logs_of(chain: OnAnvil) -> bytes:
    where = {"address": "0x" + chain.ledger.hex(), "fromBlock": "0x0", "topics": [[TRANSFER, BATCH]]}
    return chain.rpc.body("eth_getLogs", where)


def is_honest(shell: Shell, chain: OnAnvil) -> None:
    """With an honest node the run goes on to the end, and all of it is so."""
    shell.environment["ETH_RPC_URL"] = chain.url
    assert shell.type("index", "--json").json["size"] == 16
    assert shell.type("verify", "--json").json["size"] == 16


# lies about entries


def another_payment(log: dict[str, Any]) -> dict[str, Any]:
    """The last payment of a batch worth a wei more."""
    return {**log, "data": f"{log['data'][:-64]}{int(log['data'][-64:], 16) + 1:064x}"}


LIES: dict[str, tuple[int, Callable[[], Fault]]] = {
    "dropped": (4, lambda: faults.logs(faults.drop(4))),
    "first dropped": (0, lambda: faults.logs(faults.drop(0))),
    "last dropped": (15, lambda: faults.logs(faults.drop(15))),
    "doubled and altered": (5, lambda: faults.logs(faults.double(5, transactionHash="0x" + "ab" * 32))),
    "altered": (6, lambda: faults.logs(faults.alter(6, faults.add_to_value))),
    "altered in a batch": (BATCH_AT, lambda: faults.logs(faults.alter(BATCH_AT, another_payment))),
    "truncated": (14, lambda: faults.logs(faults.truncate(14))),
    "batch dropped": (BATCH_AT, lambda: faults.logs(faults.drop(BATCH_AT))),
    "reordered in its block": (6, lambda: faults.logs(faults.swap(6))),
    "reordered in the answer": (7, lambda: faults.logs(faults.swap(7))),
    "not canonical": (8, lambda: faults.logs(faults.alter(8, lambda log: {**log, "data": log["data"] + "00"}))),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lasting_lie_ends_with_the_host_block_that_holds_it_and_an_honest_node_goes_on(
    chain: OnAnvil, shell: Shell, proxy: Proxy, lie: str
) -> None:
    index, fault = LIES[lie]
    proxy.fault(fault(), "eth_getLogs")

    line = shell.refused("index", "--json", says=f"host block {host_block_of(chain, index)} ")

    assert "asked again" not in line
    head = shell.type("head", "--json").json
    assert (head["size"], head["blocks"]) == (0, 0)
    assert shell.type("entries", "--json").lines == []
    is_honest(shell, chain)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_told_once_is_healed_by_reading_again(shell: Shell, proxy: Proxy, lie: str) -> None:
    proxy.fault(LIES[lie][1](), "eth_getLogs", times=1)

    done = shell.type("index", "--json")

    assert done.json["size"] == 16
    assert "reread" in done.err


@pytest.mark.parametrize("index", [0, 5, BATCH_AT, 15])
def test_a_log_that_is_given_twice_the_same_is_taken_once(shell: Shell, proxy: Proxy, index: int) -> None:
    proxy.fault(faults.logs(faults.double(index)), "eth_getLogs")

    done = shell.type("index", "--json")

    assert done.json["size"] == 16
    assert "reread" not in done.err


def test_a_lie_told_to_a_daemon_ends_it_and_leaves_what_was_verified(
    chain: OnAnvil, shell: Shell, proxy: Proxy
) -> None:
    own = OnAnvil.__new__(OnAnvil)
    own.__dict__.update(chain.__dict__)
    own.ledger = Address(bytes.fromhex(chain.send(None, contracts.deploy_data(3, 0))["contractAddress"][2:]))
    shell.environment["SMARTCHAIN_LEDGER"] = "0x" + own.ledger.hex()
    own.relay(chain.accounts[1], 7)
    with shell.start("index", "--follow", "--json") as daemon:
        eventually(lambda: shell.type("head", "--json").status == 0 and shell.type("head", "--json").json["size"] == 1)
        proxy.fault(faults.logs(faults.alter(1, faults.add_to_value)), "eth_getLogs")
        block = int(own.relay(chain.accounts[1], 8)["blockNumber"], 16)
        _, err = daemon.communicate(timeout=20)

    assert daemon.returncode == 1
    assert f"host block {block} " in err.splitlines()[-1]
    assert shell.type("head", "--json").json["size"] == 1
    proxy.heal()
    assert shell.type("index", "--json").json["size"] == 2


# lies about the head


def forged(change: Callable[[int, str], tuple[int, str]]) -> Fault:
    """Another size or root, at whatever block."""

    def fault(call: Call, answer: Answer) -> Answer:
        if call["params"][0]["data"] != "0x" + contracts.HEAD_DATA.hex():
            return answer

        def head(said: str) -> str:
            if len(said) != 130:
                return said  # a block that the ledger is not in yet
            size, root = change(int(said[2:66], 16), said[66:])
            return f"0x{size:064x}{root}"

        return faults.result(head)(call, answer)

    return fault


HEADS = {
    "root": lambda size, root: (size, "ab" * 32),
    "smaller": lambda size, root: (max(0, size - 1), root),
    "larger": lambda size, root: (size + 3, root),
    "beyond any": lambda size, root: (2**255 + 1, root),
}


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_the_logs_do_not_lead_to_is_not_believed(
    chain: OnAnvil, shell: Shell, proxy: Proxy, head: str
) -> None:
    proxy.fault(forged(HEADS[head]), "eth_call")

    line = shell.refused("index", says=[])

    assert "should not happen" not in line
    if (shell.folder / "smartchain.db").exists():
        assert shell.type("head", "--json").json["size"] == 0
    is_honest(shell, chain)


def test_another_node_that_says_the_same_is_fine(chain: OnAnvil, shell: Shell) -> None:
    assert shell.type("index", "--json", "--check-rpc-url", chain.url).json["size"] == 16


def test_a_head_forged_to_fit_forged_logs_is_caught_by_another_node(chain: OnAnvil, shell: Shell, proxy: Proxy) -> None:
    lie = faults.logs(faults.alter(6, faults.add_to_value))
    told = lie({"id": 1}, Answer(logs_of(chain))).body
    entries = decode(told, chain.ledger, 0, chain.newest(), Index(0)).packed
    log = MerkleLog.of(leaf_hash(entry) for entry in entries)
    proxy.fault(lie, "eth_getLogs")
    proxy.fault(forged(lambda size, root: (log.size, log.root().hex())), "eth_call")

    alone = shell.type("index", "--json", "--db", "sqlite:///alone.db").json
    line = shell.refused("index", "--check-rpc-url", chain.url, says=[proxy.url, chain.url])

    assert alone["root"] == "0x" + log.root().hex()  # what it cannot know, it says wherever it promises
    assert "the logs of" not in line
    assert shell.type("head", "--json").json["size"] == 0


def test_a_head_forged_once_is_asked_for_again(chain: OnAnvil, shell: Shell, proxy: Proxy) -> None:
    """Past the look at what the contract is, which asks for a head too."""
    heads = 0

    def once(call: Call, answer: Answer) -> Answer:
        nonlocal heads
        heads += call["params"][0]["data"] == "0x" + contracts.HEAD_DATA.hex()
        return forged(HEADS["root"])(call, answer) if heads == 2 else answer

    proxy.fault(once, "eth_call")

    assert shell.type("index", "--json", "--check-rpc-url", chain.url).json["size"] == 16
    assert heads > 2


def test_a_node_with_another_history_of_the_same_ledger_is_no_second_opinion(
    toolchain: Toolchain, shell: Shell
) -> None:
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as one, Anvil(toolchain.anvil, AnvilSettings(port=0)) as two:
        begin = int(one.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 100
        ledgers = []
        for anvil in (one, two):
            anvil.rpc.call("evm_setNextBlockTimestamp", hex(begin))
            ledgers.append(OnAnvil(anvil, (3, 0)))
        for at, here in enumerate(ledgers):
            here.relay(here.accounts[1], at + 1)
        assert ledgers[0].ledger == ledgers[1].ledger
        shell.environment["SMARTCHAIN_LEDGER"] = "0x" + ledgers[0].ledger.hex()
        with Proxy(one.url) as first, Proxy(two.url) as second:
            urls = ["--rpc-url", secret(first.url), "--check-rpc-url", secret(second.url)]
            line = shell.refused("index", *urls, says=[first.url, second.url])

    assert [word for word in SECRETS if word in line] == []
    assert shell.type("head", "--json").json["size"] == 0


# what of a URL is shown


SECRETS = ("pa55word", "pa7hkey0", "qu3rykey", "h3ad3rk3y", "someb0dy")


def secret(url: str) -> str:
    return url.replace("http://", "http://someb0dy:pa55word@") + "/v3/pa7hkey0?apikey=qu3rykey"


TROUBLE: dict[str, tuple[Fault | None, int]] = {
    "none": (None, 0),
    "a lie": (faults.logs(faults.drop(4)), 1),
    "a forged head": (forged(HEADS["root"]), 1),
    "503": (faults.status(503), 1),
    "401": (faults.status(401), 1),
    "cut off": (faults.cut_off, 1),
    "its own words": (faults.error("no such key pa7hkey0 for someb0dy, apikey=qu3rykey"), 1),
}


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("checked", [False, True], ids=["its own node", "another node"])
def test_of_a_url_only_scheme_and_host_are_ever_shown_or_kept(
    chain: OnAnvil, shell: Shell, proxy: Proxy, trouble: str, checked: bool
) -> None:
    fault, status = TROUBLE[trouble]
    if fault is not None:
        proxy.fault(fault, *_befallen(trouble))
    shell.environment["SMARTCHAIN_DEBUG"] = "1"
    urls = (
        ["--rpc-url", chain.url, "--check-rpc-url", secret(proxy.url)] if checked else ["--rpc-url", secret(proxy.url)]
    )

    done = shell.type("index", *urls, "--rpc-header", "X-Key: h3ad3rk3y")

    assert done.status == (0 if checked and trouble == "a lie" else status)
    kept = b"".join(path.read_bytes() for path in shell.folder.iterdir() if path.is_file())
    assert [word for word in SECRETS if word in done.out + done.err or word.encode() in kept] == []


def _befallen(trouble: str) -> tuple[str, ...]:
    return {"a lie": ("eth_getLogs",), "a forged head": ("eth_call",)}.get(trouble, ())


def test_a_daemon_in_trouble_shows_no_key_either(shell: Shell, proxy: Proxy) -> None:
    with shell.start("index", "--follow", "--rpc-url", secret(proxy.url)) as daemon:
        eventually(lambda: shell.type("head", "--json").status == 0)
        proxy.fault(faults.status(503))
        asked = len(proxy.calls)
        eventually(lambda: len(proxy.calls) > asked + 4)
        daemon.send_signal(signal.SIGTERM)
        out, err = daemon.communicate(timeout=20)

    assert daemon.returncode == 0
    assert proxy.url in err
    assert [word for word in SECRETS if word in out + err] == []
