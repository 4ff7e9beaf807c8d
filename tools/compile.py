"""
Compile the contracts and write what the package ships of them.

    python tools/compile.py            write smartchain/host/artifacts/*.json, and those of the mocks
    python tools/compile.py --check    compare with what is there, byte for byte; exit 1 if they differ

The compiler is the one that py-solc-x finds (`$SOLCX_BINARY_PATH` or `~/.solcx`), its settings are
`contracts/compiler.json`. foundry.toml and ape-config.yaml repeat them for tools that read no other
file; a test holds the three together. The packages that contracts import are those of tools/toolchain.lock,
as `make setup` left them in its cache. Needs the standard library and py-solc-x.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import posixpath
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
SETTINGS = CONTRACTS / "compiler.json"
SHIPPED = ROOT / "smartchain" / "host" / "artifacts"
"""What the package carries: the contracts that it deploys, and the interface of every ledger."""

SHIPS = ("BPSC", "BPSCFactory", "BitcoinBurnClaim", "Coin", "ILedger", "TokenBPSC", "TokenBurnClaim")

MOCKS = ROOT / "tests" / "contracts" / "artifacts"
"""What tests deploy, so that they need no compiler: mocks, and the examples."""

TESTED = ("contracts/mocks/", "contracts/examples/")

FORGE_ALONE = ("contracts/examples/BadgeLedger.sol", "contracts/examples/PointsLedger.sol")
"""What the guide shows and only forge's tests deploy: no artifact is made of it."""

SOLC_VERSION = "0.8.37"

_IMPORT = re.compile(r"""^\s*import\s[^;"']*["']([^"']+)["']""", re.MULTILINE)
_PACKAGE = re.compile(r"""^\s*import\s[^;"']*["'](@[^"']+)["']""", re.MULTILINE)
_OUTPUT = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"]


class CompileError(Exception):
    """The sources do not compile, cleanly, or there is nothing to compile them with."""


class Compiled(NamedTuple):
    """One contract, as the compiler sees it; bytecode as hex without 0x, empty for an interface."""

    name: str
    source: str
    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str
    immutables: list[tuple[int, int]]
    """Where the runtime bytecode is filled in at deployment: (first byte, how many), ascending."""


def settings() -> dict[str, Any]:
    """The compiler's settings, as its standard JSON input takes them."""
    loaded: dict[str, Any] = json.loads(SETTINGS.read_text())
    return loaded


def sources() -> list[str]:
    """Every Solidity file that artifacts are made of, as a path from the project's root, sorted; no copy of ape's."""
    found = (path.relative_to(ROOT).as_posix() for path in CONTRACTS.rglob("*.sol"))
    return sorted(path for path in found if "/." not in path and path not in FORGE_ALONE)


def compile_all(names: list[str] | None = None) -> dict[str, Compiled]:
    """
    Compile these source files (all, if none are named) and return the contracts by name.

    Raises `CompileError` for an error or a warning of the compiler, and where there is no compiler.
    """
    chosen = sources() if names is None else names
    output = _solc(
        {
            "language": "Solidity",
            "sources": {name: {"content": text} for name, text in _with_packages(chosen).items()},
            "settings": {**settings(), "outputSelection": {"*": {"*": _OUTPUT}}},
        }
    )
    found = output["contracts"].items()
    return {name: _compiled(source, name, raw) for source, inside in found for name, raw in inside.items()}


def _with_packages(names: list[str]) -> dict[str, str]:
    """These files' texts and those of the packages' files that they import, by the name that imports give them."""
    from tools.toolchain import SOLIDITY, home

    packages = home() / SOLIDITY
    texts = {name: (ROOT / name).read_text() for name in names}
    wanted = [name for text in texts.values() for name in _PACKAGE.findall(text)]
    while wanted:
        name = wanted.pop()
        if name in texts:
            continue
        if not (file := packages / name).is_file():
            raise CompileError(f"{name} is not there: run `make setup`")
        texts[name] = file.read_text()
        wanted.extend(_named_from(name, found) for found in _IMPORT.findall(texts[name]))
    return texts


