"""The set-up as typed: whole or not at all, twice, at once; and the compiler that it leaves."""

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, Toolchain
from tests.fakes.registry import Registry, serve
from tools.toolchain import this_platform

BUILD = "0.8.37+commit.f401782d"


@dataclass
class Project:
    """A checkout with tools of its own, and a registry that holds them."""

    root: Path
    registry: Registry

    def lock(self, packages: list[dict[str, object]]) -> None:
        solc = self.package("solc", "0.8.37", "any", {"index.js": "module.exports = {}"})
        lock = {"foundry": "1.7.1", "solc": BUILD, "packages": [solc, *packages]}
        (self.root / "tools/toolchain.lock").write_text(json.dumps(lock))

    def package(self, name: str, version: str, platform: str, files: dict[str, str]) -> dict[str, object]:
        digest = self.registry.add(name, version, files)
        return {"package": name, "version": version, "platform": platform, "sha512": digest}

    def tool(self, name: str) -> dict[str, object]:
        script = f"#!/bin/sh\necho {name} 1.7.1\n"
        return self.package(
            f"@foundry-rs/{name}-{this_platform()}", "1.7.1", this_platform(), {f"bin/{name}": script, "x": ""}
        )

    def start(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        clean = {
            "HOME": str(self.root / "home"),
            "PATH": "/usr/bin:/bin",
            "npm_config_registry": self.registry.url,
            **environ,
        }
        return subprocess.Popen(
            [sys.executable, self.root / "tools/toolchain.py", *words],
            env=clean, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str, **environ: str) -> tuple[int, str, str]:
        with self.start(*words, **environ) as running:
            out, err = running.communicate(timeout=60)
        return running.returncode, out.strip(), err.strip()

    @property
    def cache(self) -> Path:
        return self.root / "home/.cache/smartchain/toolchain"


def cpu_of_children() -> float:
    """Seconds; unlike the time that passes they do not grow when the machine has other work too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "tools").mkdir()
    for name in ("toolchain.py", "npm.py", "solc.js"):
        shutil.copy(ROOT / "tools" / name, tmp_path / "tools" / name)
    with serve() as registry:
        made = Project(tmp_path, registry)
        made.lock([made.tool("anvil"), made.tool("forge"), made.tool("cast")])
        yield made


def test_a_changed_tarball_is_refused_in_one_line_and_leaves_nothing(project: Project) -> None:
    project.registry.add(f"@foundry-rs/cast-{this_platform()}", "1.7.1", {"bin/cast": "#!/bin/sh\necho evil\n"})

    status, out, err = project.run("--print-bin")

    assert (status, out) == (1, "")
    assert "the file was changed on its way; nothing was installed" in err.splitlines()[-1]
    assert [path.name for path in project.cache.iterdir()] == [".lock"]


def test_a_registry_that_cannot_be_reached_is_said_in_one_line(project: Project) -> None:
    status, out, err = project.run(npm_config_registry="http://127.0.0.1:9/secret")

    assert (status, out) == (1, "")
    assert "http://127.0.0.1:9 cannot be reached" in err.splitlines()[-1]
    assert "secret" not in err


def test_a_tool_that_does_not_start_here_is_named(project: Project) -> None:
    broken = project.package(
        f"@foundry-rs/forge-{this_platform()}", "1.7.1", this_platform(), {"bin/forge": "no program"}
    )
    project.lock([project.tool("anvil"), broken, project.tool("cast")])

    status, _, err = project.run()

    assert status == 1
    assert "forge 1.7.1 does not start on this machine" in err.splitlines()[-1]


def test_a_platform_that_the_lock_lacks_takes_what_is_installed_and_says_what_is_not(project: Project) -> None:
    project.lock([project.tool("anvil"), project.tool("forge")])
    own = project.root / "own"
    own.mkdir()

    status, _, err = project.run()
    assert status == 1
    assert f"tools/toolchain.lock has no cast for {this_platform()}: install foundry 1.7.1" in err.splitlines()[-1]

    (own / "cast").write_text("#!/bin/sh\necho cast Version: 1.7.1\n")
    (own / "cast").chmod(0o755)
    status, _, err = project.run(PATH=f"{own}:/usr/bin:/bin")
    assert status == 0, err


def test_a_package_with_a_path_out_of_its_folder_is_refused(project: Project) -> None:
    evil = project.package("evil", "1.0.0", "any", {"../../../evil": "x"})
    project.lock([project.tool("anvil"), project.tool("forge"), project.tool("cast"), evil])

    status, _, err = project.run()

    assert status == 1
    assert "holds the path 'package/../../../evil'" in err.splitlines()[-1]


def test_a_first_run_places_every_tool_and_a_second_is_quick_and_asks_nobody(project: Project) -> None:
    status, out, err = project.run("--print-bin")
    assert status == 0, err
    assert sorted(path.name for path in Path(out).iterdir()) == ["anvil", "cast", "forge", "solc-v0.8.37"]
    assert subprocess.check_output([Path(out) / "anvil"], text=True) == "anvil 1.7.1\n"
    asked = len(project.registry.paths)

    took = []
    for _ in range(3):
        before = cpu_of_children()
        assert project.run("--print-bin") == (0, out, "")
        took.append(cpu_of_children() - before)

    assert len(project.registry.paths) == asked
    assert min(took) < 0.2


def test_four_at_once_set_up_one(project: Project) -> None:
    running = [project.start("--print-bin") for _ in range(4)]
    answers = [one.communicate(timeout=60)[0].strip() for one in running]

    assert [one.returncode for one in running] == [0] * 4
    assert len(set(answers)) == 1
    assert len(project.registry.paths) == len(set(project.registry.paths)) == 4
    assert sorted(path.name for path in project.cache.iterdir()) == [".lock", Path(answers[0]).parent.name]


def test_what_an_interrupted_run_left_is_cleared_away(project: Project) -> None:
    left = project.cache / "0123456789abcdef-linux-amd64.part"
    left.mkdir(parents=True)

    assert project.run()[0] == 0
    assert not left.exists()


def test_another_lock_has_a_folder_of_its_own(project: Project) -> None:
    first = project.run("--print-bin")[1]
    more = project.package("semver", "5.7.3", "any", {"index.js": ""})
    project.lock([project.tool("anvil"), project.tool("forge"), project.tool("cast"), more])

    assert project.run("--print-bin")[1] != first


def test_the_folder_can_be_chosen(project: Project) -> None:
    chosen = project.root / "with a space"

    status, out, err = project.run("--print-bin", SMARTCHAIN_TOOLCHAIN=str(chosen))

    assert status == 0, err
    assert Path(out).parent.parent == chosen


def test_links_name_the_executables_and_are_renewed(project: Project) -> None:
    folder = project.root / "bin"
    folder.mkdir()
    (folder / "anvil").symlink_to("/nonexistent/anvil")

    _, out, _ = project.run("--print-bin", "--link", str(folder))

    assert (folder / "anvil").readlink() == Path(out) / "anvil"
    assert sorted(path.name for path in folder.iterdir()) == ["anvil", "cast", "forge", "solc-v0.8.37"]


def test_what_contracts_import_is_linked_into_the_project_and_npms_own_folder_is_left(project: Project) -> None:
    files = {"A.sol": "contract A {}", "package.json": "{}", "build/A.json": "what ape would count among the sources"}
    ours = [project.package(f"@one/{name}", "1.0.0", "solidity", files) for name in ("here", "there")]
    project.lock([project.tool("anvil"), project.tool("forge"), project.tool("cast"), *ours])
    folder = project.root / "node_modules/@one"
    (folder / "there").mkdir(parents=True)
    (folder / "here").symlink_to("/nonexistent")

    status, out, err = project.run("--print-bin")

    assert status == 0, err
    assert (folder / "here").readlink() == Path(out).parent / "node_modules/@one/here"
    assert sorted(path.name for path in (folder / "here").iterdir()) == ["A.sol", "package.json"]
    assert list((folder / "there").iterdir()) == []
    assert sorted(path.name for path in folder.iterdir()) == ["here", "there"]


@pytest.mark.parametrize(("suffix", "taken"), [("Linux.g++", True), ("Emscripten.clang", False)])
def test_a_native_compiler_of_the_same_build_is_taken_and_no_other(project: Project, suffix: str, taken: bool) -> None:
    own = project.root / "home/.svm/0.8.37/solc-0.8.37"
    own.parent.mkdir(parents=True)
    own.write_text(f"#!/bin/sh\necho Version: {BUILD}.{suffix}\n")
    own.chmod(0o755)

    _, out, _ = project.run("--print-bin")

    assert ((Path(out) / "solc-v0.8.37").read_text() == own.read_text()) == taken


def solc(toolchain: Toolchain, *words: str, given: object = None, cwd: Path = ROOT) -> str:
    text = given if isinstance(given, str) else json.dumps(given)
    return subprocess.run(
        [toolchain.solc, *words], input=text, capture_output=True, text=True, timeout=120, cwd=cwd, check=True
    ).stdout


SOURCE = """
// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
import {Other} from "./other.sol";
contract Here is Other { function now_() external view returns (uint256) { return block.timestamp; } }
"""


def test_the_compiler_tells_the_build_of_the_lock(toolchain: Toolchain) -> None:
    assert f"Version: {BUILD}." in solc(toolchain, "--version")


def test_the_compiler_that_runs_is_the_build_of_the_lock(toolchain: Toolchain) -> None:
    request = {
        "language": "Solidity",
        "sources": {"a.sol": {"content": "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\ncontract A {}"}},
        "settings": {"outputSelection": {"*": {"*": ["metadata"]}}},
    }

    answer = json.loads(solc(toolchain, "--standard-json", given=request))

    assert json.loads(answer["contracts"]["a.sol"]["A"]["metadata"])["compiler"]["version"] == BUILD


def test_the_compiler_reads_imports_under_its_base_path_and_nowhere_else(toolchain: Toolchain, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    request = {
        "language": "Solidity",
        "sources": {"here.sol": {"content": SOURCE}},
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }
    other = "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\ncontract Other {}\n"

    (tmp_path / "other.sol").write_text(other)
    missing = json.loads(solc(toolchain, "--standard-json", "--base-path", str(inside), given=request))
    (inside / "other.sol").write_text(other)
    found = json.loads(solc(toolchain, "--standard-json", f"--base-path={inside}", given=request))

    assert any('Source "other.sol" not found' in error["message"] for error in missing["errors"])
    assert found["contracts"]["here.sol"]["Here"]["abi"][0]["name"] == "now_"


def test_ids_of_what_the_compiler_brings_along_are_negative(toolchain: Toolchain) -> None:
    request = {
        "language": "Solidity",
        "sources": {"here.sol": {"content": SOURCE.replace('import {Other} from "./other.sol";', "contract Other {}")}},
        "settings": {"outputSelection": {"*": {"": ["ast"]}}},
    }

    answer = solc(toolchain, "--standard-json", given=request)

    assert '"referencedDeclaration":-4' in answer  # `block`


def test_the_compiler_says_in_one_line_what_it_cannot_do(toolchain: Toolchain) -> None:
    if "Emscripten" not in solc(toolchain, "--version"):
        return  # a native compiler answers for itself

    done = subprocess.run([toolchain.solc, "--asm", "x.sol"], capture_output=True, text=True, timeout=60)

    assert done.returncode == 1
    assert done.stderr == "solc: this WebAssembly build answers --version and --standard-json only\n"


def test_the_set_up_needs_the_standard_library_only() -> None:
    code = f"import sys; sys.path.append({str(ROOT)!r}); import tools.toolchain, tools.npm, tools.lock"

    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=60)
