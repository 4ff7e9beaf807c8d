"""
The log of a command that goes on: one line for each thing that happened, with fields, on stderr.
"""

from __future__ import annotations

import os
import sys
from typing import Any


def logger() -> Any:
    """A structlog logger for this process: coloured for a terminal, `key=value` pairs for everything else."""
    import structlog

    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=coloured, pad_event_to=10, sort_keys=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger()
