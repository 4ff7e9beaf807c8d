"""
Three verifiers that share no code say the same of receipts: the Python, the Solidity and the JavaScript.

Each byte of a hundred receipts is replaced by another: of 25 of them by `make test`, of all by `make test-long`.
`SMARTCHAIN_PARITY_ROUNDS` sets how many others, one by default.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from smartchain.errors import ReceiptError
from smartchain.host import receipts as host
from smartchain.ledger.block import make_block
from smartchain.ledger.entry import MAX_VALUE, Entry
from smartchain.ledger.hash import ETHER, keccak
from smartchain.ledger.proof import root_at
from smartchain.ledger.receipt import HostAnchor, HostHint, Receipt, Whose, make, parse, verify
from smartchain.types import Address, ChainId, Hash32, Size
from tests.conftest import ROOT, Toolchain
from tests.fakes.anvil import on_anvil
from tests.parity.making import Case, SparseLog, claim_of, forged, replacements, some_cases
from tests.parity.solidity import Change, Contracts, call_of, change_between

SEED = 20261123
RECEIPTS = 1000
ALTERED = 100
ALTERED_IN_SHORT = 25
ALTERED_UP_TO = 2**21
"""Entries in the logs of the receipts that are altered: longer proofs are altered no differently."""

ROUNDS = int(os.environ.get("SMARTCHAIN_PARITY_ROUNDS", "1"))
SCRIPT = ROOT / "smartchain/node/explorer/static/receipt.js"
MILLION = 1_000_000


@pytest.fixture(scope="module")
def contracts(toolchain: Toolchain) -> Iterator[Contracts]:
    with on_anvil(executable=toolchain.anvil) as chain:
        yield Contracts(chain)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return some_cases(random.Random(SEED), RECEIPTS)


def javascript(question: dict[str, Any]) -> subprocess.Popen[str]:
    """The browser's verifier under node, at work on a question."""
    command = ["node", str(Path(__file__).with_name("verify.mjs")), str(SCRIPT)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(question))
    process.stdin.close()
    process.stdin = None
    return process


def answer_of(process: subprocess.Popen[str]) -> Any:
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0
    return json.loads(out)


def by_javascript(files: list[tuple[bytes, Hash32]]) -> Any:
    """What it says of each file, held to a root: (ok, sentence)."""
    asked = [{"text": file.decode(), "root": "0x" + root.hex()} for file, root in files]
    return answer_of(javascript({"verify": asked}))


def by_python(file: bytes, root: Hash32) -> list[Any]:
    """The same, by the package."""
    try:
        return [True, verify(parse(file), root=root).says]
    except ReceiptError as wrong:
        return [False, str(wrong)]


def by_solidity(contracts: Contracts, cases: list[Case], receipts: list[Receipt]) -> list[bool]:
    """What the ledger of each case's log answers to the receipt in its place."""
    answers: list[bool] = []
    for _, group in groupby(zip(cases, receipts, strict=True), key=lambda pair: pair[0].log.seed):
        pairs = list(group)
        ledger = contracts.ledger(pairs[0][0].log)
        answers += contracts.accepted(ledger, [receipt for _, receipt in pairs])
    return answers


def test_a_forged_receipt_with_a_right_checksum_is_refused_by_all_three_in_the_same_words(
    contracts: Contracts, cases: list[Case]
) -> None:
    chance = random.Random(SEED + 1)
    wrong = [forged(chance, case.receipt) for case in cases]
    files = [(receipt.to_json(), case.log.root) for receipt, case in zip(wrong, cases, strict=True)]

    said = [by_python(*file) for file in files]

    assert not any(ok for ok, _ in said)
    assert by_javascript(files) == said
    assert not any(by_solidity(contracts, cases, wrong))


def test_both_name_the_same_fault_in_an_altered_file(cases: list[Case]) -> None:
    chance = random.Random(SEED + 4)
    files = []
    for case in cases:
        file = case.receipt.to_json()
        at = chance.choice([at for at, byte in enumerate(file) if byte in b"123456789"])
        files.append((changed(file, at, chance.choice([d for d in b"123456789" if d != file[at]])), case.log.root))

    said = [by_python(*file) for file in files]

    assert not any(ok for ok, _ in said)
    assert by_javascript(files) == said


