"""One box for everything: all that a text names is found, and nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import anchor_of, transaction_hash
from smartchain.node.explorer.search import MOST_CHARACTERS, Found, possible_memos, search
from tests.browser.making import LEDGER, WALLETS, World, info_of, memo_of, paid
from tests.fakes.store import ListStore

NOW = 1_700_000_000
ANNA, BEN, CARL = WALLETS[:3]


@pytest.fixture(scope="module")
def store() -> ListStore:
    memos = ["", "rent", "3", "rent", "coffee", "0xab", "ab"]
    world = World([paid(ANNA, BEN, 5, NOW + at, memo) for at, memo in enumerate(memos)], info_of(started=NOW))
    world.add(*(paid(BEN, ANNA, 7, NOW + 60 + at, "late") for at in range(30)))
    return world.store


def found(store: ListStore, text: str) -> Found:
    with store.view() as view:
        return search(view, text)


def hrefs(store: ListStore, text: str) -> list[str]:
    return [hit.href for hit in found(store, text).hits]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Type an address"),
        ("nobody wrote this", "Nothing in the verified chain"),
        ("9" * 19, "Nothing in the verified chain"),
        ("x" * (MOST_CHARACTERS + 1), "longer than anything"),
        ("0x" + "ab" * 25, "A hash has 64 hex digits"),
        ("' OR 1=1 --", "Nothing in the verified chain"),
        ("../../etc/passwd", "Nothing in the verified chain"),
        ("\ud800", "Nothing in the verified chain"),
    ],
)
def test_what_names_nothing_says_why(store: ListStore, text: str, says: str) -> None:
    result = found(store, text)

    assert result.hits == ()
    assert says in result.remark


def test_an_address_with_a_wrong_checksum_is_not_taken_for_another(store: ListStore) -> None:
    result = found(store, checksum(ANNA).swapcase().replace("0X", "0x"))

    assert result.hits == ()
    assert "checksum is wrong" in result.remark


def test_an_address_is_found_in_either_case_and_without_its_prefix(store: ListStore) -> None:
    expected = [f"/address/{checksum(ANNA)}"]

    assert (
        hrefs(store, checksum(ANNA)) == hrefs(store, "0x" + ANNA.hex()) == hrefs(store, ANNA.hex().upper()) == expected
    )


def test_a_number_is_a_block_an_entry_and_perhaps_a_memo(store: ListStore) -> None:
    assert hrefs(store, "3") == ["/block/3", "/entry/3", "/entry/2"]


def test_a_number_with_a_hash_sign_is_an_entry_alone(store: ListStore) -> None:
    assert hrefs(store, "#3") == ["/entry/3"]


def test_a_block_is_found_by_its_hash(store: ListStore) -> None:
    assert hrefs(store, "0x" + store.chain[2].hash.hex()) == ["/block/2"]


def test_an_entry_is_found_by_its_host_transaction_and_by_its_own_hash(store: ListStore) -> None:
    with store.view() as view:
        third = view.entry(3)
    assert third is not None
    own = transaction_hash(anchor_of(store.info.chain_id, LEDGER), 3, third.entry.leaf)

    assert hrefs(store, third.transaction.hex()) == hrefs(store, "0x" + own.hex()) == ["/entry/3"]


def test_a_memo_of_one_entry_leads_to_it_and_one_of_several_to_their_list(store: ListStore) -> None:
    assert hrefs(store, "coffee") == ["/entry/4"]
    assert hrefs(store, " rent ") == [f"/entries?memo=0x{memo_of('rent').hex()}"]
    assert found(store, "rent").hits[0].says == "2 entries have the memo rent"
    assert found(store, "late").hits[0].says == "more than 20 entries have the memo late"


def test_a_memo_is_found_by_its_hex(store: ListStore) -> None:
    assert hrefs(store, "0x" + memo_of("coffee").hex()) == hrefs(store, "0x" + b"coffee".hex()) == ["/entry/4"]


def test_hex_without_its_prefix_is_first_of_all_a_text(store: ListStore) -> None:
    assert hrefs(store, "ab") == ["/entry/6"]
    assert hrefs(store, "0xab") == ["/entry/5"]


@given(st.text(max_size=300))
def test_whatever_is_typed_finds_something_or_says_why(store: ListStore, text: str) -> None:
    result = found(store, text)

    assert result.hits or result.remark
    assert all(hit.href.startswith("/") and not hit.href.startswith("//") for hit in result.hits)


@given(st.text(max_size=80))
def test_a_possible_memo_has_32_bytes_and_is_not_empty(text: str) -> None:
    for memo in possible_memos(text):
        assert len(memo) == 32
        assert any(memo)
