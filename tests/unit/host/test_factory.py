"""What is said to a factory and to a token's ledger, held to eth_abi and to the committed ABI."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from smartchain.errors import NotALedger
from smartchain.host import contracts, factory, tokens
from smartchain.host.contracts import NO_OPENING, Opening
from smartchain.host.factory import Listed, Terms
from smartchain.host.tokens import Permit
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import ZERO_HASH, Address, Hash32

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)
HASHES = st.binary(min_size=32, max_size=32).map(Hash32)
UINT32 = st.integers(0, 2**32 - 1)
TERMS = st.builds(Terms, ADDRESSES, UINT32, UINT32, UINT32, ADDRESSES)
OPENINGS = st.builds(Opening, st.integers(0, 2**48), st.integers(0, 2**64 - 1), st.lists(HASHES, max_size=3).map(tuple))
ALICE = Address(b"\xa1" * 20)


def encoded(contract: str, name: str, *arguments: Any) -> bytes:
    """Call data as web3.py makes it from the committed ABI."""
    made = Web3().eth.contract(abi=contracts.abi(contract))
    return bytes.fromhex(made.encode_abi(name, list(arguments))[2:])


def plain(terms: Terms) -> tuple[Any, ...]:
    numbers = (terms.max_entries, terms.interval, terms.fee_ppm)
    return checksum(terms.subject), *numbers, checksum(terms.treasury)


@given(TERMS, OPENINGS, ADDRESSES)
def test_a_deployment_through_a_factory_is_encoded_as_the_abi_says(
    terms: Terms, opening: Opening, creator: Address
) -> None:
    genesis = (opening.size, opening.timestamp, list(opening.peaks))

    assert factory.deploy_through_data(terms, opening) == encoded("BPSCFactory", "deploy", plain(terms), genesis)
    assert factory.address_of_data(creator, terms, opening) == encoded(
        "BPSCFactory", "addressOf", checksum(creator), plain(terms), genesis
    )


def test_the_other_calls_of_a_factory_are_encoded_as_the_abi_says() -> None:
    assert factory.register_data(ALICE) == encoded("BPSCFactory", "register", checksum(ALICE))
    assert factory.update_data(ALICE) == encoded("BPSCFactory", "update", checksum(ALICE))
    assert factory.page_data(7, 500) == encoded("BPSCFactory", "page", 7, 500)
    assert encoded("BPSCFactory", "count") == factory.COUNT_DATA
    assert (
        encoded("BPSCFactory", "registrySize") + encoded("BPSCFactory", "registryRoot")
    ) == factory.REGISTRY_SIZE_DATA + factory.REGISTRY_ROOT_DATA
    topics = {one["name"]: one["inputs"] for one in contracts.abi("BPSCFactory") if one["type"] == "event"}
    for name, topic in (("LedgerListed", factory.LEDGER_LISTED), ("HeadRecorded", factory.HEAD_RECORDED)):
        signature = f"{name}({','.join(field['type'] for field in topics[name])})"
        assert topic == keccak(signature.encode())


@given(ADDRESSES, st.integers(0, 2**256 - 1), HASHES, st.integers(0, 255))
def test_payments_in_a_token_are_encoded_as_the_abi_says(to: Address, value: int, memo: Hash32, v: int) -> None:
    permit = Permit(value, 2**256 - 1, v, memo, ZERO_HASH)
    signed = (permit.value, permit.deadline, permit.v, permit.r, permit.s)

    assert tokens.relay_token_data(to, value, memo) == encoded("TokenBPSC", "relay", checksum(to), value, memo)
    assert tokens.relay_with_permit_data(to, value, memo, permit) == encoded(
        "TokenBPSC", "relayWithPermit", checksum(to), value, memo, signed
    )
    assert tokens.approve_data(to, value)[4:] == encode(["address", "uint256"], [checksum(to), value])
    assert encoded("TokenBPSC", "token") == tokens.TOKEN_DATA


@given(ADDRESSES, UINT32, UINT32, UINT32, ADDRESSES, OPENINGS)
def test_a_tokens_ledger_is_its_bytecode_and_the_arguments(
    token: Address, most: int, interval: int, fee: int, treasury: Address, opening: Opening
) -> None:
    kinds = ["address", "uint32", "uint32", "uint32", "address", "(uint64,uint64,bytes32[])"]
    genesis = (opening.size, opening.timestamp, list(opening.peaks))
    arguments = encode(kinds, [checksum(token), most, interval, fee, checksum(treasury), genesis])

    data = tokens.deploy_token_data(token, most, interval, fee, treasury, opening)

    assert data == contracts.bytecode("TokenBPSC") + arguments
    assert tokens.deploy_token_data(token, 1, 0)[-32 * 4 :] == contracts.opening_words(NO_OPENING)


@given(st.lists(st.builds(Listed, ADDRESSES, st.booleans()), max_size=5))
def test_a_page_is_read_as_eth_abi_writes_it(page: list[Listed]) -> None:
    answer = encode(["(address,bool)[]"], [[(checksum(one.ledger), one.deployed) for one in page]])

    assert factory.decode_page(answer) == page


@pytest.mark.parametrize(
    "answer",
    [b"", bytes(32), bytes(64), bytes(65), (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + bytes(32),
     (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\xff" * 64,
     (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + bytes(63) + b"\2"],
)  # fmt: skip
def test_a_page_of_another_form_is_no_factorys(answer: bytes) -> None:
    with pytest.raises(NotALedger):
        factory.decode_page(answer)
