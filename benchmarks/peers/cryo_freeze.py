"""
cryo, by its Python package: decodes the event into Parquet files with Rust.

    cryo_freeze.py URL LEDGER FOLDER LAST_BLOCK
"""

from __future__ import annotations

import os
import sys

import cryo

SIGNATURE = (
    "TransferRecorded(uint64 indexed index, address indexed sender, address indexed recipient, "
    "address subject, uint256 value, uint64 timestamp, bytes32 memo)"
)


def main(url: str, ledger: str, folder: str, last_block: str) -> None:
    done = cryo.freeze(
        "logs",
        rpc=url,
        blocks=[f"0:{int(last_block) + 1}"],
        address=[ledger],
        event_signature=SIGNATURE,
        output_dir=folder,
        inner_request_size=10,
        chunk_size=100,
        no_report=True,
        verbose=False,
    )
    if done["n_errored"]:
        raise SystemExit(f"cryo could not read everything: {done}")
    os._exit(0)  # its threads crash the interpreter that ends around them


if __name__ == "__main__":
    main(*sys.argv[1:])
