#!/usr/bin/env python3
"""
Write `requirements/*.txt` anew: each distribution by name, version and sha256, for every platform and Python from 3.11.

`dev.txt` is resolved first and binds the others, so that the three agree. Nothing of this machine goes in: no index, no
address, no path, and its pip and uv settings are not read. Needs uv. Standard library only.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
HEADER = "# Written by `make lock` from pyproject.toml and requirements/*.in: names, versions and hashes alone.\n"
LINE = re.compile(r"[a-z0-9.-]+==[\w.+!]+( ; [\w .'\"<>=!()]+)?( \\)?|    --hash=sha256:[0-9a-f]{64}( \\)?")

EXTRAS = [word for extra in ("demo", "ape", "parquet", "postgres") for word in ("--extra", extra)]
SOURCES = {
    "dev": ["pyproject.toml", *EXTRAS, "requirements/build.in", "requirements/dev.in"],
    "demo": ["pyproject.toml", "--extra", "demo", "requirements/build.in"],
    "core": ["pyproject.toml"],
    "build": ["requirements/build.in"],
    "node": ["requirements/node.in"],
}
"""What each lock is made from, the binding one first."""


def resolve(uv: str, name: str, upgrade: bool) -> str:
    """Lock of one name as text; keeps what the present one says unless told to upgrade."""
    file = LOCKS / f"{name}.txt"
    bound = [] if name == "dev" else ["--constraint", "requirements/dev.txt"]
    wish = ["--upgrade"] if upgrade else []
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_"))}
    done = subprocess.run(
        [uv, "pip", "compile", "--no-config", "--universal", "--python-version", "3.11", "--generate-hashes",
         "--no-annotate", "--no-header", "--output-file", str(file), *SOURCES[name], *bound, *wish],
        cwd=ROOT, env=environ, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"lock: {name}: {done.stderr.strip()}")
    return file.read_text()


def clean(name: str, text: str) -> str:
    """The same lines under our heading; refuses any that says where a file comes from."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in lines:
        if not LINE.fullmatch(line):
            raise SystemExit(f"lock: {name}: a line says more than name, version and hash: {line!r}")
    return HEADER + "\n".join(lines) + "\n"


def refresh_toolchain() -> None:
    """Ask the npm registry for every sha512 that `tools/toolchain.lock` lacks; one that differs is an alarm."""
    from tools.npm import Npm
    from tools.toolchain import LOCK, read_lock

    npm, lock = Npm(ROOT), read_lock()
    for one in lock["packages"]:
        found = npm.metadata(one["package"], one["version"])
        if found is None:
            print(f"lock: {one['package']} {one['version']}: not in this registry", file=sys.stderr)
        elif one["sha512"] not in {None, found["integrity"]}:
            raise SystemExit(f"lock: {one['package']} {one['version']} has another sha512 than before: look into it")
        else:
            one["sha512"] = str(found["integrity"])
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")


def main() -> int:
    """Command line: `--upgrade` takes the newest versions; `--toolchain` sees to `tools/toolchain.lock` instead."""
    if "--toolchain" in sys.argv[1:]:
        refresh_toolchain()
        return 0
    uv = shutil.which("uv")
    if not uv:
        raise SystemExit("lock: uv is needed to write the locks (`pipx install uv`); to install from them it is not")
    for name in SOURCES:
        (LOCKS / f"{name}.txt").write_text(clean(name, resolve(uv, name, "--upgrade" in sys.argv[1:])))
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
