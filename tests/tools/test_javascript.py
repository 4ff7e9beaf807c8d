"""The set-up of the JavaScript clients: what the lock says, where npm would put it, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fakes.registry import Registry, serve
from tools.javascript import LOCK, ensure, locked


@dataclass
class Project:
    """A checkout of its own, on a machine with a node that nobody calls."""

    root: Path
    registry: Registry

    def lock(self, **places: str) -> None:
        """Packages by their place: `a`, `a/node_modules/b`; each is a file that says where it is."""
        packages: dict[str, dict[str, str]] = {"": {}}
        for place, version in places.items():
            name = place.rpartition("node_modules/")[2]
            digest = self.registry.add(name, version, {"index.js": f"{name} {version}", "package.json": "{}"})
            packages[f"node_modules/{place}"] = {"version": version, "integrity": digest}
        (self.root / "tests/e2e/js/package-lock.json").write_text(json.dumps({"packages": packages}))

    def run(self) -> subprocess.CompletedProcess[str]:
        environ = {
            "HOME": str(self.root), "PATH": str(self.root / "bin"), "npm_config_registry": self.registry.url,
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, self.root / "tools/javascript.py"], env=environ, capture_output=True, text=True, timeout=60
        )

    @property
    def cache(self) -> list[str]:
        return sorted(path.name for path in (self.root / ".cache/smartchain/toolchain").iterdir())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    for folder in ("tools", "bin", "tests/e2e/js"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("javascript.py", "browser.py", "toolchain.py", "toolchain.lock", "npm.py", "solc.js"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools" / name)
    (tmp_path / "bin/node").touch(0o755)
    with serve() as registry:
        yield Project(tmp_path, registry)


def test_a_changed_package_is_refused_in_one_line_and_leaves_nothing(project: Project) -> None:
    project.lock(viem="1.0.0")
    project.registry.add("viem", "1.0.0", {"index.js": "evil"})

    done = project.run()

    assert (done.returncode, done.stdout) == (1, "")
    assert "the file was changed on its way; nothing was installed" in done.stderr.splitlines()[-1]
    assert project.cache == [".lock"]


def test_a_package_that_is_not_there_is_named(project: Project) -> None:
    project.lock(viem="1.0.0")
    project.registry.packages.clear()

    done = project.run()

    assert done.returncode == 1
    assert "viem 1.0.0 is not in the npm registry" in done.stderr.splitlines()[-1]


def test_every_package_lies_where_npm_would_put_it_and_is_fetched_once(project: Project) -> None:
    project.lock(**{"viem": "1.0.0", "@noble/curves": "1.2.0", "viem/node_modules/@noble/curves": "1.9.1"})

    first = project.run()
    asked = len(project.registry.paths)
    second = project.run()

    packages = Path(first.stdout.strip())
    assert (packages / "viem/index.js").read_text() == "viem 1.0.0"
    assert (packages / "@noble/curves/index.js").read_text() == "@noble/curves 1.2.0"
    assert (packages / "viem/node_modules/@noble/curves/index.js").read_text() == "@noble/curves 1.9.1"
    assert (second.stdout, len(project.registry.paths)) == (first.stdout, asked)


def test_the_lock_names_no_registry() -> None:
    lock = json.loads(LOCK.read_text())

    assert not [place for place, one in lock["packages"].items() if "resolved" in one]
    assert all(integrity.startswith("sha512-") for _, _, integrity in locked())


def test_the_clients_of_the_lock_load() -> None:
    javascript = ensure(lambda _: None)
    script = "console.log(require('ethers').version, typeof require('viem').createPublicClient)"
    environ = {**os.environ, "NODE_PATH": str(javascript.packages)}

    said = subprocess.run([javascript.node, "-e", script], env=environ, capture_output=True, text=True, check=True)

    wanted = json.loads((LOCK.parent / "package.json").read_text())["dependencies"]
    assert said.stdout.split() == [wanted["ethers"], "function"]
