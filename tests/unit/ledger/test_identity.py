"""Identifiers of Ethereum's clients, held to what other code says of the same."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_bloom.bloom import BloomFilter
from eth_utils.abi import event_signature_to_log_topic
from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.identity import TRANSFER, address_in, bloom_bits, topic_of
from smartchain.types import Address, Hash32

ADDRESSES = st.binary(min_size=20, max_size=20).map(Address)


def test_the_topic_of_a_transfer_is_erc_20s() -> None:
    assert event_signature_to_log_topic("Transfer(address,address,uint256)") == TRANSFER


@given(address=ADDRESSES)
def test_an_address_is_a_topic_as_the_abi_has_it_and_comes_back(address: Address) -> None:
    assert topic_of(address) == encode(["address"], ["0x" + address.hex()])
    assert address_in(topic_of(address)) == address


@given(address=ADDRESSES, first=st.integers(0, 11), value=st.integers(1, 255))
def test_a_topic_with_anything_before_the_address_holds_none(address: Address, first: int, value: int) -> None:
    topic = bytearray(topic_of(address))
    topic[first] = value

    assert address_in(Hash32(bytes(topic))) is None


@given(items=st.lists(st.binary(max_size=40), max_size=20))
def test_a_bloom_is_the_one_of_another_implementation(items: list[bytes]) -> None:
    bits = 0
    for item in items:
        bits |= bloom_bits(item)

    assert bits == int(BloomFilter.from_iterable(items))
