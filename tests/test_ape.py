"""ape: the contracts' tests on both of its networks, the scripts as the README types them, and `ape smartchain`."""

import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT, Toolchain

pytestmark = [pytest.mark.ape, pytest.mark.xdist_group("ape")]

TYPED = re.compile(r"^ *(?:\$ )?(ape run [^#\n]+?) *(?:#.*)?$", re.MULTILINE)
IMPORT = re.compile(r"""^import [^;]*["'](\.[^"']+)["'];""", re.MULTILINE)
RECIPIENT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


class Project(NamedTuple):
    """A copy of what ape reads, with a home of its own."""

    root: Path
    environment: dict[str, str]

    def run(self, words: str, status: int = 0, **environ: str) -> str:
        """Both outputs of a typed line that ends with this status."""
        done = subprocess.run(
            shlex.split(words), cwd=self.root, env={**self.environment, **environ}, text=True, timeout=200,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == status, done.stdout
        return done.stdout


def imported(*names: str) -> set[str]:
    """These contracts and all that they import: ape compiles whatever is there, and the rest takes it minutes."""
    found, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            texts = IMPORT.findall((ROOT / name).read_text())
            waiting += [str((ROOT / name).parent.joinpath(text).resolve().relative_to(ROOT)) for text in texts]
    return found


@pytest.fixture(scope="module")
def project(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("project")
    for name in ("scripts", "tests/ape"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for source in imported("contracts/BPSC.sol", "contracts/mocks/Recipients.sol"):
        (root / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, root / source)
    shutil.copy(ROOT / "ape-config.yaml", root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    (root / "home").mkdir()
    dropped = ("ETH_", "SMARTCHAIN_", "PYTEST_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in toolchain.environment.items() if not name.startswith(dropped)}
    return Project(root, {**kept, "HOME": str(root / "home"), "PYTHONPATH": str(ROOT)})


@pytest.fixture(scope="module")
def devnet(project: Project) -> Iterator[dict[str, str]]:
    """A running devnet; the variable that leads there."""
    running = subprocess.Popen(
        [sys.executable, "-m", "smartchain.cli", "devnet", "--port", "0", "--json"],
        env=project.environment, cwd=project.root, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert running.stdout is not None
    try:
        yield {"ETH_RPC_URL": json.loads(running.stdout.readline())["rpc_url"]}
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)
        running.stdout.close()


@pytest.mark.parametrize("network", ["test", "foundry"])
def test_the_contracts_hold_on_apes_own_chain_and_on_anvil(project: Project, network: str) -> None:
    said = project.run(f"ape test tests/ape --network ethereum:local:{network} -q")

    assert re.search(r"^\d+ passed", said, re.MULTILINE), said


def test_what_the_readme_types_works_as_typed(project: Project, devnet: dict[str, str]) -> None:
    typed = TYPED.findall((ROOT / "README.md").read_text())
    for file in re.findall(r"\w+\.csv", " ".join(typed)):
        (project.root / file).write_text(f"recipient,amount\n{RECIPIENT},1gwei\n{RECIPIENT},2gwei\n")

    said = {line: project.run(line, 0, **devnet) for line in typed}

    assert {line.split()[2] for line in typed} >= {"deploy", "transfer", "index"}
    for line, text in said.items():
        expected = {"deploy": "ledger ", "transfer": "index ", "batch": "first index", "index": "verified  yes"}
        assert expected[line.split()[2]] in text, (line, text)


def test_a_ledger_of_apes_deployment_is_paid_through_in_a_file_and_indexed(
    project: Project, devnet: dict[str, str]
) -> None:
    (project.root / "more.csv").write_text(f"{RECIPIENT};1gwei;one\n{RECIPIENT};2gwei;one\n{RECIPIENT};3gwei;two\n")
    deployed = project.run("ape run deploy --max-entries 2 --account TEST::4", 0, **devnet)
    ledger = re.findall(r"^ledger +(0x\w{40})$", deployed, re.MULTILINE)[0]
    where = {**devnet, "SMARTCHAIN_LEDGER": ledger, "SMARTCHAIN_DB": "sqlite:///more.db"}

    project.run("ape run batch more.csv --yes --account TEST::5", 0, **where)
    project.run(f"ape run transfer {RECIPIENT} 5gwei --memo rent", 0, **where)
    said = json.loads(project.run("ape run index --json", 0, **where).splitlines()[-1])

    assert (said["size"], said["blocks"], said["pending"], said["verified"]) == (4, 3, 0, True)


def test_a_file_without_anybody_to_agree_is_not_paid(project: Project, devnet: dict[str, str]) -> None:
    (project.root / "asked.csv").write_text(f"{RECIPIENT},1gwei\n")

    said = project.run("ape run batch asked.csv", 1, **devnet)

    assert said.splitlines()[-1].startswith("error: make 1 payment")
    assert said.rstrip().endswith("nothing was sent")


def test_an_error_of_a_script_is_one_line(project: Project, devnet: dict[str, str]) -> None:
    said = project.run(f"ape run transfer 0x{bytes(20).hex()}", 1, **devnet)

    assert said.splitlines()[-1] == "error: the recipient is the zero address, which nobody can spend from"
    assert "Traceback" not in said


def test_the_program_runs_inside_ape(project: Project, devnet: dict[str, str]) -> None:
    said = project.run("ape smartchain --help")
    failed = project.run("ape smartchain head --db sqlite:///none.db", 1, **devnet)

    assert "Deploy a ledger" in said
    assert failed.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in failed


def test_importing_the_package_never_imports_ape(project: Project) -> None:
    code = "import sys, smartchain.cli.ape, smartchain.cli.group; sys.exit('ape' in sys.modules)"

    project.run(shlex.join([sys.executable, "-c", code]))


def test_ape_tests_with_the_mnemonic_of_the_devnet() -> None:
    from smartchain.config import DEV_MNEMONIC

    assert f"mnemonic: {DEV_MNEMONIC}" in (ROOT / "ape-config.yaml").read_text()
