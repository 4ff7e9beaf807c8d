"""What every test may ask for: the toolchain; and what is left out where, with the reason said."""

import os
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
APE_RUNS_HERE = sys.version_info < (3, 13)

SEED = int(os.environ.setdefault("SMARTCHAIN_SEED", str(random.SystemRandom().randrange(10**6, 10**9))))
"""Where this run's random seeds begin: the same in every process of it, and new in each run."""

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The executables of `tools/toolchain.lock`."""

    bin: Path

    @property
    def anvil(self) -> Path:
        return self.bin / "anvil"

    @property
    def forge(self) -> Path:
        return self.bin / "forge"

    @property
    def cast(self) -> Path:
        return self.bin / "cast"

    @property
    def solc(self) -> Path:
        return self.bin / "solc-v0.8.37"

    @property
    def environment(self) -> dict[str, str]:
        """This process's variables, so that ape, py-solc-x and forge find these executables and no others."""
        path = os.pathsep.join([str(self.bin), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return {
            **os.environ,
            "PATH": path,
            "SOLCX_BINARY_PATH": str(self.bin),
            "FOUNDRY_SOLC": str(self.solc),
            "FOUNDRY_OFFLINE": "true",
        }


def pytest_report_header() -> str:
    """Said whether or not anything fails."""
    return f"simulations: seeds from {SEED} on; the same ones again by SMARTCHAIN_SEED={SEED}"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Long bytes are named by their length: what packs them may write the time into them, and a name must stay."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 16 else None


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """anvil, forge, cast and solc, set up first where they are missing."""
    done = subprocess.run(
        [sys.executable, ROOT / "tools/toolchain.py", "--print-bin"], capture_output=True, text=True, timeout=240
    )
    if done.returncode:
        pytest.fail(done.stderr.strip(), pytrace=False)
    return Toolchain(Path(done.stdout.strip()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if APE_RUNS_HERE:
        return
    left_out = [item for item in items if item.get_closest_marker("ape")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not APE_RUNS_HERE:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        terminalreporter.write_line(
            f"tests marked ape were deselected: ape runs on Python 3.11 and 3.12, this is {here}"
        )
