"""Where anvil is looked for, and where the devnet's ledger lies."""

import platform
import sys
from pathlib import Path

import pytest

from smartchain.devnet.anvil import AnvilSettings, find_anvil
from smartchain.devnet.ledger import first_contract
from smartchain.errors import SettingsError
from smartchain.ledger.address import checksum, parse_address


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def cached(base: Path) -> Path:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    return base / f"0123-{sys.platform}-{machine}" / "bin" / "anvil"


def test_without_anvil_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"make setup.*foundry"):
        find_anvil({"PATH": ""}, tmp_path, tmp_path / "bin")


def test_a_file_that_cannot_be_run_is_no_anvil(tmp_path: Path) -> None:
    executable(tmp_path / "bin/anvil").chmod(0o644)

    with pytest.raises(SettingsError):
        find_anvil({"PATH": str(tmp_path / "bin")}, tmp_path, tmp_path / "bin")


def test_the_one_on_the_path_is_taken_before_all_others(tmp_path: Path) -> None:
    on_path = executable(tmp_path / "path/anvil")
    executable(tmp_path / "bin/anvil")

    assert find_anvil({"PATH": str(tmp_path / "path")}, tmp_path, tmp_path / "bin") == on_path


def test_then_the_one_beside_the_program_then_foundrys_then_the_toolchains(tmp_path: Path) -> None:
    toolchain = executable(cached(tmp_path / ".cache/smartchain/toolchain"))
    assert find_anvil({}, tmp_path, tmp_path / "bin") == toolchain

    foundrys = executable(tmp_path / ".foundry/bin/anvil")
    assert find_anvil({}, tmp_path, tmp_path / "bin") == foundrys

    beside = executable(tmp_path / "bin/anvil")
    assert find_anvil({}, tmp_path, tmp_path / "bin") == beside


@pytest.mark.parametrize(
    ("variable", "folder"), [("SMARTCHAIN_TOOLCHAIN", "tools"), ("XDG_CACHE_HOME", "cache/smartchain/toolchain")]
)
def test_the_toolchain_is_where_the_environment_says(tmp_path: Path, variable: str, folder: str) -> None:
    anvil = executable(cached(tmp_path / folder))

    value = tmp_path / folder.split("/")[0]
    assert find_anvil({variable: str(value)}, tmp_path / "home", tmp_path / "bin") == anvil


def test_the_devnets_ledger_is_the_first_contract_of_the_first_account() -> None:
    first = parse_address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")

    assert checksum(first_contract(first)) == "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def test_the_devnet_is_anvils_chain_with_anvils_accounts() -> None:
    settings = AnvilSettings()

    assert (settings.port, settings.chain_id, settings.host) == (8545, 31337, "127.0.0.1")
    assert settings.mnemonic == "test test test test test test test test test test test junk"
