"""What the scripts share: ape's connection and ape's accounts, as the package takes them."""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from ape.api import AccountAPI
from ape.cli import AccountAliasPromptChoice, ConnectedProviderCommand, network_option

from smartchain.cli import build, options
from smartchain.cli.failure import one_line_errors
from smartchain.config import DEFAULT_RPC_URL, DEV_CHAIN, HostSettings
from smartchain.errors import SettingsError
from smartchain.types import Address
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Transaction


class ApeSigner:
    """Signs with an account of ape's: of a mnemonic, a keystore, or a hardware wallet that ape has a plugin for."""

    def __init__(self, account: AccountAPI) -> None:
        self._account = account

    @property
    def address(self) -> Address:
        return Address(bytes.fromhex(self._account.address[2:]))

    def sign(self, transaction: Transaction) -> bytes:
        from ape import networks

        unsigned = networks.ethereum.create_transaction(**transaction.fields())
        signed = self._account.sign_transaction(unsigned)
        if signed is None:
            raise SettingsError(f"ape's account {self._account.address} did not sign: nothing was sent")
        return bytes(signed.serialize_transaction())


def script(function: Callable[..., Any]) -> click.Command:
    """A command over ape's connection: by default to the node at ETH_RPC_URL, or to `smartchain devnet`."""

    @wraps(function)
    def call(**given: Any) -> Any:
        with one_line_errors():
            return function(**given)

    node = os.environ.get("ETH_RPC_URL") or DEFAULT_RPC_URL
    connected: Callable[..., click.Command] = click.command(cls=ConnectedProviderCommand)
    return connected(network_option(default=node)(call))


account = click.option(
    "--account",
    type=AccountAliasPromptChoice(),
    default="TEST::0",
    show_default=True,
    help="Who pays: an account of ape's.",
)


def wallet(account: AccountAPI) -> Sender:
    """An account of ape's as a wallet of the package's, on the node that ape is connected to."""
    return Sender(build.connect(host()), ApeSigner(account))


def host() -> HostSettings:
    """The node that ape is connected to. Raises `SettingsError` where there is none."""
    from ape import networks

    url = getattr(networks.provider, "http_uri", None)
    if not url:
        raise SettingsError("this network has no node to read from: give --network http://…")
    return HostSettings(str(url))


def ledger_or_devnets(given: Address | None) -> Address:
    """The ledger named by --ledger or SMARTCHAIN_LEDGER; on a devnet, its own."""
    from ape import accounts, networks

    from smartchain.devnet.ledger import first_contract

    if given is None and networks.provider.chain_id == DEV_CHAIN:
        return first_contract(ApeSigner(accounts.test_accounts[0]).address)
    return options.needed(given)
