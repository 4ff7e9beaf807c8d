"""
Where the objects are made: a connection, a source, a store, a sender. Heavy parts are imported when they are built.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.config import HostSettings, IndexSettings
from smartchain.errors import NoStore, WrongChain
from smartchain.types import Address, ChainId

if TYPE_CHECKING:
    from smartchain.host.rpc import HttpRpc, Retry
    from smartchain.host.source import HostLedger
    from smartchain.ports import EntrySource, LedgerInfo, LedgerStore, Rpc, Store
    from smartchain.wallet.contacts import Contacts
    from smartchain.wallet.fees import FeePolicy
    from smartchain.wallet.keys import KeyOptions, KeySigner
    from smartchain.wallet.payees import Payees
    from smartchain.wallet.sender import Sender


def connect(host: HostSettings, url: str | None = None, retry: Retry | None = None) -> HttpRpc:
    """A connection to the node, or to another one with the same headers and certificates."""
    import stamina

    from smartchain.host.endpoint import Endpoint
    from smartchain.host.rpc import HttpRpc

    endpoint = Endpoint.parse(url or host.rpc_url, host.headers, ca_file=host.ca_file, environment=os.environ)
    stamina.instrumentation.set_on_retry_hooks(())  # its own would write to stdout
    return HttpRpc(endpoint) if retry is None else HttpRpc(endpoint, retry)


def checked(host: HostSettings, check_rpc_url: tuple[str, ...]) -> HostSettings:
    """The same settings, with other nodes to ask too."""
    return replace(host, check_rpc_urls=check_rpc_url)


def source_of(host: HostSettings, rpc: Rpc, ledger: Address, how: IndexSettings) -> EntrySource:
    """The ledger as something to read entries from, held to the other nodes where there are any."""
    return held_to_others(host, read_by(host, rpc, ledger, how))


def read_by(host: HostSettings, rpc: Rpc, ledger: Address, how: IndexSettings) -> HostLedger:
    """The ledger as one node has it."""
    from smartchain.host.source import HostLedger

    return HostLedger(
        rpc,
        ledger,
        confirmations=how.confirmations,
        finality=how.finality,
        from_block=how.from_block,
        expected_chain=host.chain_id,
    )


def held_to_others(host: HostSettings, source: EntrySource) -> EntrySource:
    """The same source; its heads are compared with those of the nodes that were named for that."""
    from smartchain.host.check import CheckedSource

    if not host.check_rpc_urls:
        return source
    return CheckedSource(source, [connect(host, url) for url in host.check_rpc_urls])


def connect_all(host: HostSettings) -> list[HttpRpc]:
    """A connection to each node, one that is named twice counts once; of several the next is asked at once."""
    from smartchain.host.rpc import NO_RETRY

    urls = list(dict.fromkeys((host.rpc_url, *host.more_rpc_urls)))
    return [connect(host)] if len(urls) == 1 else [connect(host, url, NO_RETRY) for url in urls]


def open_or_make(db: str) -> Store:
    """The store, made if it is not there. Raises `StoreError`."""
    from smartchain.store import open_store

    return open_store(db, create=True)


@contextmanager
def stored(db: str, ledger: Address | None) -> Iterator[LedgerStore]:
    """A ledger of a store that is there, to read from. Raises `StoreError`."""
    from smartchain.store import open_store

    with closing(open_store(db, create=False, read_only=True)) as store:
        yield store.open(ledger)


def known_ledgers(db: str) -> list[LedgerInfo]:
    """The ledgers that the store has; none where there is no store yet."""
    from smartchain.store import open_store

    try:
        with closing(open_store(db, create=False)) as store:
            return store.ledgers()
    except NoStore:
        return []


def ask(prompt: str) -> str:
    """A secret from a person, without an echo."""
    secret: str = click.prompt(prompt.rstrip(": "), hide_input=True, err=True)
    return secret


def is_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def signer_of(keys: KeyOptions) -> KeySigner:
    """The key that the options name. Raises `KeyUnusable`, `SettingsError`."""
    from smartchain.wallet.keys import open_key

    return open_key(keys, home=Path.home(), ask=ask if is_terminal() else None)


def who_pays(keys: KeyOptions) -> KeySigner | Address:
    """The key, or the bare address of `--from` where no key is needed and none is named."""
    return keys.sender if keys.sender is not None and not keys.given else signer_of(keys)


def contacts_of(path: Path | None) -> Contacts:
    """The contacts in that file, or in the one of the person's settings folder."""
    from smartchain.wallet.contacts import Contacts

    return Contacts.read(path or Path(click.get_app_dir("smartchain")) / "contacts.toml")


def payees_of(contacts: Path | None, rpc: Rpc, ens: bool, registry: Address | None) -> Payees:
    """Whoever can be paid by a label, and by a name of ENS if that is asked for."""
    from smartchain.wallet.ens import REGISTRY, Ens
    from smartchain.wallet.payees import Payees

    return Payees(contacts_of(contacts), Ens(rpc, registry or REGISTRY) if ens else None)


def sender_of(
    host: HostSettings, rpc: Rpc, signer: KeySigner | Address, fees: FeePolicy, gas_limit: int | None = None
) -> Sender:
    """A wallet on the host chain. Raises `WrongChain`."""
    from smartchain.wallet.sender import Sender

    return Sender(rpc, signer, chain_id=host.chain_id, policy=fees, gas_limit=gas_limit)


def chain_of(rpc: Rpc) -> ChainId:
    """The host chain that a node is of."""
    from smartchain.host.words import quantity

    return ChainId(quantity(rpc.call("eth_chainId")))


def expect_chain(rpc: Rpc, chain_id: ChainId) -> None:
    """Raises `WrongChain` unless the node is of that chain."""
    found = chain_of(rpc)
    if found != chain_id:
        raise WrongChain(
            f"{rpc.name} is a node of chain {found}, and the ledger is on chain {chain_id}: check --rpc-url"
        )
