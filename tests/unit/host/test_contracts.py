"""Call data and answers, held to eth_abi and to the committed ABI."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from smartchain.errors import NotALedger, SettingsError
from smartchain.host import contracts, reverts
from smartchain.host.contracts import DecodedError, Opening, Subject, decode_error
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import MAX_PAYMENT
from smartchain.ports import Genesis, Head
from smartchain.types import Address, Hash32, Size

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
HASHES = st.binary(min_size=32, max_size=32).map(Hash32)
VALUES = st.integers(0, MAX_PAYMENT)
ALICE = Address(b"\xa1" * 20)

VIEWS = ["size", "root", "head", "peaks", "blockRule", "genesis", "feePpm", "treasury", "seal", "collect", "checkpoint"]


def encoded(name: str, *arguments: Any) -> bytes:
    """Call data as web3.py makes it from the committed ABI."""
    contract = Web3().eth.contract(abi=contracts.abi())
    return bytes.fromhex(contract.encode_abi(name, list(arguments))[2:])


@pytest.mark.parametrize("value", [-1, MAX_PAYMENT + 1])
def test_a_value_that_fits_no_batch_is_refused(value: int) -> None:
    with pytest.raises(SettingsError, match="by itself"):
        contracts.relay_batch_data([(ALICE, value)])


@given(ADDRESSES, HASHES)
def test_relay_is_encoded_as_the_abi_says(recipient: Address, memo: Hash32) -> None:
    assert contracts.relay_data(recipient, memo) == encoded("relay", checksum(recipient), memo)


@given(st.lists(st.tuples(ADDRESSES, VALUES), max_size=5), HASHES)
def test_a_batch_is_encoded_as_the_abi_says(payments: list[tuple[Address, int]], memo: Hash32) -> None:
    words = [recipient + value.to_bytes(12, "big") for recipient, value in payments]

    assert contracts.relay_batch_data(payments, memo) == encoded("relayBatch", words, memo)


@pytest.mark.parametrize("name", VIEWS)
def test_calls_without_arguments_are_encoded_as_the_abi_says(name: str) -> None:
    constant = "".join("_" + c if c.isupper() else c.upper() for c in name) + "_DATA"

    assert getattr(contracts, constant) == encoded(name)


def test_calls_with_an_argument_are_encoded_as_the_abi_says() -> None:
    assert contracts.subject_data(ALICE) == encoded("subject", checksum(ALICE))
    assert contracts.checkpoint_at_data(7) == encoded("checkpointAt", 7)
    assert contracts.seal_data() + contracts.collect_data() + contracts.checkpoint_data() == (
        encoded("seal") + encoded("collect") + encoded("checkpoint")
    )


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 100_000), ADDRESSES, st.lists(HASHES))
def test_a_deployment_is_the_bytecode_and_the_arguments(
    most: int, interval: int, fee: int, treasury: Address, peaks: list[Hash32]
) -> None:
    kinds = ["uint32", "uint32", "uint32", "address", "(uint64,uint64,bytes32[])"]
    arguments = encode(kinds, [most, interval, fee, checksum(treasury), (9, 8, peaks)])

    data = contracts.deploy_data(most, interval, fee, treasury, Opening(9, 8, tuple(peaks)))

    assert data == contracts.bytecode() + arguments


def test_a_deployment_without_a_snapshot_opens_empty() -> None:
    kinds = ["uint32", "uint32", "uint32", "address", "(uint64,uint64,bytes32[])"]
    arguments = encode(kinds, [100, 0, 0, "0x" + "00" * 20, (0, 0, [])])

    assert contracts.deploy_data(100, 0) == contracts.bytecode() + arguments


@given(st.lists(HASHES, max_size=64))
def test_peaks_are_read_as_eth_abi_writes_them(peaks: list[Hash32]) -> None:
    assert contracts.decode_peaks(encode(["bytes32[]"], [peaks])) == peaks


@given(st.text(max_size=80), st.text(max_size=80), st.integers(0, 255))
def test_a_subject_is_read_as_eth_abi_writes_it(name: str, symbol: str, decimals: int) -> None:
    answer = encode(["string", "string", "uint8"], [name, symbol, decimals])

    assert contracts.decode_subject(answer) == Subject(name, symbol, decimals)


def test_answers_of_one_form_are_read_as_eth_abi_writes_them() -> None:
    root = Hash32(b"\x07" * 32)

    assert contracts.decode_size(encode(["uint64"], [2**64 - 1])) == 2**64 - 1
    assert contracts.decode_root(encode(["bytes32"], [root])) == root
    assert contracts.decode_head(encode(["uint64", "bytes32"], [5, root])) == Head(Size(5), root)
    assert contracts.decode_block_rule(encode(["uint32", "uint32"], [100, 60])) == BlockRule(100, 60)
    assert contracts.decode_genesis(encode(["uint64", "bytes32", "uint64"], [3, root, 9])) == Genesis(Size(3), root, 9)
    assert contracts.decode_fee_ppm(encode(["uint32"], [50])) == 50
    assert contracts.decode_treasury(encode(["address"], [checksum(ALICE)])) == ALICE
    assert contracts.decode_treasury(bytes(32)) is None


@pytest.mark.parametrize(
    "decode",
    [
        contracts.decode_size,
        contracts.decode_root,
        contracts.decode_head,
        contracts.decode_peaks,
        contracts.decode_block_rule,
        contracts.decode_genesis,
        contracts.decode_fee_ppm,
        contracts.decode_treasury,
        contracts.decode_subject,
    ],
)
@pytest.mark.parametrize("answer", [b"", b"\x01", bytes(31), b"\xff" * 33, b"\xff" * 64 * 3 + b"\x01"])
def test_an_answer_of_another_form_is_no_ledger_s(decode: Any, answer: bytes) -> None:
    with pytest.raises(NotALedger):
        decode(answer)


@pytest.mark.parametrize(
    ("decode", "words"),
    [(contracts.decode_size, 1), (contracts.decode_head, 2), (contracts.decode_block_rule, 2),
     (contracts.decode_fee_ppm, 1), (contracts.decode_treasury, 1), (contracts.decode_subject, 6),
     (contracts.decode_peaks, 3)],
)  # fmt: skip
def test_a_number_with_high_bits_is_no_ledger_s(decode: Any, words: int) -> None:
    with pytest.raises(NotALedger):
        decode(b"\xff" * 32 * words)


NEVER_SEEN = {
    "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS", "ERC20InvalidApprover", "ERC20InvalidSender",
    "InvalidAccountNonce", "InvalidShortString", "StringTooLong",
}  # fmt: skip
"""Errors that a coin inherits and that no call of an honest wallet ends with."""


def declared_errors() -> dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]]:
    """Types and names of an error's values, by its own name and the types: two errors share a name."""
    found = {}
    for name in ("BPSC", "BPSCFactory", "BitcoinBurnClaim", "Coin", "ILedger", "TokenBPSC", "TokenBurnClaim"):
        for item in contracts.abi(name):
            if item["type"] == "error" and item["name"] not in NEVER_SEEN:
                fields = [(field["type"], field["name"]) for field in item["inputs"]]
                found[item["name"], tuple(kind for kind, _ in fields)] = fields
    return found


