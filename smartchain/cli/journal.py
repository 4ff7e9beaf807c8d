"""
`smartchain journal`: a node's own chain, for notes of its own.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import click

from smartchain.cli import journal_views, kinds, options, output, views
from smartchain.cli.build import is_terminal
from smartchain.cli.journal_proof import anchor, prove
from smartchain.cli.journal_store import FILE, THROUGH, note_of, now, opened, read, write_new
from smartchain.cli.nested import Nested
from smartchain.errors import InputError
from smartchain.ledger.journal import MOST_BYTES, check_chain, faults
from smartchain.types import Hash32

HASH = kinds.Kind("0xhash", kinds.hash_of)
MOST_NAMED = 10
"""Altered notes that are named in one sentence."""


@click.group(cls=Nested)
def journal() -> None:
    """
    A chain of this node's own, for notes: nobody else sees them, and everybody can be shown that they were there.

    Notes wait until 'seal' closes a block. 'anchor' records the journal's root in a ledger, by which any note
    written before can later be proven to have existed then.
    """


@journal.command("add", short_help="Write a note down: a text, or a file.")
@click.argument("text", required=False)
@click.option("--file", "file", type=FILE, help="Write down what is in a file, byte for byte; - is stdin.")
@options.database
@options.as_json
def add(text: str | None, file: Path | None, db: str, as_json: bool) -> None:
    """Write a note of at most 1 MiB into the journal: TEXT, or a file."""
    if (text is None) == (file is None):
        raise click.UsageError("give TEXT or --file FILE, one of them", click.get_current_context())
    content = _bytes_of(text) if text is not None else read(file or Path(THROUGH), MOST_BYTES)
    with opened(db, write=True, begin=True) as found:
        recorded = found.add(content, now())
        if as_json:
            output.say_json(journal_views.added_json(found, recorded))
        else:
            output.fields(journal_views.added_fields(found, recorded))


def _bytes_of(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InputError("the text holds bytes that are no UTF-8: name a file that holds them with --file") from None


@journal.command("seal", short_help="Close the open block.")
@options.database
@options.as_json
def seal(db: str, as_json: bool) -> None:
    """Close the open block: what was written since the last one is in it."""
    with opened(db, write=True) as found:
        block = found.seal(now())
        before = next(found.blocks(block.number - 1, block.number)).size
    if as_json:
        output.say_json(views.block_json(block))
    else:
        output.fields(views.block_fields(block, block.size - before))


@journal.command("list", short_help="The notes: when, in which block, and how they begin.")
@click.option("--from", "start", type=kinds.COUNT, default=0, metavar="INDEX", help="The first entry to show.")
@click.option("--to", "end", type=kinds.COUNT, metavar="INDEX", help="The last entry to show.")
@options.database
@options.as_json
def show_all(start: int, end: int | None, db: str, as_json: bool) -> None:
    """The notes: when each was written, the block that it is in, and how it begins. Seals are left out."""
    with opened(db) as found:
        blocks = journal_views.Blocks(found)
        notes = (one for one in found.notes(start, None if end is None else end + 1) if not one[0].entry.is_seal)
        if as_json:
            output.stream_json(journal_views.note_json(*one, blocks) for one in notes)
        else:
            lines = (journal_views.note_line(*one, blocks) for one in notes)
            output.stream(chain([journal_views.COLUMNS], lines))


@journal.command("show", short_help="One note, whole.")
@click.argument("index", type=kinds.COUNT)
@click.option("--raw", is_flag=True, help="The note's bytes and nothing else.")
@options.database
@options.as_json
def show(index: int, raw: bool, db: str, as_json: bool) -> None:
    """One note, by its index, whole."""
    with opened(db) as found:
        recorded, content = note_of(found, index)
        blocks = journal_views.Blocks(found)
        if as_json:
            output.say_json(journal_views.note_json(recorded, content, blocks) | journal_views.whole_json(content))
        elif raw:
            _check_terminal(content)
            click.get_binary_stream("stdout").write(content)
        else:
            output.fields(journal_views.note_fields(recorded, content, blocks))
            output.say()
            output.stream(journal_views.whole_lines(content))


def _check_terminal(content: bytes) -> None:
    """What others wrote, through a node's API, is not let loose on a terminal. Raises `InputError`."""
    if is_terminal() and not content.decode(errors="replace").replace("\n", "").isprintable():
        raise InputError("the note holds what a terminal would obey: send it to a file, as in '--raw > FILE'")


@journal.command("verify", short_help="Compute the journal again from its texts; name what was altered.")
@click.option("--size", type=kinds.COUNT, metavar="N", help="The size that --root is of, instead of today's.")
@click.option("--root", type=HASH, help="A root of the journal that you know, from an anchor say.")
@options.database
@options.as_json
def verify(size: int | None, root: Hash32 | None, db: str, as_json: bool) -> None:
    """
    Compute the whole journal again, from the texts: every note that is not as it was written is named.

    Whoever changed a text and computed everything anew is found by a root that stands elsewhere: --root and --size
    from an anchor.
    """
    with opened(db) as found:
        status = found.status()
        address, packed = found.info.address, found.packed(0, status.size)
        wrong = list(faults(address, ((recorded.entry, content) for recorded, content in found.notes())))
        journal_views.expect_none(wrong, MOST_NAMED)
        log = check_chain(address, found.info.genesis.timestamp, packed, found.blocks())
        journal_views.expect_same(found, log)
        if root is not None:
            journal_views.expect_root(found, status.size if size is None else size, root)
        notes = status.size - (status.blocks - 1)
    if as_json:
        answer = {"size": status.size, "root": output.hexed(log.root()), "blocks": status.blocks, "notes": notes}
        output.say_json({**answer, "verified": True})
        return
    output.fields(
        [
            ("verified", f"{output.plural(notes, 'note')} in {output.plural(status.blocks, 'block')}"),
            ("root", f"{output.hexed(log.root())} of {output.plural(status.size, 'entry', 'entries')}"),
            *([("known root", "is the journal's")] if root is not None else []),
        ]
    )


@journal.command("receipt", short_help="Write the receipt of a note.")
@click.argument("index", type=kinds.COUNT)
@click.option("--size", type=kinds.COUNT, metavar="N", help="In the log as it was at that size: an anchor's.")
@click.option("--output", "to", type=FILE, help="Where to write it; - is stdout.  [default: journal-INDEX.json]")
@options.database
@options.as_json
def receipt(index: int, size: int | None, to: Path | None, db: str, as_json: bool) -> None:
    """
    Write the receipt of a note: that the journal holds its hash, in a file that anyone can check.

    The note itself is not in it. Give both, and the receipt of an anchor, to whoever is to be shown: 'journal prove'.
    """
    from smartchain.cli import receipt_views
    from smartchain.store.receipts import receipt_of

    with opened(db) as found:
        note_of(found, index)
        with found.view() as view:
            made = receipt_of(view, index, size)
    path = to or Path(f"journal-{index}.json")
    if str(path) == THROUGH:
        click.get_binary_stream("stdout").write(made.to_json())
        return
    write_new(path, made.to_json())
    length = len(made.to_json())
    if as_json:
        output.say_json({"receipt": str(path), "bytes": length} | receipt_views.receipt_json(made))
    else:
        output.fields([("receipt", f"{path}, {length:,} bytes"), *receipt_views.receipt_fields(made)])


journal.add_command(anchor)
journal.add_command(prove)
