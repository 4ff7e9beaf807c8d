"""
`smartchain node`: one process that follows a ledger and serves it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from smartchain.cli import build, following, kinds, openings, options, output
from smartchain.cli.node_parts import Plan
from smartchain.config import DEFAULT_BIND, Finality, HostSettings, IndexSettings, NodeSettings
from smartchain.errors import SettingsError
from smartchain.types import Address, Wei
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.snapshot.files import Snapshot

_KEYS = ("sender", "private_key", "keystore", "account", "mnemonic", "interactive")
"""Options that name a key."""

_HOST = re.compile(r"([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def _how(
    confirmations: int | None,
    finality: Finality | None,
    poll: float | None,
    stall_after: float,
    from_block: int | None,
) -> IndexSettings:
    return following.how_of(True, confirmations, finality, poll, stall_after, from_block)


def _settings(
    bind: str,
    name: tuple[str, ...],
    cors: tuple[str, ...],
    legacy_api: bool | None,
    legacy_limit: Wei | None,
    rate: int,
    connections: int,
    max_lag: int,
) -> NodeSettings:
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(f"--bind takes an address and a port, as {DEFAULT_BIND}: {output.one_line(bind)} is none")
    names, origins = tuple(map(_named, name)), tuple(map(_origin, cors))
    return NodeSettings(host, int(port), names, origins, legacy_api, legacy_limit, rate, max_lag, connections)


def _named(text: str) -> str:
    """Raises `SettingsError` for what no `Host` of a request can be."""
    if not _HOST.fullmatch(text):
        raise SettingsError(f"--name takes a host, and a port if it is not 80: {output.one_line(text)} is none")
    return text


def _origin(text: str) -> str:
    """Raises `SettingsError` for what no browser says of a page."""
    scheme, _, host = text.partition("://")
    if text != "*" and not (scheme in ("http", "https") and _HOST.fullmatch(host)):
        raise SettingsError(
            f"--cors takes an origin as browsers write it, https://example.org without a path, or *: "
            f"{output.one_line(text)} is none"
        )
    return text.lower()


@click.command()
@options.bundle(
    "settings",
    _settings,
    click.option(
        "--bind",
        metavar="HOST:PORT",
        default=DEFAULT_BIND,
        show_default=True,
        help="Where to listen; port 0 is any that is free.",
    ),
    click.option(
        "--name",
        metavar="HOST[:PORT]",
        multiple=True,
        help="Another name by which it is reached, behind a proxy say; may be given again.",
    ),
    click.option(
        "--cors",
        metavar="ORIGIN",
        multiple=True,
        help="Let pages of this origin read it, * for all; may be given again.",
    ),
    click.option(
        "--legacy-api/--no-legacy-api",
        default=None,
        help="The historical programs' routes.  [default: on a loopback address]",
    ),
    click.option(
        "--legacy-limit",
        type=kinds.AMOUNT,
        help="What these routes may spend in all.  [default: 100 ether on chain 31337, else nothing]",
    ),
    click.option(
        "--rate",
        type=kinds.COUNT,
        default=1000,
        metavar="N",
        show_default=True,
        help="Requests a second from one client; 0 for no limit.",
    ),
    click.option(
        "--connections", type=click.IntRange(min=16), default=2000, metavar="N", show_default=True, help="Open at once."
    ),
    click.option(
        "--max-lag",
        type=kinds.COUNT,
        default=1000,
        metavar="N",
        show_default=True,
        help="Entries that are not verified yet with which it is still ready.",
    ),
)
@options.bundle(
    "how",
    _how,
    following.confirmations,
    following.finality,
    following.poll,
    following.stall_after,
    following.from_block,
)
@click.option(
    "--peer",
    "peers",
    type=kinds.LISTED,
    metavar="URL",
    multiple=True,
    help="Another node to take the chain from; may be given again.",
)
@options.ledger
@options.factory
@openings.snapshots
@options.database
@options.hosts
@options.check_rpc_url
@options.keys
@options.as_json
def node(
    settings: NodeSettings,
    how: IndexSettings,
    peers: tuple[str, ...],
    ledger: Address | None,
    factory: Address | None,
    snapshots: Sequence[Snapshot],
    db: str,
    host: HostSettings,
    check_rpc_url: tuple[str, ...],
    keys: KeyOptions,
    as_json: bool,
) -> None:
    """
    Follow a ledger and serve it: an explorer, an API, JSON-RPC, and the chain itself for other nodes.

    With --rpc-url it reads the contract. With --peer it takes the chain from other nodes and proves it; the contract
    has the last word where --rpc-url is given too, else most of the peers have it and the chain is served as
    unverified. What the ledger opened with comes from --snapshot FILE, or from peers too. A key lets the historical
    programs pay through this node.

    With --factory it follows all ledgers of a factory, new ones as they appear: / lists them, and each chain is whole
    behind its ledger's address, for peers too. Such a node pays for nobody.

    \b
      smartchain node --factory 0xb5aE6d954112116fC1d2f4d1c222E9Add3F90aC4
      smartchain node --peer http://127.0.0.1:5000/0x5FbDB2315678afecb367f032d93F642f64180aa3
    """
    is_read = factory is not None or not peers or _is_told("rpc_url")
    rpc = build.checked(host, check_rpc_url) if is_read else None
    plan = Plan(ledger, db, rpc, peers, how, host.ca_file, snapshots)
    if factory is not None:
        _serve_all(factory, settings, plan, as_json)
    else:
        from smartchain.cli.node_run import NodeRun

        NodeRun(settings, plan, keys, as_json).run()


def _serve_all(factory: Address, settings: NodeSettings, plan: Plan, as_json: bool) -> None:
    """Raises `click.UsageError` for what says in another way what is followed."""
    from smartchain.cli.node_fleet import FleetNode

    options.only_one("factory", "ledger")
    context = click.get_current_context()
    if _is_typed("peers"):
        raise click.UsageError(
            "--factory is read from the host chain (--rpc-url), and --peer is a node of one chain: give one of them; "
            "a chain of a node that serves several is --peer URL/0x…, with its ledger's address",
            context,
        )
    if any(map(_is_typed, ("legacy_limit", *_KEYS))):
        raise click.UsageError(
            "a node with --factory pays for nobody, since anyone can list a contract that keeps what it is paid: "
            "leave key and --legacy-limit out, or name one ledger with --ledger",
            context,
        )
    FleetNode(factory, settings, plan, as_json).run()


def _is_typed(name: str) -> bool:
    """Whether it was typed, and is no setting of the environment."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def _is_told(name: str) -> bool:
    """Whether a setting was given, and is no default."""
    return click.get_current_context().get_parameter_source(name) is not ParameterSource.DEFAULT
