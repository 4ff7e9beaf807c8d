"""
The options that commands share, and the frozen settings that come of them.

A bundle adds a group of options to a command and hands it one object in their place.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from smartchain.cli import kinds
from smartchain.cli.output import note
from smartchain.cli.settings import VARIABLES
from smartchain.config import DEFAULT_DB, DEFAULT_RPC_URL, HostSettings
from smartchain.types import Address, ChainId, Wei
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(dir_okay=False, path_type=Path)


def option(name: str, *flags: str, **attributes: Any) -> Callable[[F], F]:
    """An option by its parameter's name; its variable of the environment comes with it."""
    variable = VARIABLES.get(name)
    return click.option(*flags, name, envvar=variable, show_envvar=variable is not None, **attributes)


def bundle(into: str, build: Callable[..., object], *options: Callable[[F], F]) -> Callable[[F], F]:
    """Options whose values `build` makes into one argument; its parameters name the values it takes."""
    names = list(inspect.signature(build).parameters)

    def decorate(function: F) -> F:
        @wraps(function)
        def call(**given: Any) -> Any:
            made = build(**{name: given.pop(name) for name in names})
            return function(**given, **{into: made})

        decorated: Any = call
        for one in reversed(options):
            decorated = one(decorated)
        return decorated  # type: ignore[no-any-return]

    return decorate


as_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON on stdout.")
ledger = option(
    "ledger", "--ledger", type=kinds.LEDGER, help="The ledger's contract. (Not the hardware wallet of that name.)"
)
factory = click.option(
    "--factory", type=kinds.LEDGER, metavar="ADDRESS", help="A factory: all ledgers that it lists, now and later."
)
database = option("db", "--db", metavar="URL", default=DEFAULT_DB, show_default=True, help="The store.")

contacts = option(
    "contacts", "--contacts", type=FILE, help="The file of labels.  [default: contacts.toml in your settings folder]"
)


def needed(given: Address | None) -> Address:
    """The ledger, where a command cannot do without. Raises `click.UsageError`."""
    if given is None:
        raise click.UsageError(
            "which ledger? give --ledger ADDRESS, or set SMARTCHAIN_LEDGER", click.get_current_context(silent=True)
        )
    return given


def only_one(typed: str, other: str) -> None:
    """Raises `click.UsageError` where both options were typed; a setting gives way to what was typed."""
    context = click.get_current_context()
    if context.get_parameter_source(other) is ParameterSource.COMMANDLINE:
        raise click.UsageError(f"--{typed} and --{other} say which ledgers in two ways: give one of them", context)


def _hosts(
    rpc_url: tuple[str, ...], rpc_header: tuple[str, ...], ca_file: Path | None, chain_id: int | None
) -> HostSettings:
    first, *more = rpc_url or (DEFAULT_RPC_URL,)
    chain = None if chain_id is None else ChainId(chain_id)
    return HostSettings(first, rpc_header, ca_file, (), chain, tuple(more))


def _host(
    rpc_url: tuple[str, ...], rpc_header: tuple[str, ...], ca_file: Path | None, chain_id: int | None
) -> HostSettings:
    """Raises `click.UsageError` for several nodes that were typed; of several in a setting it takes the first."""
    if len(rpc_url) > 1:
        context = click.get_current_context()
        if context.get_parameter_source("rpc_url") is ParameterSource.COMMANDLINE:
            raise click.UsageError("this command asks one node: give --rpc-url once", context)
        note(f"ETH_RPC_URL names {len(rpc_url)} nodes, and this command asks one: the first of them")
    return _hosts(rpc_url[:1], rpc_header, ca_file, chain_id)


_rpc_url = option(
    "rpc_url", "--rpc-url", metavar="URL", type=kinds.NODES, multiple=True, default=(DEFAULT_RPC_URL,),
    show_default=True, help="A node of the host chain.",
)  # fmt: skip
_rpc_urls = option(
    "rpc_url", "--rpc-url", metavar="URL", type=kinds.NODES, multiple=True, default=(DEFAULT_RPC_URL,),
    show_default=True, help="A node of the host chain; may be given again, to go on with the next where one fails.",
)  # fmt: skip
_how_to_reach = (
    option("rpc_header", "--rpc-header", metavar="'NAME: VALUE'", type=kinds.LISTED, multiple=True,
           help="Sent with each request; may be given again."),
    option("ca_file", "--ca-file", type=FILE, help="Certificates to trust instead of the system's."),
    option("chain_id", "--chain-id", type=kinds.COUNT, metavar="N", help="Refuse any other host chain."),
)  # fmt: skip


def _asked(
    rpc_url: tuple[str, ...], rpc_header: tuple[str, ...], ca_file: Path | None, chain_id: int | None
) -> HostSettings | None:
    """None where no node was named: then nobody is asked."""
    return _hosts(rpc_url[:1], rpc_header, ca_file, chain_id) if rpc_url else None


host = bundle("host", _host, _rpc_url, *_how_to_reach)
asked = bundle(
    "host",
    _asked,
    option("rpc_url", "--rpc-url", metavar="URL", type=kinds.NODES, multiple=True,
           help="A node of the host chain, asked how amounts of other subjects than Ether are written."),
    *_how_to_reach,
)  # fmt: skip
hosts = bundle("host", _hosts, _rpc_urls, *_how_to_reach)

