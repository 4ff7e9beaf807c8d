"""What a stranger nests without end does not end a process whose bound some other library has raised."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
from smartchain.errors import InputError
from smartchain.peer import answers, evidence
from smartchain.peer.wire import Malformed

def read():
    try:
        {read}(b'{{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}}")
    except (InputError, Malformed) as refused:
        print(refused)

sys.setrecursionlimit(10**6)
threading.stack_size(512 * 1024)
thread = threading.Thread(target=read)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("read", ["answers.read_head", "evidence.read"])
def test_json_that_nests_without_end_is_refused_before_it_is_read(read: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(read=read)], capture_output=True, text=True, timeout=60)

    assert (done.returncode, "nests without end" in done.stdout) == (0, True)
