"""
cryo, by its Python package: decodes the event into Parquet files with Rust.

    cryo_freeze.py URL LEDGER FOLDER LAST_BLOCK [tuned]

As it comes, or with the sizes of requests and files that were fastest for such a chain.
"""

from __future__ import annotations

import os
import sys

import cryo

SIGNATURE = (
    "TransferRecorded(uint64 indexed index, address indexed sender, address indexed recipient, "
    "address subject, uint256 value, uint64 timestamp, bytes32 memo)"
)


TUNED = {"inner_request_size": 10, "chunk_size": 100}


def main(url: str, ledger: str, folder: str, last_block: str, how: str = "") -> None:
    done = cryo.freeze(
        "logs",
        rpc=url,
        blocks=[f"0:{int(last_block) + 1}"],
        address=[ledger],
        event_signature=SIGNATURE,
        output_dir=folder,
        no_report=True,
        verbose=False,
        **(TUNED if how == "tuned" else {}),
    )
    if done["n_errored"]:
        raise SystemExit(f"cryo could not read everything: {done}")
    os._exit(0)  # its threads crash the interpreter that ends around them


if __name__ == "__main__":
    main(*sys.argv[1:])