check_rpc_url = option(
    "check_rpc_url", "--check-rpc-url", metavar="URL", type=kinds.LISTED, multiple=True,
    help="Another node that must say the same head; may be given again.",
)  # fmt: skip


def _keys(
    private_key: str | None,
    keystore: Path | None,
    account: str | None,
    mnemonic: str | None,
    mnemonic_passphrase: str,
    mnemonic_derivation_path: str | None,
    mnemonic_index: int,
    interactive: bool,
    password: str | None,
    password_file: Path | None,
    sender: Address | None,
) -> KeyOptions:
    where = {"private_key": private_key, "keystore": keystore, "account": account, "mnemonic": mnemonic}
    chosen = _nearest({name: value for name, value in where.items() if value is not None}, interactive)
    _warn_of_secrets()
    return KeyOptions(
        **chosen,
        mnemonic_index=mnemonic_index,
        mnemonic_passphrase=mnemonic_passphrase,
        derivation_path=mnemonic_derivation_path,
        interactive=interactive,
        password=password,
        password_file=password_file,
        sender=sender,
    )


def _nearest(found: dict[str, Any], interactive: bool) -> dict[str, Any]:
    """Of the ways that name a key those given most directly: an option hides a variable, that a file."""
    source = click.get_current_context().get_parameter_source
    ranks = [ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT, ParameterSource.DEFAULT_MAP]
    if interactive:
        ranks = ranks[:1]
    for rank in ranks:
        given = {name: value for name, value in found.items() if source(name) is rank}
        if given:
            return given
    return {}


def _warn_of_secrets() -> None:
    context = click.get_current_context()
    for name in ("private_key", "mnemonic", "password", "mnemonic_passphrase"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            flag = "--" + name.replace("_", "-")
            note(
                f"warning: others on this machine can see what follows {flag}, and the shell remembers it: "
                "--keystore, --account or --interactive keep a secret"
            )


keys = bundle(
    "keys",
    _keys,
    option("sender", "-f", "--from", type=kinds.ADDRESS, help="Who pays; the key must be this one's."),
    option("private_key", "--private-key", metavar="KEY", help="The key itself. Others on this machine can see it."),
    option("keystore", "--keystore", type=FILE, help="A keystore file."),
    option("account", "--account", metavar="NAME",
           help="A keystore of foundry's, or an account of ape's, by its name."),
    option("mnemonic", "--mnemonic", metavar="WORDS|FILE", help="The words, or a file that holds them."),
    click.option("--mnemonic-passphrase", default="", metavar="TEXT", help="A BIP-39 passphrase."),
    click.option("--mnemonic-derivation-path", metavar="PATH", help="In full, instead of the index."),
    click.option("--mnemonic-index", type=kinds.COUNT, default=0, metavar="N", show_default=True,
                 help="Which key of the mnemonic."),
    click.option("-i", "--interactive", is_flag=True, help="Ask for the private key."),
    click.option("--password", metavar="TEXT", help="The keystore's password. Others on this machine can see it."),
    option("password_file", "--password-file", type=FILE, help="A file with the keystore's password."),
)  # fmt: skip


def _fees(gas_price: Wei | None, priority_gas_price: Wei | None) -> FeePolicy:
    return FeePolicy(gas_price, priority_gas_price)


fees = bundle(
    "fees",
    _fees,
    option("gas_price", "--gas-price", type=kinds.AMOUNT, help="The most for a unit of gas; above it, wait."),
    option("priority_gas_price", "--priority-gas-price", type=kinds.PRICE, help="The tip for a unit of gas."),
)
gas_limit = option(
    "gas_limit", "--gas-limit", type=click.IntRange(min=21_000), metavar="N", help="Instead of an estimate."
)
nonce = click.option("--nonce", type=kinds.COUNT, metavar="N", help="The first transaction's, instead of the next one.")


confirmations = click.option(
    "--confirmations", type=kinds.COUNT, default=1, metavar="N", show_default=True, help="Blocks to wait for."
)
timeout = option(
    "timeout", "--timeout", type=kinds.SECONDS, default=120, metavar="SECONDS", show_default=True,
    help="How long to wait without anything happening.",
)  # fmt: skip


def _patience(confirmations: int, timeout: float, at_once: bool) -> Patience:
    return Patience(confirmations=0 if at_once else confirmations, timeout_s=timeout)


def _patience_that_waits(confirmations: int, timeout: float) -> Patience:
    return Patience(confirmations=max(1, confirmations), timeout_s=timeout)


patience = bundle(
    "patience",
    _patience,
    confirmations,
    timeout,
    option("at_once", "--async", is_flag=True, help="Do not wait: print the transaction's hash."),
)
patience_that_waits = bundle("patience", _patience_that_waits, confirmations, timeout)


def paying(function: F) -> F:
    """Everything that a command with a transaction of its own takes."""
    for bundled in (as_json, nonce, gas_limit, fees, keys, host):
        function = bundled(function)
    return function
