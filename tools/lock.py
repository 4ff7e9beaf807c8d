#!/usr/bin/env python3
"""
Write `requirements/*.txt` anew: every distribution by name, version and sha256, for every platform and Python from 3.11.

`dev.txt` is resolved first and binds the others, so that the three agree. Nothing of this machine goes in: no index, no
address, no path, and its pip and uv settings are not read. Needs uv. Standard library only.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ROOT / "requirements"
HEADER = "# Written by `make lock` from pyproject.toml and requirements/*.in: names, versions and hashes, nothing else.\n"
LINE = re.compile(r"[a-z0-9.-]+==[\w.+!]+( ; [\w .'\"<>=!()]+)?( \\)?|    --hash=sha256:[0-9a-f]{64}( \\)?")

SOURCES = {
    "dev": ["pyproject.toml", "--extra", "demo", "--extra", "ape", "requirements/build.in", "requirements/dev.in"],
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


def main() -> int:
    """Command line: `--upgrade` takes the newest versions, else only what changed is resolved again."""
    uv = shutil.which("uv")
    if not uv:
        raise SystemExit("lock: uv is needed to write the locks (`pipx install uv`); to install from them it is not")
    for name in SOURCES:
        (LOCKS / f"{name}.txt").write_text(clean(name, resolve(uv, name, "--upgrade" in sys.argv[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
