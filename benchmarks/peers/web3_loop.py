"""
What many write first: a web3.py loop over `get_logs` into sqlite3. Decodes, stores, checks nothing.

    web3_loop.py URL LEDGER DATABASE
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

from web3 import Web3

SPAN = 10
"""Host blocks a request: 2,000 logs where 200 stand in a block, which anvil answers best."""


def main(url: str, ledger: str, database: str) -> None:
    web3 = Web3(Web3.HTTPProvider(url))
    artifact = Path(__file__).resolve().parents[2] / "smartchain/host/artifacts/ILedger.json"
    contract = web3.eth.contract(Web3.to_checksum_address(ledger), abi=json.loads(artifact.read_text())["abi"])
    rows = sqlite3.connect(database)
    rows.execute(
        "CREATE TABLE entries (idx INTEGER PRIMARY KEY, sender TEXT, recipient TEXT, subject TEXT, value TEXT,"
        " timestamp INTEGER, memo BLOB, block INTEGER, tx BLOB)"
    )
    newest = web3.eth.block_number
    for first in range(0, newest + 1, SPAN):
        last = min(newest, first + SPAN - 1)
        for log in contract.events.TransferRecorded().get_logs(from_block=first, to_block=last):
            a = log["args"]
            row = (a["index"], a["sender"], a["recipient"], a["subject"], str(a["value"]), a["timestamp"], a["memo"])
            rows.execute(
                "INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?)", (*row, log["blockNumber"], log["transactionHash"])
            )
        rows.commit()
    rows.execute("CREATE INDEX by_sender ON entries (sender)")
    rows.execute("CREATE INDEX by_recipient ON entries (recipient)")
    rows.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
