"""
`smartchain verify`: the whole stored chain computed again, and compared with the contract.
"""

from __future__ import annotations

import click

from smartchain.cli import build, options, output
from smartchain.cli.progress import Bar
from smartchain.config import HostSettings, IndexSettings
from smartchain.types import Address


@click.command()
@options.ledger
@options.database
@options.host
@options.check_rpc_url
@options.as_json
def verify(ledger: Address | None, db: str, host: HostSettings, check_rpc_url: tuple[str, ...], as_json: bool) -> None:
    """
    Compute the whole stored chain again and compare it with the contract.

    Every entry is hashed, every block and stored subtree compared, and the root set against the contract's, read at
    the host block where the store was verified. What is wrong is named: the first wrong entry or block.
    """
    from smartchain.indexer.verify import verify as compute

    settings = build.checked(host, check_rpc_url)
    with build.stored(db, ledger) as store, Bar("hashed") as bar:
        info = store.info
        rpc = build.connect(settings)
        build.expect_chain(rpc, settings.chain_id if settings.chain_id is not None else info.chain_id)
        source = build.source_of(settings, rpc, info.address, IndexSettings(from_block=info.deployed_at))
        found = compute(source, store, bar)
    if as_json:
        output.say_json(
            {
                "size": found.head.size,
                "root": output.hexed(found.head.root),
                "blocks": found.blocks,
                "verified": True,
                "host_block": found.at.number,
            }
        )
        return
    output.fields(
        [
            (
                "verified",
                f"{output.plural(found.head.size, 'entry', 'entries')} in {output.plural(found.blocks, 'block')}",
            ),
            ("root", output.hexed(found.head.root)),
            ("contract", f"says the same at host block {found.at.number}, {output.when(found.at.timestamp)}"),
        ]
    )