def test_every_error_of_the_contracts_has_its_sentence_with_its_values() -> None:
    known = {(name, tuple(kind for kind, _ in fields)): fields for name, fields, _ in reverts._KNOWN.values()}

    assert declared_errors().items() <= known.items()


@pytest.mark.parametrize(("name", "fields"), [(name, fields) for (name, _), fields in declared_errors().items()])
def test_an_error_is_decoded_with_its_values(name: str, fields: list[tuple[str, str]]) -> None:
    hashed = Hash32(bytes(range(32)))
    values = [
        {"address": checksum(ALICE), "bytes32": "0x" + hashed.hex()}.get(kind, 1000 + n)
        for n, (kind, _) in enumerate(fields)
    ]
    kinds = [kind for kind, _ in fields]
    words = [hashed if kind == "bytes32" else value for kind, value in zip(kinds, values, strict=True)]
    data = reverts.selector(f"{name}({','.join(kinds)})") + encode(kinds, words)

    error = decode_error(data)

    assert error is not None
    assert (error.name, error.values) == (name, dict(zip((field for _, field in fields), values, strict=True)))
    for value in values:
        forms = {str(value), f"{value:08x}"} if isinstance(value, int) else {str(value), hashed[::-1].hex()}
        assert any(form in error.sentence for form in forms)
    assert not set("{}") & set(error.sentence)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\x00", lambda data: data[:4]])
def test_an_error_of_another_length_is_not_understood(change: Any) -> None:
    data = reverts.selector("WrongSum(uint256,uint256)") + bytes(64)

    assert decode_error(data) is not None
    assert decode_error(change(data)) is None


@pytest.mark.parametrize("data", [b"", b"\x01\x02\x03", b"\xde\xad\xbe\xef" + bytes(32)])
def test_a_stranger_s_error_is_not_understood(data: bytes) -> None:
    assert decode_error(data) is None


def test_the_texts_and_panics_of_other_contracts_are_read() -> None:
    text = reverts.selector("Error(string)") + encode(["string"], ["not\nowner"])
    panic = reverts.selector("Panic(uint256)") + encode(["uint256"], [0x11])

    assert decode_error(text) == DecodedError("Error", {"message": "not\nowner"}, "the contract says: not owner")
    assert decode_error(panic) == DecodedError(
        "Panic", {"code": 17}, "the contract stopped at an impossible state (panic 0x11)"
    )
    assert decode_error(text[:40]) is None
