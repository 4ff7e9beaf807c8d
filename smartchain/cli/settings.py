"""
Settings in files: `.env`, and below it `smartchain.toml`, both in the working folder.

Options and the environment come before either; click sees to that. Files that are not there cost nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

DOTENV = Path(".env")
TOML = Path("smartchain.toml")

VARIABLES = {
    "rpc_url": "ETH_RPC_URL",
    "rpc_header": "ETH_RPC_HEADERS",
    "check_rpc_url": "SMARTCHAIN_CHECK_RPC_URL",
    "ca_file": "SMARTCHAIN_CA_FILE",
    "chain_id": "SMARTCHAIN_CHAIN_ID",
    "ledger": "SMARTCHAIN_LEDGER",
    "db": "SMARTCHAIN_DB",
    "contacts": "SMARTCHAIN_CONTACTS",
    "private_key": "ETH_PRIVATE_KEY",
    "mnemonic": "ETH_MNEMONIC",
    "keystore": "ETH_KEYSTORE",
    "account": "ETH_KEYSTORE_ACCOUNT",
    "password_file": "ETH_PASSWORD",
    "sender": "ETH_FROM",
    "gas_price": "ETH_GAS_PRICE",
    "priority_gas_price": "ETH_PRIORITY_GAS_PRICE",
    "gas_limit": "ETH_GAS_LIMIT",
    "timeout": "ETH_TIMEOUT",
    "at_once": "CAST_ASYNC",
}
"""The variable of each setting: cast's where cast has one. In `smartchain.toml` a setting goes by its own name."""

SECRET = frozenset({"private_key", "mnemonic"})
"""Not in `smartchain.toml`, which people commit; `.env` is what they keep to themselves."""


def file_settings() -> dict[str, Any]:
    """What the two files say, by the names of the options' parameters. Raises `SettingsError`."""
    if not (DOTENV.is_file() or TOML.is_file()):
        return {}
    from smartchain.cli.files import read_files

    return read_files(DOTENV, TOML)
