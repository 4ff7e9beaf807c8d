"""Three heads on a real host chain: what is served, what the host calls safe, and what it cannot replace."""

from __future__ import annotations

from tests.e2e.test_node import running
from tests.e2e.typed import Shell, eventually, wallet
from tests.fakes.anvil import OnAnvil


def test_a_payment_becomes_safe_and_then_final_and_a_reorganisation_past_that_ends_the_indexer(
    shell: Shell, chain: OnAnvil
) -> None:
    shell.type("send", wallet(1), "1ether")
    chain.mine(40)
    shell.type("index")
    said = shell.type("head", "--json").json
    assert (said["safe"]["size"], "finalized" in said) == (1, False)

    shell.type("send", wallet(2), "2ether")
    chain.mine(40)
    shell.type("index")
    said = shell.type("head", "--json").json
    assert (said["size"], said["safe"]["size"], said["finalized"]["size"]) == (2, 2, 1)
    assert said["safe"]["host_block"] == said["finalized"]["host_block"] + 32

    chain.rpc.call("anvil_reorg", 60, [])
    shell.type("index")
    assert shell.type("head", "--json").json["size"] == 1

    chain.rpc.call("anvil_reorg", 70, [])
    shell.refused("index", says=["was finalized as 0x", "another database (--db)"])
    assert shell.type("head", "--json").json["size"] == 1


def test_a_node_tells_of_the_three_heads_wherever_it_is_asked(shell: Shell, chain: OnAnvil) -> None:
    shell.type("send", wallet(1), "1ether")
    shell.type("seal")
    chain.mine(70)
    with running(shell) as node:
        eventually(lambda: node.json("/api/v1/head").get("finalized"))
        head = node.json("/api/v1/head")
        assert (head["safe"]["blocks"], head["finalized"]["blocks"], head["blocks"]) == (2, 2, 2)
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["finalized", False]}
        assert node.ask("/rpc", "POST", json=call).json()["result"]["number"] == "0x1"
        assert "smartchain_finalized_size 2.0" in node.ask("/metrics").data.decode()
        said = node.json("/health")["heads"]
        assert {name: one["size"] for name, one in said.items()} == {"unsafe": 2, "safe": 2, "finalized": 2}
        assert said["finalized"] == head["finalized"]
        assert node.json("/entry/0.json")["finality"] == node.json("/block/1.json")["finality"] == "finalized"
        assert "settled" in node.end()[1]