@pytest.mark.parametrize(
    "some", [slice(ALTERED_IN_SHORT), pytest.param(slice(ALTERED_IN_SHORT, None), marks=pytest.mark.long)]
)
def test_every_change_of_one_byte_is_refused_by_all_three(contracts: Contracts, cases: list[Case], some: slice) -> None:
    chance = random.Random(SEED + 2)
    chosen = chance.sample([case for case in cases if case.log.size <= ALTERED_UP_TO], ALTERED)[some]
    files = [case.receipt.to_json() for case in chosen]
    others = [[replacements(chance, file) for _ in range(ROUNDS)] for file in files]
    question = [
        {"text": file.decode(), "with": [round_.hex() for round_ in rounds]}
        for file, rounds in zip(files, others, strict=True)
    ]
    process = javascript({"alter": question})
    asked = 0

    for case, file, rounds in zip(chosen, files, others, strict=True):
        for other in rounds:
            assert [at for at, byte in enumerate(other) if accepted(changed(file, at, byte))] == []
            assert contracts.still_sound(file, other) == 0
            changes = claims_changed(case.receipt, file, other)
            assert contracts.still_accepted(contracts.ledger(case.log), case.receipt, changes) == 0
            asked += len(changes)

    assert answer_of(process) == []
    assert asked > 200 * len(chosen) * ROUNDS


def changed(file: bytes, at: int, byte: int) -> bytes:
    return file[:at] + bytes([byte]) + file[at + 1 :]


def accepted(file: bytes) -> bool:
    try:
        verify(parse(file))
    except ReceiptError:
        return False
    return True


def claims_changed(receipt: Receipt, file: bytes, other: bytes) -> list[Change]:
    """
    The changes of a receipt's call that a careless reader would hand to a contract, who looks at no checksum.

    An altered byte outside the entry, its index, the size and the proof does not reach the contract, or makes no call.
    """
    call, claim = call_of(receipt), claim_of(file)
    start, stop = file.index(b'"index"'), file.index(b'"block":', file.index(b'"proof"'))
    found = []
    for at in range(start, stop):
        altered = changed(file, at, other[at])
        if (read := claim_of(altered)) and read != claim and (another := call_made(altered)):
            found.append(change_between(call, another))
    return found


def call_made(file: bytes) -> bytes | None:
    """The call of a file whose fields are in their form, whatever its checksum."""
    body, seam, _ = file.rpartition(b',"checksum":')
    try:
        return call_of(parse(body + seam + b'"0x' + keccak(body).hex().encode() + b'"}\n'))
    except ReceiptError:
        return None


def test_the_browsers_keccak_is_ours_at_every_length_around_its_blocks() -> None:
    chance = random.Random(SEED + 3)
    messages = [chance.randbytes(length) for length in (*range(300), 135 * 3, 136 * 3, 136 * 3 + 1, 5000)]

    found = answer_of(javascript({"hash": [message.hex() for message in messages]}))

    assert found == [keccak(message).hex() for message in messages]


def test_a_thousand_random_receipts_agree_in_all_three(contracts: Contracts, cases: list[Case]) -> None:
    files = [(case.receipt.to_json(), case.log.root) for case in cases]

    said = [by_python(*file) for file in files]

    assert all(ok for ok, _ in said)
    assert by_javascript(files) == said
    assert all(by_solidity(contracts, cases, [case.receipt for case in cases]))
    assert all(contracts.sound(file) for file, _ in files[:ALTERED])


def test_at_a_million_entries_a_receipt_is_small_and_a_contract_verifies_it_for_less_than_100_000_gas(
    contracts: Contracts,
) -> None:
    address, most, word = Address(b"\xab" * 20), 9_999_999_999, Hash32(b"\xff" * 32)
    entry = Entry(ETHER, address, address, MAX_VALUE, most, word)
    lengths, gas = [], []
    for size, index in [(MILLION, 0), (MILLION, 524_287), (2**20, 777_777), (2**20 - 1, 2**20 - 3)]:
        log = SparseLog(bytes([index % 251]), size, {index: entry}, {size, size - 1})
        receipt = make(
            Whose(ChainId(31337), contracts.ledger(log), Size(size)), log.perfect, size, index, entry, None
        )  # fmt: skip
        gas.append(host.gas_of(contracts.chain.rpc, receipt))
        host.check(receipt, host.ask(contracts.chain.rpc, receipt))
        block = make_block(word, size, most, Size(size - 1), root_at(log.perfect, size - 1))
        longest = make(
            Whose(ChainId(2**53 - 1), address, Size(0)),
            log.perfect, size, index, entry, block, HostHint(most, word), HostAnchor(most, word),
        )  # fmt: skip
        assert verify(longest).against is None
        lengths.append(len(longest.to_json()))

    assert 2_900 < max(lengths) < 3_000
    assert 40_000 < max(gas) < 100_000
