"""A factory that misleads, and a host that does, read from Python: refused in a sentence, and never without end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import HostUnavailable, MalformedLog, NotAFactory, RpcRefused
from smartchain.host.contracts import BLOCK_RULE_DATA, HEAD_DATA, SUBJECT, Subject
from smartchain.host.factory import COUNT_DATA, PAGE, REGISTRY_ROOT_DATA, REGISTRY_SIZE_DATA, Listed
from smartchain.host.registry import PAGE_LENGTH, Factory
from smartchain.host.tokens import COIN_DATA, TOKEN_DATA, token_of
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import EMPTY_ROOT, ETHER
from smartchain.types import Address

FACTORY, LEDGER, COIN = Address(b"\xfa" * 20), Address(b"\x1e" * 20), Address(b"\xc0" * 20)
NO_HEX: list[Any] = [None, 7, [], {}, True, "0xzz", "0x123", "hex"]

Answer = Callable[[bytes], Any]


class Host:
    """A node of which each answer is written down: of calls by whom they are for and the selector."""

    name = "http://host"

    def __init__(self) -> None:
        self.calls: dict[tuple[Address, bytes], Answer] = {
            (FACTORY, REGISTRY_SIZE_DATA): lambda _: words(0),
            (FACTORY, REGISTRY_ROOT_DATA): lambda _: "0x" + EMPTY_ROOT.hex(),
        }
        self.answers: dict[str, Any] = {"eth_getCode": "0x60", "eth_blockNumber": "0x9", "eth_getLogs": []}
        self.asked = 0

    def call(self, method: str, *params: Any) -> Any:
        self.asked += 1
        if method != "eth_call":
            return self.answers[method]
        to, data = bytes.fromhex(params[0]["to"][2:]), bytes.fromhex(params[0]["data"][2:])
        if answer := self.calls.get((Address(to), data[:4])):
            return answer(data[4:])
        raise RpcRefused("http://host answers eth_call with: execution reverted", 3)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        raise NotImplementedError(method, params)

    def says(self, selector: bytes, answer: Any, of: Address = FACTORY) -> None:
        self.calls[of, selector] = answer if callable(answer) else lambda _: answer


def words(*numbers: int) -> str:
    return "0x" + b"".join(number.to_bytes(32, "big") for number in numbers).hex()


def page_of(first: int, length: int) -> str:
    """A page of made-up ledgers."""
    rows = [(checksum(Address((first + n + 1).to_bytes(20, "big"))), False) for n in range(length)]
    return "0x" + encode(["(address,bool)[]"], [rows]).hex()


def described(symbol: bytes) -> Answer:
    return lambda _: "0x" + encode(["string", "bytes", "uint8"], ["A name", symbol, 18]).hex()


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_list_that_never_ends_is_read_as_far_as_it_was_counted(host: Host) -> None:
    host.says(COUNT_DATA, words(1_200))
    host.says(PAGE, lambda asked: page_of(int.from_bytes(asked[:32], "big"), PAGE_LENGTH))

    found = list(itertools.islice(Factory(host, FACTORY).ledgers(), 5_000))

    assert len(found) == 3 * PAGE_LENGTH
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("count", [2**32 + 1, 2**64 - 1, 2**64, 2**256 - 1])
def test_more_ledgers_than_a_chain_can_have_are_no_factorys(host: Host, count: int) -> None:
    host.says(COUNT_DATA, words(count))
    host.says(PAGE, page_of(0, PAGE_LENGTH))

    with pytest.raises(NotAFactory, match="no factory of ledgers"):
        next(Factory(host, FACTORY).ledgers())


def test_a_page_of_more_than_was_asked_for_is_refused_before_it_is_read(host: Host) -> None:
    host.says(COUNT_DATA, words(10**6))
    host.says(PAGE, page_of(0, PAGE_LENGTH + 1))

    with pytest.raises(NotAFactory, match="no factory of ledgers"):
        next(Factory(host, FACTORY).ledgers())


@pytest.mark.parametrize("answer", ["0x", words(1, 2), "0x" + "ff" * 32, "0x00"])
def test_an_answer_of_another_form_is_no_factorys_whatever_was_asked(host: Host, answer: str) -> None:
    factory = Factory(host, FACTORY)
    for selector in (COUNT_DATA, PAGE):
        host.says(selector, answer)

    with pytest.raises(NotAFactory, match="check --factory"):
        factory.count()
    with pytest.raises(NotAFactory, match="check --factory"):
        list(factory.ledgers())


@pytest.mark.parametrize("answer", NO_HEX, ids=repr)
def test_a_host_whose_answer_is_no_hex_is_named_for_it(host: Host, answer: Any) -> None:
    factory = Factory(host, FACTORY)
    for selector in (COUNT_DATA, REGISTRY_SIZE_DATA, REGISTRY_ROOT_DATA):
        host.says(selector, answer)
    host.says(HEAD_DATA, answer, LEDGER)
    host.says(TOKEN_DATA, answer, LEDGER)

    asks: list[Callable[[], Any]] = [
        factory.count, factory.registry, factory.heads, lambda: factory.chain(Listed(LEDGER, True)),
        lambda: token_of(host, LEDGER),
    ]  # fmt: skip
    for ask in asks:
        with pytest.raises(HostUnavailable, match="another node"):
            ask()


@pytest.mark.parametrize("number", [None, 9, "", "nine", [], {}])
def test_a_host_that_does_not_know_its_height_is_named_for_it(host: Host, number: Any) -> None:
    host.answers["eth_blockNumber"] = number

    with pytest.raises(HostUnavailable, match="no number in hex"):
        Factory(host, FACTORY).heads()


@pytest.mark.parametrize(
    "logs",
    [None, 7, True, [None], [7], ["0x"], [{}], [{"data": None, "topics": []}], [{"data": "0xzz", "topics": ["0x"] * 4}],
     [{"data": words(1, 2), "topics": ["0x", "0x"]}], [{"data": words(2**64, 2), "topics": [words(0)] * 3}],
     [{"data": words(1, 2), "topics": [words(2**160)] * 3}]],
    ids=str,
)  # fmt: skip
def test_logs_of_another_form_are_named_as_the_hosts_fault(host: Host, logs: Any) -> None:
    host.answers["eth_getLogs"] = logs

    with pytest.raises(MalformedLog, match="not a list of a factory's logs"):
        Factory(host, FACTORY).heads()


@given(st.binary(max_size=400), st.sampled_from([HEAD_DATA, BLOCK_RULE_DATA, TOKEN_DATA, COIN_DATA, SUBJECT]))
def test_whatever_a_listed_ledger_answers_it_is_described_by_no_more_than_it_said(said: bytes, about: bytes) -> None:
    host = Host()
    host.says(about, "0x" + said.hex(), LEDGER)

    chain = Factory(host, FACTORY).chain(Listed(LEDGER, False))

    assert (chain.head is not None) == (about == HEAD_DATA and len(said) == 64 and not any(said[:24]))
    assert chain.rule is None or (about == BLOCK_RULE_DATA and len(said) == 64)
    assert chain.subject is None or (about == TOKEN_DATA and len(said) == 32)
    assert chain.described is None or chain.described.symbol.isprintable()


@pytest.mark.parametrize(
    "symbol", [b"\xff\xfe", b"\xed\xa0\x80", b"A\x1b[2J", "\u202eHTE".encode(), b"\n" * 9, b"x" * 5_000]
)
def test_a_symbol_of_hostile_bytes_is_shown_harmlessly(host: Host, symbol: bytes) -> None:
    host.says(SUBJECT, described(symbol), LEDGER)

    chain = Factory(host, FACTORY).chain(Listed(LEDGER, False))

    assert chain.described is not None
    assert chain.described.symbol.isprintable()
    assert len(chain.described.symbol) <= 64


def test_a_coin_of_its_own_is_known_by_its_subject(host: Host) -> None:
    host.says(COIN_DATA, "0x" + (bytes(12) + COIN).hex(), LEDGER)
    of_coin = (bytes(12) + COIN).__eq__

    def subject(asked: bytes) -> str:
        if not of_coin(asked):
            raise RpcRefused("execution reverted", 3)
        return "0x" + encode(["string", "string", "uint8"], ["New Coin", "NEW", 6]).hex()

    host.says(SUBJECT, subject, LEDGER)

    chain = Factory(host, FACTORY).chain(Listed(LEDGER, False))

    assert (chain.subject, chain.described) == (COIN, Subject("New Coin", "NEW", 6))


def test_a_number_that_is_no_subject_of_the_ledger_is_not_taken_for_one(host: Host) -> None:
    host.says(COIN_DATA, words(7), LEDGER)
    assert Factory(host, FACTORY).chain(Listed(LEDGER, False)).subject is None

    def ether(asked: bytes) -> str:
        if asked[12:] != ETHER:
            raise RpcRefused("execution reverted", 3)
        return "0x" + encode(["string", "string", "uint8"], ["Ether", "ETH", 18]).hex()

    host.says(SUBJECT, ether, LEDGER)
    assert Factory(host, FACTORY).chain(Listed(LEDGER, False)).subject == ETHER


def test_ether_is_no_token_and_its_ledger_has_to_describe_it(host: Host) -> None:
    host.says(TOKEN_DATA, "0x" + (bytes(12) + ETHER).hex(), LEDGER)

    assert Factory(host, FACTORY).chain(Listed(LEDGER, False)).subject is None