def _named_from(importing: str, name: str) -> str:
    """A path that begins with a dot is meant from the file that imports it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(importing), name)) if name.startswith(".") else name


def _solc(request: dict[str, Any]) -> dict[str, Any]:
    import solcx

    if SOLC_VERSION not in map(str, solcx.get_installed_solc_versions()):
        raise CompileError(f"solc {SOLC_VERSION} is not installed: run `make setup`")
    try:
        output: dict[str, Any] = solcx.compile_standard(request, base_path=ROOT, solc_version=SOLC_VERSION)
    except solcx.exceptions.SolcError as error:
        raise CompileError(error.message) from error
    if said := [item["formattedMessage"] for item in output.get("errors", []) if _ours(item)]:
        raise CompileError("\n".join(said))
    return output


def _ours(item: dict[str, Any]) -> bool:
    """Whether the compiler's remark stops the build: any error, and a warning unless it is about a package."""
    place = (item.get("sourceLocation") or {}).get("file", "")
    return item["severity"] == "error" or (item["severity"] == "warning" and not place.startswith("@"))


def _compiled(source: str, name: str, raw: dict[str, Any]) -> Compiled:
    runtime = raw["evm"]["deployedBytecode"]
    places = (place for places in runtime["immutableReferences"].values() for place in places)
    immutables = sorted((place["start"], place["length"]) for place in places)
    return Compiled(name, source, raw["abi"], raw["evm"]["bytecode"]["object"], runtime["object"], immutables)


def artifact(contract: Compiled) -> str:
    """
    The text of a contract's artifact.

    `runtimeHash` is the SHA-256 of the runtime bytecode with zeros at `immutables`, so that what stands
    at an address can be compared with it.
    """
    runtime = bytes.fromhex(contract.runtime)
    fields: dict[str, Any] = {
        "contractName": contract.name,
        "sourceName": contract.source,
        "compiler": SOLC_VERSION,
        "abi": contract.abi,
    }
    if runtime:
        fields["bytecode"] = "0x" + contract.bytecode
        fields["immutables"] = [list(place) for place in contract.immutables]
        fields["runtimeHash"] = "0x" + hashlib.sha256(runtime).hexdigest()
    return _one_line_each(json.dumps(fields, indent=1)) + "\n"


def _one_line_each(text: str) -> str:
    """Fold what is nested deeper than an element of a list, so that a diff shows what changed."""
    return re.sub(r"\n {3,}| *\n {2}(?=[\]}])", " ", text).replace("[ ", "[").replace(" ]", "]")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Compile the contracts into the package's artifacts.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if what is there differs")
    check: bool = parser.parse_args(arguments).check
    try:
        compiled = compile_all()
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    return compare(compiled) if check else write(compiled)


def artifacts(compiled: dict[str, Compiled]) -> dict[Path, str]:
    """Every artifact that belongs in the tree: its path and its text."""
    mocks = [name for name, contract in compiled.items() if contract.source.startswith(TESTED)]
    places = [*((SHIPPED, name) for name in SHIPS), *((MOCKS, name) for name in mocks)]
    return {folder / f"{name}.json": artifact(compiled[name]) for folder, name in places}


def write(compiled: dict[str, Compiled]) -> int:
    """Put every artifact into the tree, and no other; the exit status."""
    wanted = artifacts(compiled)
    for path in _present() - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


def compare(compiled: dict[str, Compiled]) -> int:
    """Name every artifact of the tree that differs; the exit status."""
    wanted = artifacts(compiled)
    stale = [path for path in _present() | set(wanted) if not _same(path, wanted.get(path))]
    for path in sorted(stale):
        name = path.relative_to(ROOT)
        print(f"{name} is not what the sources compile to: run `python tools/compile.py`", file=sys.stderr)
    return 1 if stale else 0


def _present() -> set[Path]:
    return {path for folder in (SHIPPED, MOCKS) for path in folder.glob("*.json")}


def _same(path: Path, text: str | None) -> bool:
    return path.is_file() and path.read_text() == text


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
