#!/usr/bin/env python3
"""
The JavaScript clients of the tests, ethers and viem, out of the npm registry into the toolchain's cache.

What to fetch says `tests/e2e/js/package-lock.json`, which npm itself writes; each package is checked against its sha512
there, and none of its scripts is run. The folder appears whole or not at all. Needs no npm. Standard library only.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tests/e2e/js/package-lock.json"
_FOLDER = "node_modules/"


@dataclass(frozen=True)
class JavaScript:
    """An interpreter, and the folder that `NODE_PATH` names so that scripts find the packages."""

    node: str
    packages: Path


def ensure(say: Callable[[str], None]) -> JavaScript:
    """What the lock names, fetched first where it is missing. Raises `ToolchainError`."""
    from tools.browser import _node
    from tools.toolchain import ToolchainError, _alone

    target, node = home(), _node()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent):
            if not target.is_dir():
                _install(target, say)
    except OSError as error:
        raise ToolchainError(
            f"{error.filename or target}: {error.strerror}; set SMARTCHAIN_TOOLCHAIN to a folder"
        ) from error
    return JavaScript(node, target / "node_modules")


def home() -> Path:
    """The folder of this lock, whether it is there or not."""
    from tools import toolchain

    return toolchain.home().parent / f"javascript-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"


def _install(target: Path, say: Callable[[str], None]) -> None:
    """Build the folder beside its place, and only then give it its name."""
    from concurrent.futures import ThreadPoolExecutor

    from tools.npm import Npm, NpmError
    from tools.toolchain import ToolchainError, _unpack

    say(f"setting up the JavaScript clients of the tests in {target}")
    part = target.with_name(target.name + ".part")
    part.mkdir()
    npm = Npm(ROOT)

    def fetch(place: str, version: str, integrity: str) -> None:
        _unpack(npm.tarball(place.rpartition(_FOLDER)[2], version, integrity), part / place)

    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda one: fetch(*one), locked()))
        part.rename(target)
    except NpmError as error:
        raise ToolchainError(str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def locked() -> list[tuple[str, str, str]]:
    """Place in the folder, version and sha512 of each package."""
    packages = json.loads(LOCK.read_text())["packages"]
    return [(place, one["version"], one["integrity"]) for place, one in packages.items() if place]


def main() -> int:
    """Print the folder of the packages."""
    from tools.toolchain import ToolchainError

    try:
        print(ensure(lambda line: print(f"javascript: {line}", file=sys.stderr)).packages)
    except ToolchainError as error:
        print(f"javascript: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
