"""The locks hold names, versions and hashes alone, agree with each other and with what the package asks for."""

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.conftest import ROOT
from tools.toolchain import read_lock

LOCKS = ("build", "core", "demo", "dev", "node")
PINNED = re.compile(r"([a-z0-9.-]+)==(\S+)(?: ; (.+))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


class Pin(NamedTuple):
    """One distribution of a lock."""

    name: str
    version: str
    marker: str


def lines(lock: str) -> list[str]:
    text = (ROOT / f"requirements/{lock}.txt").read_text()
    return [line for line in text.splitlines() if not line.startswith("#")]


def pins(lock: str) -> Iterator[Pin]:
    for line in lines(lock):
        if found := PINNED.fullmatch(line):
            yield Pin(found[1], found[2], found[3] or "")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_names_versions_and_hashes_and_nothing_else(lock: str) -> None:
    assert [line for line in lines(lock) if not PINNED.fullmatch(line) and not HASH.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_distribution_of_a_lock_has_a_hash(lock: str) -> None:
    following = zip(lines(lock), [*lines(lock)[1:], ""], strict=True)

    assert [line for line, after in following if PINNED.fullmatch(line) and not HASH.fullmatch(after)] == []


@pytest.mark.parametrize(("smaller", "larger"), [("core", "demo"), ("demo", "dev"), ("build", "dev")])
def test_a_smaller_lock_is_part_of_the_larger(smaller: str, larger: str) -> None:
    assert set(pins(smaller)) <= set(pins(larger))


@pytest.mark.parametrize(("lock", "extras"), [("core", []), ("demo", ["demo"]), ("dev", ["demo", "ape"])])
def test_a_lock_holds_all_that_the_package_asks_for(lock: str, extras: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [Requirement(text) for text in project["dependencies"]]
    asked += [Requirement(text) for extra in extras for text in project["optional-dependencies"][extra]]
    held = {pin.name: Version(pin.version) for pin in pins(lock)}

    assert [str(one) for one in asked if one.name not in held] == []
    assert [str(one) for one in asked if not one.specifier.contains(held[one.name], prereleases=True)] == []


def test_a_daemon_is_installed_without_ape_and_without_pandas() -> None:
    assert {pin.name for pin in pins("core")}.isdisjoint({"eth-ape", "pandas", "numpy", "py-evm", "niquests", "pytest"})


def test_the_toolchain_lock_names_every_platform_and_no_place() -> None:
    lock = read_lock()
    platforms = {"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"}
    expected = {f"@foundry-rs/{tool}-{platform}" for tool in ("anvil", "forge", "cast") for platform in platforms}

    assert expected <= {one["package"] for one in lock["packages"]}
    assert all(set(one) == {"package", "version", "platform", "sha512"} for one in lock["packages"])
    assert all(one["sha512"] for one in lock["packages"] if one["platform"] in {"any", "solidity", "linux-amd64"})
    assert "://" not in (ROOT / "tools/toolchain.lock").read_text()
