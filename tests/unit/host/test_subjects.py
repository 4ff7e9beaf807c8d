"""Units of a ledger's subjects: read from the contract, asked for once, and waited for by nobody for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from eth_abi.abi import encode

from smartchain.errors import HostUnavailable, NotALedger, RpcRefused, SmartchainError, UnitUnknown
from smartchain.host import subjects
from smartchain.host.subjects import MOST_SUBJECTS, Units, token_unit, unit_of
from smartchain.ledger.hash import ETHER, SEAL
from smartchain.ledger.unit import ETHER_UNIT, Unit
from smartchain.types import Address

LEDGER, TOKEN = Address(b"\x01" * 20), Address(b"\x70" * 20)


def said(symbol: str = "USDC", decimals: int = 6) -> str:
    return "0x" + encode(["string", "string", "uint8"], ["A token", symbol, decimals]).hex()


class Contract:
    """Implements `ports.Rpc`: answers `subject()` and `decimals()`, late if told so."""

    name = "http://contract"

    def __init__(self, answer: str | SmartchainError, decimals: str | SmartchainError = "0x") -> None:
        self.answer, self.decimals = answer, decimals
        self.go = threading.Event()
        self.go.set()
        self.asked = 0

    def call(self, method: str, *params: Any) -> Any:
        self.asked += 1
        self.go.wait(10)
        answer = self.decimals if params[0]["data"] == "0x" + subjects.DECIMALS_DATA.hex() else self.answer
        if isinstance(answer, SmartchainError):
            raise answer
        return answer

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        return b""


@pytest.mark.parametrize("answer", ["0x", "0x" + "ff" * 160, said()[:-64], RpcRefused("SubjectUnknown")])
def test_what_is_no_description_leaves_amounts_raw(answer: str | SmartchainError) -> None:
    assert unit_of(Contract(answer), LEDGER, TOKEN) == Unit(TOKEN)


def test_text_that_is_no_utf_8_is_replaced_and_ether_is_not_asked_for() -> None:
    broken = said("US").replace(b"US".hex().ljust(64, "0"), "55ff".ljust(64, "0"))
    contract = Contract(broken)

    assert unit_of(contract, LEDGER, TOKEN) == Unit(TOKEN, "U\ufffd", 6)
    assert unit_of(contract, LEDGER, ETHER) == ETHER_UNIT
    assert contract.asked == 1


@pytest.mark.parametrize("decimals", ["0x" + f"{18:064x}", "0x", "0x" + "ff" * 32, RpcRefused("none")])
def test_a_token_that_says_other_decimals_or_none_stops_the_payment(decimals: str | SmartchainError) -> None:
    with pytest.raises(UnitUnknown, match="6 decimals"):
        token_unit(Contract(said(), decimals), LEDGER, TOKEN, TOKEN)

    assert token_unit(Contract(said(), "0x" + f"{6:064x}"), LEDGER, TOKEN, TOKEN) == Unit(TOKEN, "USDC", 6)
    assert token_unit(Contract("0x"), LEDGER, TOKEN, TOKEN) == Unit(TOKEN)


def test_a_subject_is_asked_for_once_and_seals_and_ether_never() -> None:
    contract = Contract(said())
    units = Units(lambda: contract, LEDGER)

    assert [units(TOKEN), units(TOKEN)] == [Unit(TOKEN, "USDC", 6)] * 2
    assert (units(ETHER), units(SEAL)) == (ETHER_UNIT, Unit(SEAL))
    assert contract.asked == 1


def test_a_host_that_hangs_holds_nobody_up_and_its_answer_counts_later() -> None:
    contract = Contract(said())
    contract.go.clear()
    units = Units(lambda: contract, LEDGER)
    started = time.monotonic()

    assert [units(TOKEN), units(TOKEN)] == [Unit(TOKEN)] * 2
    assert time.monotonic() - started < 5

    contract.go.set()
    while units(TOKEN) != Unit(TOKEN, "USDC", 6):
        assert time.monotonic() - started < 10
    assert contract.asked == 1


def test_a_host_that_is_away_is_left_alone_for_a_while() -> None:
    contract = Contract(HostUnavailable("down"))
    units = Units(lambda: contract, LEDGER)

    assert [units(TOKEN) for _ in range(20)] == [Unit(TOKEN)] * 20
    assert contract.asked == 1


def test_a_ledger_of_ever_new_subjects_makes_nobody_ask_without_end() -> None:
    contract = Contract(NotALedger("nothing"))
    units = Units(lambda: contract, LEDGER)

    for number in range(MOST_SUBJECTS + 50):
        units(Address(number.to_bytes(20, "big")))

    assert contract.asked == MOST_SUBJECTS
