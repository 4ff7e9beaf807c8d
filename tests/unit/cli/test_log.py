"""A log line is one line, whatever is in it."""

import re

import pytest

from smartchain.cli.log import Log, logger


def test_a_line_has_its_time_level_event_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logger().info("advanced", host_block=7, verified=True, root="0xab")

    line = capsys.readouterr().err
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \[info     \] advanced   host_block=7 verified=True root=0xab\n", line
    )


@pytest.mark.parametrize("hostile", ["two words", "a\nforged line", "\x1b[2Jgone", "it's", "a=b", ""])
def test_what_is_no_single_word_is_quoted(hostile: str, capsys: pytest.CaptureFixture[str]) -> None:
    Log(coloured=False).warning("trouble", reason=hostile)

    line = capsys.readouterr().err
    assert line.endswith(f" trouble    reason={hostile!r}\n")
    assert line.count("\n") == 1


def test_colours_are_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    Log(coloured=True).error("failed", why="disk")
    Log(coloured=False).error("failed", why="disk")

    coloured, plain = capsys.readouterr().err.splitlines()
    assert "\x1b[31m" in coloured
    assert "\x1b" not in plain
