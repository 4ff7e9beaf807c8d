"""
`smartchain demo`: the whole line in one process, from payments to a verified chain, and a lie found out.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import build, options, output, views
from smartchain.cli.progress import Bar
from smartchain.errors import InputError, Untrue
from smartchain.ledger.address import checksum
from smartchain.wallet.amount import format_ether

if TYPE_CHECKING:
    from smartchain.cli.demo_chain import DemoChain, Lie
    from smartchain.indexer.verify import Verified
    from smartchain.ports import LedgerStore, Recorded, Rpc

SQLITE = "sqlite:///"


@click.command()
@click.option(
    "--transfers",
    type=click.IntRange(2, 100_000),
    default=200,
    metavar="N",
    show_default=True,
    help="Payments to make.",
)
@click.option("--seed", type=int, default=1, metavar="N", show_default=True, help="Other wallets, other payments.")
@click.option("--db", "keep", metavar="URL", help="Keep the database here, such as sqlite:///demo.db.")
@options.as_json
def demo(transfers: int, seed: int, keep: str | None, as_json: bool) -> None:
    """
    Wallets pay each other through a ledger, the chain is assembled and verified: all in this process.

    Nothing else is needed: no node, no compiler, no network. The same seed gives the same chain.
    """
    if keep is not None and keep.startswith(SQLITE) and Path(keep.removeprefix(SQLITE)).exists():
        raise InputError(f"{keep.removeprefix(SQLITE)} is there already: give the demo a database of its own")
    with _database(keep) as db, _database(None) as spare:
        told = Demo(transfers, seed, output.Story(not as_json)).tell(db, spare)
    if as_json:
        output.say_json({**told, "db": keep})
    else:
        _next(keep)


@contextmanager
def _database(keep: str | None) -> Iterator[str]:
    if keep is not None:
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="smartchain-demo-") as folder:
        yield f"{SQLITE}{folder}/demo.db"


class Demo:
    """The demonstration, act by act."""

    def __init__(self, transfers: int, seed: int, story: output.Story) -> None:
        self._transfers = transfers
        self._seed = seed
        self._story = story

    def tell(self, db: str, spare: str) -> dict[str, Any]:
        """All of it; what there is to say as JSON."""
        from smartchain.cli.demo_chain import DemoChain

        chain = DemoChain(self._seed)
        self._deploy(chain)
        self._pay(chain)
        with closing(build.open_or_make(db)) as opened:
            store, verified = self._index(chain, opened)
            self._blocks(store)
            self._entries(store)
            balances = self._balances(chain, store)
            lies = self._lies(chain, store, spare)
            head = views.head_json(store)
        return {
            "seed": self._seed,
            "transfers": self._transfers,
            "ledger": checksum(chain.deployed.ledger),
            **head,
            "verified": head["verified"] and verified.head.root.hex() == head["root"][2:],
            "balances": balances,
            "lies": lies,
        }

    # acts

    def _deploy(self, chain: DemoChain) -> None:
        say = self._story
        say.title("A host chain in this process (py-evm)")
        names = ", ".join(wallet.name for wallet in chain.wallets)
        say(f"{len(chain.wallets)} wallets with {format_ether(10**20)} each: {names}.")
        rule = max(5, self._transfers // 8)
        made = chain.deploy(rule)
        say(f"{chain.wallets[0].name} deploys a ledger, a BPSC, for {made.gas_used:,} gas: {checksum(made.ledger)}.")
        say(f"Its rule: a block closes at {rule} entries, or when somebody seals it. Nobody can change that.")

    def _pay(self, chain: DemoChain) -> None:
        say = self._story
        say.title("They pay each other through it")
        transactions = 0
        with Bar("payments") as bar:
            made = 0
            for count, story in chain.pay(self._transfers):
                made, transactions = made + count, transactions + 1
                say.example(story)
                bar(made, self._transfers)
        say(f"{made} payments in {transactions} transactions. The contract keeps only their number and a Merkle root.")

    def _index(self, chain: DemoChain, opened: Any) -> tuple[LedgerStore, Verified]:
        from smartchain.indexer.verify import verify

        say = self._story
        say.title("The indexer assembles the chain from the contract's events")
        source, store = _follow(chain.rpc, chain, opened)
        status = store.status()
        say(f"read      {status.verified_size} entries up to host block {status.cursor.number if status.cursor else 0}")
        say(f"computed  root {views.head_json(store)['root']}")
        found = verify(source, store)
        say(f"contract  root {output.hexed(found.head.root)}, size {found.head.size}, at host block {found.at.number}")
        say(say.good("They are equal: every entry, every amount, their order. The chain is verified."))
        return store, found

    def _blocks(self, store: LedgerStore) -> None:
        say = self._story
        say.title("Its blocks")
        known = list(store.blocks())
        sizes = [0, *(block.size for block in known)]
        rows = [
            [str(block.number), output.when(block.timestamp), str(block.size - before), f"0x{block.hash.hex()[:16]}…"]
            for block, before in zip(known, sizes, strict=False)
        ]
        say.table(["block", "last entry", "entries", "hash"], _shortened(rows), right=["block", "entries"])
        pending = views.head_json(store)["pending"]
        if pending:
            waiting = output.plural(pending, "entry waits", "entries wait")
            say(f"{waiting} in the open block: recorded, proven, in no block yet.")

    def _entries(self, store: LedgerStore) -> None:
        from smartchain.cli.demo_chain import names_of

        names = names_of(self._seed)

        def row(recorded: Recorded) -> list[str]:
            entry = recorded.entry
            whom = names.get(entry.recipient, "-")
            what = "seals" if entry.is_seal else format_ether(entry.value)
            return [str(recorded.index), output.when(entry.timestamp), names.get(entry.sender, "-"), whom, what]

        self._story.title("Its first entries")
        rows = map(row, store.entries(0, 5))
        self._story.table(["entry", "time", "from", "to", "amount"], rows, right=["entry"])

    def _balances(self, chain: DemoChain, store: LedgerStore) -> list[dict[str, Any]]:
        say = self._story
        say.title("Balances: what each received less what it sent")
        found, rows = [], []
        for wallet in chain.wallets:
            net = store.balance(wallet.address)
            fits = chain.purse(wallet) == 10**20 + net - chain.gas[wallet.address]
            found.append({"name": wallet.name, "address": checksum(wallet.address), "balance": str(net), "fits": fits})
            rows.append([wallet.name, checksum(wallet.address), format_ether(net), "yes" if fits else "NO"])
        say.table(["wallet", "address", "net flow", "fits the host chain's balance"], rows, right=["net flow"])
        return found

    def _lies(self, chain: DemoChain, honest: LedgerStore, spare: str) -> list[dict[str, Any]]:
        """Two nodes that lie are found out, and then the same store is filled by an honest one."""
        from smartchain.cli.demo_chain import leave_out, one_wei_more

        say = self._story
        say.title("And if the node lies?")
        middle = next(honest.entries(honest.status().verified_size // 2))
        transaction = output.hexed(middle.transaction)
        lies = {
            f"One leaves out a log, that of host block {middle.host_block}.": leave_out(transaction),
            "One adds a wei to a payment there.": one_wei_more(transaction),
        }
        with closing(build.open_or_make(spare)) as opened:
            found = [self._lie(chain, opened, what, lie) for what, lie in lies.items()]
            _, store = _follow(chain.rpc, chain, opened)
            same = views.head_json(store) == views.head_json(honest)
        say(
            "The same database, filled from the honest node again: " + ("the same chain." if same else "ANOTHER CHAIN!")
        )
        return found

    def _lie(self, chain: DemoChain, opened: Any, what: str, lie: Lie) -> dict[str, Any]:
        from smartchain.cli.demo_chain import LyingRpc

        say = self._story
        say(what)
        try:
            _follow(LyingRpc(chain.rpc, lie), chain, opened)
        except Untrue as error:
            kept = opened.open(chain.deployed.ledger).status().verified_size
            say(say.bad(f"  error: {output.one_line(str(error))}"))
            say(f"  Found out, and named. Part of the chain: {output.plural(kept, 'entry', 'entries')}.")
            return {"lie": what, "refused": True, "error": type(error).__name__, "first_block": error.first_block}
        say(say.bad("  It was believed. That is a fault of this program; please report it."))
        return {"lie": what, "refused": False, "error": None, "first_block": None}


def _follow(rpc: Rpc, chain: DemoChain, opened: Any) -> tuple[Any, LedgerStore]:
    """Read and verify all there is, by the indexer that a daemon runs."""
    from smartchain.host.source import HostLedger
    from smartchain.indexer.daemon import Daemon
    from smartchain.indexer.follow import Follower

    source = HostLedger(rpc, chain.deployed.ledger)
    store: LedgerStore = opened.ledger(source.info())
    nothing = threading.Event()
    Daemon(Follower(source, store), nothing, lambda _: None, lambda _, __: None, poll_s=0.01).catch_up()
    return source, store


def _shortened(rows: list[list[str]], most: int = 14) -> list[list[str]]:
    if len(rows) <= most:
        return rows
    return [*rows[: most // 2], ["…"] * len(rows[0]), *rows[-most // 2 :]]


def _next(keep: str | None) -> None:
    output.say()
    output.say("Type next:")
    output.say()
    if keep is not None:
        for command in ("head", "blocks", "entries", "history --csv"):
            output.say(f"  smartchain {command} --db {keep}")
    else:
        output.say("  smartchain demo --db sqlite:///demo.db    # and then: smartchain blocks --db sqlite:///demo.db")
    output.say("  smartchain devnet                         # the same by hand, on a node of your own")
