"""The rules of the house: who may import whom, and what starting the program may cost."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "smartchain"
LAYERS = {
    "errors": 0, "types": 0,
    "ledger": 1,
    "config": 2, "ports": 2,
    "host": 3, "peer": 3, "snapshot": 3, "store": 3,
    "indexer": 4, "node": 4, "wallet": 4, "stream": 4, "devnet": 4,
    "cli": 5,
}  # fmt: skip
LATE = {"ape", "pandas", "eth_tester", "web3"}
"""Too slow, or too much, to be imported before they are used."""
HELP_CPU_S = 0.3


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(name: str) -> str:
    """`smartchain.host.rpc` belongs to `host`; the package itself to nothing."""
    return name.partition(".")[2].partition(".")[0]


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, by its full name."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, (base, node.module)))
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def broken(file: Path) -> list[str]:
    """What a file imports against the rules, each as a sentence."""
    own = part_of(".".join(file.relative_to(ROOT).with_suffix("").parts))
    found = []
    for name in imported(file):
        other = part_of(name)
        if not name.startswith("smartchain.") or other in {own, "__version__"}:
            continue
        if other not in LAYERS:
            found.append(f"{name} is in no layer")
        elif own and LAYERS[other] > LAYERS[own]:
            found.append(f"{own} (layer {LAYERS[own]}) imports {name} (layer {LAYERS[other]})")
        elif own and LAYERS[other] == LAYERS[own]:
            found.append(f"{own} imports {name}, of the same layer")
    return found


def test_every_part_of_the_package_is_in_a_layer() -> None:
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or any(path.glob("**/*.py"))}

    assert parts - {"__init__", "__main__"} <= LAYERS.keys()


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_lower_layers_only_and_no_folder_of_its_own(file: Path) -> None:
    assert broken(file) == []


@pytest.mark.parametrize("file", sorted((PACKAGE / "ledger").rglob("*.py")), ids=lambda file: file.name)
def test_the_ledger_stands_on_the_standard_library_and_hashes_in_one_file(file: Path) -> None:
    allowed = ("smartchain.types.", "smartchain.errors.", "smartchain.ledger")
    foreign = [name for name in imported(file) if name.split(".")[0] not in sys.stdlib_module_names]
    foreign = [name for name in foreign if not name.startswith(allowed)]

    expected = {"sha3", "tiny_keccak"} if file.name == "hash.py" else set()
    assert {name.split(".")[0] for name in foreign} == expected


def test_only_one_file_of_the_package_hashes() -> None:
    hashing = {"sha3", "eth_hash", "Crypto", "tiny_keccak"}
    found = [file for file in modules() if any(name.split(".")[0] in hashing for name in imported(file))]

    assert found == [PACKAGE / "ledger/hash.py"]


def test_nothing_in_the_package_imports_what_is_not_shipped() -> None:
    outside = {"tests", "tools", "scripts", "benchmarks"}

    assert [file for file in modules() if any(name.split(".")[0] in outside for name in imported(file))] == []


def started(code: str) -> dict[str, object]:
    """The JSON that a fresh interpreter prints after running this; byte code is kept, as an installed program's is."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_starting_the_program_imports_nothing_that_is_used_late() -> None:
    said = started(
        f"""
import json, sys
import smartchain.cli
print(json.dumps({{"late": sorted({LATE!r} & sys.modules.keys())}}))
"""
    )

    assert said == {"late": []}


def test_help_takes_less_than_three_tenths_of_a_second_of_cpu() -> None:
    code = """
import contextlib, io, json, resource, sys
sys.argv = ["smartchain", "--help"]
with contextlib.redirect_stdout(io.StringIO()) as out:
    try:
        from smartchain.cli import main
        main()
    except SystemExit as end:
        assert not end.code
assert "send" in out.getvalue()
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu_s": used.ru_utime + used.ru_stime}))
"""

    best = min(float(str(started(code)["cpu_s"])) for _ in range(5))

    assert best < HELP_CPU_S
