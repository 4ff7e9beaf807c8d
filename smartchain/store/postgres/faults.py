"""
PostgreSQL's errors, said as the package's own: what is wrong with which database, and what mends it.

A server that is away comes back, so that is worth waiting for; a password that is refused is not. No sentence holds
more of the server's words than their first line, and libpq never repeats a password in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from smartchain.errors import CorruptStore, StoreError, StoreLocked, StoreUnavailable, WrongStore

_AWAY = (StoreUnavailable, "{name} cannot be reached ({error})")
_IN_USE = (StoreLocked, "{name} is in use by another process; end that one, or try again later")
_DENIED = (StoreError, "{name} refuses this user ({error}); see to the user and password of --db, or to PGPASSWORD")
_DAMAGED = (CorruptStore, "{name} is damaged ({error}); restore it from a copy, or index again into another one")

_SAID: dict[str, tuple[type[StoreError], str]] = {
    "55P03": _IN_USE,
    "40001": _IN_USE,
    "40P01": _IN_USE,
    "53100": (StoreError, "no room is left on the server's disk for {name}; free some, then go on: nothing is lost"),
    "25006": (StoreError, "{name} takes no writes: a standby, or set to read only; name the primary with --db"),
    "42501": (StoreError, "{name} does not let this user do that ({error}); GRANT it, or name another user in --db"),
    "3D000": (WrongStore, "{name} does not exist; make it with createdb, or name another with --db"),
    "3F000": (WrongStore, "{name} has no schema to keep tables in; CREATE SCHEMA, or see to its search_path"),
    "22003": (StoreError, "{name} takes numbers below 2^63; one that was given is larger"),
    "58030": (StoreError, "the disk failed under {name} ({error}); see to it, then try again"),
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
"""By SQLSTATE."""

_AWAY_CLASSES = ("08", "53", "57")
"""Connections, resources of the moment, and what an operator does: it passes."""

_REFUSALS = {
    "password": _DENIED,
    "authentication": _DENIED,
    "no pg_hba.conf entry": _DENIED,
    "permission denied for database": _DENIED,
    "role": (StoreError, "{name} does not know this user ({error}); name another in --db"),
    "database": _SAID["3D000"],
}
"""A connection that is refused comes without a code: by what the server says after FATAL."""


def as_store_error(name: str, error: psycopg.Error) -> StoreError:
    """The error of the tree that says what PostgreSQL's says."""
    kind, sentence = _kind_of(error)
    return kind(sentence.format(name=name, error=_first_line(error)))


@contextmanager
def said_of(name: str) -> Iterator[None]:
    """Raise what psycopg raises inside as a `StoreError` about that database."""
    try:
        yield
    except psycopg.Error as error:
        raise as_store_error(name, error) from error
    except OverflowError as error:
        raise StoreError(f"{name} takes numbers below 2^63; one that was given is larger") from error


def _kind_of(error: psycopg.Error) -> tuple[type[StoreError], str]:
    code = error.sqlstate
    if code is None:
        return _without_code(error)
    if code in _SAID:
        return _SAID[code]
    return _AWAY if code.startswith(_AWAY_CLASSES) else (StoreError, "{name} cannot be used: {error}")


def _without_code(error: psycopg.Error) -> tuple[type[StoreError], str]:
    """A connection that was refused or broke off; anything else that has no code is not the server's."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreError, "{name} cannot be used: {error}"
    said = str(error).partition("FATAL:")[2]
    gone = ("starting up", "shutting down", "recovery", "too many", "reserved", "terminating")
    if any(word in said for word in gone):
        return _AWAY
    return next((kind for words, kind in _REFUSALS.items() if words in said), _AWAY)


def _first_line(error: psycopg.Error) -> str:
    """What the server itself says, without the address that libpq puts before it."""
    said = error.diag.message_primary or str(error).strip().partition("\n")[0]
    before, fatal, after = said.partition("FATAL:")
    return " ".join((after if fatal else before).split())
