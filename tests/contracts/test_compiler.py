"""One compiler, one file of settings: py-solc-x, forge and ape make the bytecode that is committed."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Toolchain
from tests.contracts.evm import MOCKS, ROOT, SHIPPED, Evm, artifact
from tools import compile as compiler

SETTINGS = json.loads((ROOT / "contracts" / "compiler.json").read_text())

SMALL = """// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

contract {name} {{
    uint256 private immutable number = block.number;

    function get() external view returns (uint256) {{
        return number;
    }}
}}
"""

BY_APE = """
import json, pathlib, sys
import ape

project = ape.Project(pathlib.Path.cwd())
shipped = [project.path / path for path in json.loads(sys.argv[1])]
settings = {"solidity": json.loads(pathlib.Path("contracts/compiler.json").read_text())}
for files, extra in (([project.path / "contracts/BPSC.sol"], None), (shipped, settings)):
    made = ape.compilers.compile(files, project=project, settings=extra)
    print("RESULT", json.dumps({
        one.name: [str(one.deployment_bytecode.bytecode or "0x"), str(one.runtime_bytecode.bytecode or "0x")]
        for one in made
    }))
"""
"""Twice: one contract with what ape-config.yaml can say, and two with the settings file besides."""

CHECK_AND_MEND = """
import sys
from tools import compile as compiler

made = compiler.compile_all()
status = compiler.compare(made)
compiler.write(made)
sys.exit(status)
"""
"""What `--check` does and then what a run without it does, with one run of the compiler."""

CBOR = re.compile("fe" + "a264697066735822[0-9a-f]{68}64736f6c6343000825" + "0033")
"""What solc puts behind the code unless it is told not to: the hash of the metadata and its own version."""


def check_and_mend(root: Path, toolchain: Toolchain) -> tuple[int, list[str]]:
    """The status of a check, and the files that it named; they are right afterwards."""
    ran = subprocess.run(
        [sys.executable, "-c", CHECK_AND_MEND], cwd=root, env=toolchain.environment, capture_output=True, text=True
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.returncode, [line.partition(" ")[0] for line in ran.stderr.splitlines()]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_what_is_committed_is_what_the_sources_compile_to(tmp_path: Path, toolchain: Toolchain) -> None:
    """In every run it is held to what forge makes of them, which has the same settings: see `test_forge`."""
    for name in ("contracts", "tools", *(str(folder.relative_to(ROOT)) for folder in (SHIPPED, MOCKS))):
        shutil.copytree(ROOT / name, tmp_path / name)

    assert check_and_mend(tmp_path, toolchain) == (0, [])


def test_what_is_stale_is_named_and_mended(tmp_path: Path, toolchain: Toolchain) -> None:
    """In a tree of small contracts with the names of ours."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shipped, mocks = tmp_path / SHIPPED.relative_to(ROOT), tmp_path / MOCKS.relative_to(ROOT)
    (tmp_path / "contracts" / "mocks").mkdir(parents=True)
    shutil.copy(ROOT / "contracts" / "compiler.json", tmp_path / "contracts")
    for name in compiler.SHIPS:
        (tmp_path / "contracts" / f"{name}.sol").write_text(SMALL.format(name=name))
    (tmp_path / "contracts" / "mocks" / "Mock.sol").write_text(SMALL.format(name="Mock"))
    status, named = check_and_mend(tmp_path, toolchain)
    assert (status, len(named)) == (1, len(compiler.SHIPS) + 1)
    made = {path.name: path.read_text() for folder in (shipped, mocks) for path in folder.iterdir()}
    assert check_and_mend(tmp_path, toolchain) == (0, [])

    stale, gone = shipped / "BPSC.json", mocks / "Gone.json"
    stale.write_text(stale.read_text().replace('"bytecode": "0x', '"bytecode": "0x00'))
    gone.write_text("{}")
    (mocks / "Mock.json").unlink()

    names = [str(path.relative_to(tmp_path)) for path in (stale, gone, mocks / "Mock.json")]
    status, named = check_and_mend(tmp_path, toolchain)
    assert (status, sorted(named)) == (1, sorted(names))
    assert made == {path.name: path.read_text() for folder in (shipped, mocks) for path in folder.iterdir()}


