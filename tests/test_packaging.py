"""The wheel: everything that the program needs is in it, and it installs where there is neither Node nor a compiler."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartchain import __version__
from smartchain.devnet.anvil import Anvil, AnvilSettings
from tests.conftest import ROOT, Toolchain

pytestmark = pytest.mark.xdist_group("packaging")

NEUTRAL = {"PIP_USER": "0", "PIP_CONSTRAINT": "/dev/null"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out], cwd=ROOT, check=True, timeout=120
    )
    (built,) = out.iterdir()
    return built


@pytest.fixture
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as running:
        yield running


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of an empty environment with the wheel and its locked needs in it, from binary packages only."""
    place = tmp_path_factory.mktemp("empty") / "venv"
    if uv := shutil.which("uv"):
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, place], check=True, timeout=60)
        install = [uv, "pip", "install", "--quiet", "--python", str(place / "bin/python"), "--compile-bytecode"]
    else:
        subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=60)
        install = [str(place / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    bare = {**os.environ, **NEUTRAL, "PATH": ""}
    locked = ["--only-binary", ":all:", "--require-hashes", "-r", str(ROOT / "requirements/core.txt")]
    for words in (locked, ["--no-deps", "--no-index", str(wheel)]):
        subprocess.run([*install, *words], check=True, timeout=240, env=bare)
    return place / "bin"


def smartchain(
    installed: Path, folder: Path, *words: str, status: int = 0, url: str = "", ledger: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the installed program in a folder of its own, with nothing on PATH."""
    environ = {"PATH": "", "HOME": str(folder), "ETH_RPC_URL": url, "SMARTCHAIN_LEDGER": ledger}
    given = {name: value for name, value in environ.items() if value or name == "PATH"}
    done = subprocess.run(
        [installed / "smartchain", *words], capture_output=True, text=True, timeout=60, cwd=folder, env=given
    )
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def test_the_wheel_holds_the_artifacts_the_migrations_and_the_licence_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    migrations = [name for name in names if re.fullmatch(r"smartchain/store/migrations/versions/v\d{4}_\w+\.py", name)]
    kept = {path.relative_to(ROOT).as_posix() for path in (ROOT / "smartchain").rglob("*.py")}

    assert {"smartchain/host/artifacts/BPSC.json", "smartchain/host/artifacts/ILedger.json"} <= set(names)
    assert len(migrations) >= 2
    assert {"smartchain/store/schema.sql", "smartchain/py.typed"} <= set(names)
    assert kept <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"smartchain"}


def test_the_wheel_offers_the_program_to_the_shell_and_to_ape(wheel: Path) -> None:
    entry = f"smartchain-{__version__}.dist-info/entry_points.txt"
    said = zipfile.ZipFile(wheel).read(entry).decode()

    assert "[console_scripts]\nsmartchain = smartchain.cli:main" in said
    assert "[ape_cli_subcommands]\nsmartchain = smartchain.cli.ape:cli" in said


def test_the_installed_program_tells_its_version_and_its_commands(installed: Path, tmp_path: Path) -> None:
    assert smartchain(installed, tmp_path, "--version").stdout == f"smartchain {__version__}\n"
    assert "Deploy a ledger" in smartchain(installed, tmp_path, "--help").stdout


def test_without_the_demo_extra_the_demo_says_how_to_get_it(installed: Path, tmp_path: Path) -> None:
    done = smartchain(installed, tmp_path, "demo", status=1)

    assert "smartchain[demo]" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_installed_program_deploys_pays_indexes_and_verifies(installed: Path, tmp_path: Path, anvil: Anvil) -> None:
    def run(*words: str, ledger: str = "") -> str:
        return smartchain(installed, tmp_path, *words, url=anvil.url, ledger=ledger).stdout

    payer, recipient = anvil.accounts[:2]
    ledger = str(
        json.loads(run("deploy", "--max-entries", "2", "--private-key", payer.private_key, "--json"))["ledger"]
    )
    for amount in ("1gwei", "2gwei", "3gwei"):
        run("send", recipient.address, amount, "--private-key", payer.private_key, ledger=ledger)
    run("index", ledger=ledger)
    run("verify", ledger=ledger)
    head = json.loads(run("head", "--json", ledger=ledger))

    assert (head["verified"], head["blocks"], head["pending"]) == (True, head["head_number"] + 1, 1)
