"""
A factory of ledgers: where it is, what is said to it, and how its list is read.

It has one address on every chain, since the deterministic deployment proxy puts it there: the address follows from the
proxy's, from a salt and from the bytecode.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.host.contracts import NO_OPENING, Opening, bytecode, opening_words
from smartchain.host.reverts import selector
from smartchain.host.words import WORD, address, address_of, number, small, unlike, words
from smartchain.ledger.hash import ETHER, keccak
from smartchain.types import ZERO_ADDRESS, Address

PROXY = Address(bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c"))
"""The deterministic deployment proxy, at this address on every chain that has it: salt ‖ code makes a contract."""

FACTORY_SALT = keccak(b"smartchain.factory")

_TERMS = "(address,uint32,uint32,uint32,address)"
_GENESIS = "(uint64,uint64,bytes32[])"
DEPLOY = selector(f"deploy({_TERMS},{_GENESIS})")
ADDRESS_OF = selector(f"addressOf(address,{_TERMS},{_GENESIS})")
REGISTER = selector("register(address)")
UPDATE = selector("update(address)")
COUNT_DATA = selector("count()")
PAGE = selector("page(uint64,uint64)")
REGISTRY_SIZE_DATA = selector("registrySize()")
REGISTRY_ROOT_DATA = selector("registryRoot()")
LEDGER_LISTED = keccak(b"LedgerListed(uint64,address,address,bool)")
"""Topic of the event of a ledger that is listed."""
HEAD_RECORDED = keccak(b"HeadRecorded(uint64,address,uint64,bytes32)")
"""Topic of the event of a leaf of the registry."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is fixed when a factory makes a ledger."""

    subject: Address = ETHER
    max_entries: int = 100
    interval: int = 0
    fee_ppm: int = 0
    treasury: Address = ZERO_ADDRESS

    @property
    def words(self) -> bytes:
        numbers = b"".join(map(number, (self.max_entries, self.interval, self.fee_ppm)))
        return address(self.subject) + numbers + address(self.treasury)


@dataclass(frozen=True, slots=True)
class Listed:
    """A ledger of the factory's list."""

    ledger: Address
    deployed: bool
    """Whether the factory made it, so that its code is known; else somebody registered it."""


def factory_address() -> Address:
    """Where the factory is on every chain (EIP-1014)."""
    return Address(keccak(b"\xff" + PROXY + FACTORY_SALT + keccak(bytecode("BPSCFactory")))[12:])


def factory_creation() -> bytes:
    """What is sent to the proxy to make the factory."""
    return FACTORY_SALT + bytecode("BPSCFactory")


def deploy_through_data(terms: Terms, opening: Opening = NO_OPENING) -> bytes:
    """Call data of `deploy`: a ledger for whoever sends it."""
    return DEPLOY + terms.words + number(6 * WORD) + opening_words(opening)


def address_of_data(creator: Address, terms: Terms, opening: Opening = NO_OPENING) -> bytes:
    """Call data of `addressOf`: where that ledger of that creator is, or will be."""
    return ADDRESS_OF + address(creator) + terms.words + number(7 * WORD) + opening_words(opening)


def register_data(ledger: Address) -> bytes:
    return REGISTER + address(ledger)


def update_data(ledger: Address) -> bytes:
    return UPDATE + address(ledger)


def page_data(first: int, most: int) -> bytes:
    return PAGE + number(first) + number(most)


def decode_page(answer: bytes) -> list[Listed]:
    """Ledgers of the list. Raises `NotALedger` where the answer has another form."""
    if len(answer) < 2 * WORD or len(answer) % WORD:
        raise unlike(answer)
    start, count, *rest = words(answer, len(answer) // WORD)
    if int.from_bytes(start, "big") != WORD or int.from_bytes(count, "big") * 2 != len(rest):
        raise unlike(answer)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return [Listed(address_of(ledger), bool(small(deployed, 1))) for ledger, deployed in pairs]