def test_without_a_compiler_it_is_said_how_to_get_one(tmp_path: Path, toolchain: Toolchain) -> None:
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "compile.py", "--check"],
        env={**toolchain.environment, "SOLCX_BINARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert (ran.returncode, ran.stderr) == (1, "solc 0.8.37 is not installed: run `make setup`\n")


def test_a_warning_of_the_compiler_is_an_error(tmp_path: Path, toolchain: Toolchain) -> None:
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "contracts").mkdir()
    shutil.copy(ROOT / "contracts" / "compiler.json", tmp_path / "contracts")
    (tmp_path / "contracts" / "Odd.sol").write_text("pragma solidity 0.8.37; contract Odd {}")

    ran = subprocess.run(
        [sys.executable, tmp_path / "tools" / "compile.py"], env=toolchain.environment, capture_output=True, text=True
    )

    assert ran.returncode == 1
    assert "SPDX license identifier not provided" in ran.stderr


def test_foundry_repeats_the_settings() -> None:
    said = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]

    assert said["solc"] == compiler.SOLC_VERSION
    assert {
        "optimizer": {"enabled": said["optimizer"], "runs": said["optimizer_runs"]},
        "viaIR": said["via_ir"],
        "evmVersion": said["evm_version"],
        "metadata": {"bytecodeHash": said["bytecode_hash"], "appendCBOR": said["cbor_metadata"]},
    } == SETTINGS


def test_ape_repeats_the_settings_that_it_knows() -> None:
    section = (ROOT / "ape-config.yaml").read_text().partition("\nsolidity:\n")[2].partition("\n\n")[0]
    said = dict(re.findall(r"^  (\w+): (\S+)$", section, re.MULTILINE))

    assert said == {
        "version": compiler.SOLC_VERSION,
        "optimize": json.dumps(SETTINGS["optimizer"]["enabled"]),
        "optimization_runs": str(SETTINGS["optimizer"]["runs"]),
        "via_ir": json.dumps(SETTINGS["viaIR"]),
        "evm_version": SETTINGS["evmVersion"],
    }


@pytest.mark.ape
@pytest.mark.parametrize(
    "shipped",
    [["BPSC"], pytest.param(["BPSC", "TokenBurnClaim"], marks=[pytest.mark.long, pytest.mark.timeout(600)])],
    ids=["ours alone", "and one with OpenZeppelin's"],
)
def test_ape_makes_the_same_bytecode(shipped: list[str], tmp_path: Path, toolchain: Toolchain) -> None:
    shutil.copytree(ROOT / "contracts", tmp_path / "contracts")
    shutil.copy(ROOT / "ape-config.yaml", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")

    ran = subprocess.run(
        [sys.executable, "-c", BY_APE, json.dumps([artifact(name)["sourceName"] for name in shipped])],
        cwd=tmp_path,
        env={**toolchain.environment, "APE_DATA_FOLDER": str(tmp_path / "ape")},
        capture_output=True,
        text=True,
    )

    assert ran.returncode == 0, ran.stderr
    plain, told = (json.loads(line.partition(" ")[2]) for line in ran.stdout.splitlines() if line.startswith("RESULT"))
    for name in shipped:
        assert told[name][0] == artifact(name).get("bytecode", "0x"), name
    assert CBOR.sub("", plain["BPSC"][1]) == told["BPSC"][1] != plain["BPSC"][1]


def test_what_stands_at_an_address_can_be_compared_with_the_artifact(evm: Evm) -> None:
    found = artifact("BPSC")
    code = bytearray(evm.eth.get_code(evm.bpsc(7, 60, 50, evm.accounts[3]).address))

    assert hashlib.sha256(code).hexdigest() != found["runtimeHash"][2:]
    for start, length in found["immutables"]:
        code[start : start + length] = bytes(length)
    assert hashlib.sha256(code).hexdigest() == found["runtimeHash"][2:]
