"""The browser's set-up: what is named comes first, and nothing changed on its way is installed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fakes.registry import Registry, serve
from tools.browser import axe, find_chromium, shipped_chromium
from tools.toolchain import ToolchainError

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serve() as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, registry: Registry) -> Run:
    """Run the tool in a checkout of its own, on a machine without a browser; returns what it said."""
    tools = tmp_path / "tools"
    tools.mkdir()
    node = tmp_path / "bin"
    node.mkdir()
    (node / "node").touch(0o755)
    for name in ("browser.py", "toolchain.py", "toolchain.lock", "npm.py", "solc.js"):
        shutil.copy(ROOT / "tools" / name, tools / name)

    def started(*packages: dict[str, str], **environ: str) -> subprocess.CompletedProcess[str]:
        (tools / "browser.lock").write_text(json.dumps({"packages": packages}))
        clean = {"HOME": str(tmp_path), "PATH": str(node), "npm_config_registry": registry.url, **environ}
        return subprocess.run(
            [sys.executable, tools / "browser.py"], env=clean, capture_output=True, text=True, timeout=60
        )

    return started


def test_a_named_program_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="which is no program: name a Chromium, or unset it"):
        find_chromium(print, {"CHROMIUM": str(tmp_path / "none")})


def test_a_named_program_is_taken_before_an_installed_one() -> None:
    assert find_chromium(print, {**os.environ, "CHROMIUM": sys.executable}).executable == Path(sys.executable)


def test_a_changed_package_is_refused_in_one_line_and_leaves_nothing(
    run: Run, registry: Registry, tmp_path: Path
) -> None:
    digest = registry.add("axe-core", "1.0.0", {"axe.min.js": "good"})
    registry.add("axe-core", "1.0.0", {"axe.min.js": "evil"})

    done = run({"package": "axe-core", "version": "1.0.0", "platform": "any", "sha512": digest})

    assert (done.returncode, done.stdout) == (1, "")
    assert "the file was changed on its way; nothing was installed" in done.stderr.splitlines()[-1]
    assert [path.name for path in (tmp_path / ".cache/smartchain/toolchain").iterdir()] == [".lock"]


def test_a_platform_without_a_browser_in_the_lock_says_what_to_do(run: Run, registry: Registry) -> None:
    digest = registry.add("axe-core", "1.0.0", {"axe.min.js": "axe"})

    done = run({"package": "axe-core", "version": "1.0.0", "platform": "any", "sha512": digest})

    assert done.returncode == 1
    assert "install Chromium or Chrome, or set CHROMIUM to one" in done.stderr.splitlines()[-1]


def test_a_package_without_its_file_is_said_in_one_line(run: Run, registry: Registry) -> None:
    digest = registry.add("axe-core", "1.0.0", {"other.js": "axe"})

    done = run({"package": "axe-core", "version": "1.0.0", "platform": "any", "sha512": digest})

    assert done.returncode == 1
    assert "the package holds no package/axe.min.js" in done.stderr.splitlines()[-1]


def test_axe_comes_out_of_its_package_as_one_script() -> None:
    assert axe(print).read_text().startswith("/*! axe v4.")


@pytest.mark.long
def test_the_shipped_browser_starts_and_shows_a_page() -> None:
    from playwright.sync_api import sync_playwright

    from tools.browser import FLAGS

    shipped = shipped_chromium(print)
    environ: dict[str, str | float | bool] = {**os.environ, **shipped.environment}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shipped.executable, env=environ, args=list(FLAGS))
        page = browser.new_page()
        page.set_content("<h1>a page</h1>")
        said = page.inner_text("h1")
        browser.close()

    assert said == "a page"
