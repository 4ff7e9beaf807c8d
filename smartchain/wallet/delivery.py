"""
Signed transactions on their way: kept before they are broadcast, followed until they are mined.

A call is signed for one nonce, once and for all. Whatever comes (a break, a node that forgets, a price that
rises, blocks that are replaced), the same bytes are broadcast again, or the same call with the same nonce at
a higher price; of all of these the host can mine one. If another transaction used the nonce, nothing more is
signed. So nothing is paid twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from smartchain.errors import FeeTooHigh, HostError, NonceTaken, NotConfirmed, SettingsError, SmartchainError
from smartchain.ledger.address import checksum
from smartchain.wallet.fees import raised
from smartchain.wallet.flight import (
    Clock,
    Flight,
    Journal,
    OnProgress,
    Patience,
    Progress,
    SystemClock,
    Waiting,
    silent,
)
from smartchain.wallet.lookup import is_canonical, read_host
from smartchain.wallet.mempool import Answer, broadcast
from smartchain.wallet.receipt import Receipt
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call, Signed

WINDOW = 8
"""Transactions on their way at a time; nodes keep 16 of a wallet at least."""


class Delivery:
    """Carries calls to the host chain, in order, a window of them at a time."""

    def __init__(
        self,
        sender: Sender,
        calls: Mapping[int, Call],
        journal: Journal,
        *,
        patience: Patience | None = None,
        nonce: int | None = None,
        window: int = WINDOW,
        clock: Clock | None = None,
        on_progress: OnProgress = silent,
        advice: str = "it may still be: look for it before you pay again",
    ) -> None:
        """Of `calls`, by number, those are sent that the journal does not know; `nonce` is for the first of them."""
        self.flights = journal.flights()
        known = {flight.number for flight in self.flights}
        self._resumed = bool(known)
        self._calls = {number: call for number, call in calls.items() if number not in known}
        self._sender = sender
        self._rpc = sender.rpc
        self._journal = journal
        self._patience = patience or Patience()
        self._nonce = nonce
        self._window = window
        self._tell = on_progress
        self._advice = advice
        self._count = 0
        self._halt: SmartchainError | None = None
        self.halted_at = 0
        """Number of the call that could not be signed, where `go` raises for one."""
        self._problem: SmartchainError | None = None
        self._waiting = Waiting(clock or SystemClock(), self._patience)

    def go(self) -> dict[int, Receipt]:
        """
        Send what is left and follow everything until it is mined; receipts by number, reverted ones too.

        Raises, once nothing is on its way any more: `Refused`, `NotEnoughFunds`, `FeeTooHigh`. At once:
        `NonceTaken`, `NotConfirmed`, `HostError`. Whatever it raises, the journal knows what was signed.
        """
        while not self._step():
            self._rest()
        if self._halt:
            raise self._halt
        return {flight.number: flight.receipt for flight in self.flights if flight.receipt}

    def _step(self) -> bool:
        """Whether everything is done."""
        try:
            self._hand_over()
            self._look()
            if isinstance(self._problem, HostError):
                self._problem = None
            launched = self._launch()
            if self._patience.confirmations == 0:
                return launched and all(flight.under_way for flight in self.flights)
            return launched and all(flight.settled for flight in self.flights) and self._still_there()
        except HostError as exc:
            if not exc.retryable:
                raise
            self._problem = exc
            return False

    # signing and broadcasting

    def _launch(self) -> bool:
        """Sign and broadcast as many as the window holds; whether none is left."""
        while self._calls and not self._halt and self._has_room():
            number = next(iter(self._calls))
            try:
                signed = self._sign(self._calls[number])
            except FeeTooHigh as exc:
                self._wait_for(exc, number)
                return False
            except SmartchainError as exc:
                if exc.retryable:
                    raise
                self._halt, self.halted_at = exc, number
                break
            self._problem = None
            self._keep(Flight(number, []), signed)
        return not self._calls or self._halt is not None

    def _has_room(self) -> bool:
        """Not while it is unsure whether another transaction used one of our nonces."""
        flying = [flight for flight in self.flights if not flight.settled]
        return len(flying) < self._window and all(flight.lost_since is None for flight in flying)

    def _sign(self, call: Call) -> Signed:
        funds = self._sender.funds()
        nonce = self._first_nonce() if self._nonce is not None and not self.flights else None
        if nonce is None:
            used = max((flight.nonce for flight in self.flights), default=-1)
            nonce = max(used + 1, 0 if self._nonce is not None else funds.next_nonce)
        return self._sender.sign(self._sender.prepare(call, nonce, funds.balance))

    def _first_nonce(self) -> int | None:
        """The nonce that was asked for. Raises `SettingsError` if it was used."""
        count, _, _ = read_host(self._rpc, self._sender.address, [])
        if self._nonce is not None and self._nonce < count:
            raise SettingsError(f"nonce {self._nonce} was used already: the next is {count}")
        return self._nonce

    def _keep(self, flight: Flight, signed: Signed) -> None:
        """To the disk first, then to the host."""
        self._journal.signed(flight.number, signed)
        if not flight.versions:
            del self._calls[flight.number]
            self.flights.append(flight)
        flight.versions.append(signed)
        flight.answer = None
        self._say("signed", flight)
        self._broadcast(flight)

    def _broadcast(self, flight: Flight) -> None:
        flight.answer = broadcast(self._rpc, flight.newest)
        if flight.answer is Answer.TAKEN:
            self._say("replaced" if len(flight.versions) > 1 else "sent", flight)

    def _hand_over(self) -> None:
        """Broadcast what was signed and is not known to have arrived: after a break, or a node that was away."""
        for flight in self.flights:
            if not flight.settled and not flight.arrived and flight.receipt is None:
                self._broadcast(flight)

    # following

    def _look(self) -> None:
        """See what became of those on their way, and whether the host took anything back."""
        if not self.flights:
            return
        flying = [flight for flight in self.flights if not flight.settled]
        hashes = [signed.hash for flight in flying for signed in flight.versions]
        count, latest, receipts = read_host(self._rpc, self._sender.address, hashes)
        self._count = count
        self._take_back(count)
        for flight in flying:
            flight.receipt = next((receipts[s.hash] for s in flight.versions if s.hash in receipts), None)
            self._judge(flight, count, latest)
        self._waiting.note(count, latest if receipts else 0, len(flying))
        self._help(flying, count)

    def _take_back(self, count: int) -> None:
        """A nonce that was used and is not any more: a reorganisation dropped the transaction, so send it again."""
        for flight in self.flights:
            if flight.settled and flight.nonce >= count:
                self._undo(flight)

    def _undo(self, flight: Flight) -> None:
        flight.settled, flight.receipt, flight.answer = False, None, None
        self._journal.undone(flight.number)
        self._say("undone", flight)

    def _judge(self, flight: Flight, count: int, latest: int) -> None:
        if flight.receipt is not None:
            flight.lost_since = None
            if flight.receipt.block_number + self._patience.confirmations - 1 <= latest:
                self._settle(flight, flight.receipt)
        elif flight.nonce < count:
            self._miss(flight)
        else:
            flight.lost_since = None

    def _settle(self, flight: Flight, receipt: Receipt) -> None:
        self._journal.settled(flight.number, receipt)
        flight.settled = True
        self._tell(Progress("mined" if receipt.ok else "reverted", flight.number, receipt.transaction))

    def _miss(self, flight: Flight) -> None:
        """Its nonce is used, and none of its transactions has a receipt."""
        now = self._waiting.clock.now()
        if flight.lost_since is None:
            flight.lost_since = now
        elif now - flight.lost_since >= self._patience.lost_after_s:
            raise NonceTaken(
                f"nonce {flight.nonce} of {checksum(self._sender.address)} was used by another transaction: "
                f"0x{flight.newest.hash.hex()} was not mined, never will be, and paid nobody",
                flight.number,
            )

    def _still_there(self) -> bool:
        """
        Whether all that was settled stands on the chain as it is now, in the blocks that the journal names.

        A receipt that a node has forgotten counts if its block is still canonical.
        """
        if not self._resumed and len(self.flights) < 2:
            return True
        hashes = [flight.receipt.transaction for flight in self.flights if flight.receipt]
        _, _, receipts = read_host(self._rpc, self._sender.address, hashes)
        for flight in self.flights:
            self._compare(flight, flight.receipt and receipts.get(flight.receipt.transaction))
        return all(flight.settled for flight in self.flights)

    def _compare(self, flight: Flight, found: Receipt | None) -> None:
        if found is None and not (flight.receipt and is_canonical(self._rpc, flight.receipt)):
            self._undo(flight)
        elif found is not None and flight.receipt and found.block_hash != flight.receipt.block_hash:
            flight.receipt = found
            self._journal.settled(flight.number, found)

    # waiting

    def _help(self, flying: list[Flight], count: int) -> None:
        """Raise the price of the next one to be mined if it is stuck; else see that the host still has it."""
        stuck = next((flight for flight in flying if flight.nonce == count and flight.receipt is None), None)
        if stuck is None:
            return
        if self._waiting.stuck or (stuck.answer is Answer.TOO_CHEAP and self._is_outpriced(stuck)):
            self._waiting.helped()
            self._raise(stuck)

    def _is_outpriced(self, flight: Flight) -> bool:
        return self._sender.price().now > flight.newest.transaction.fees.most

    def _raise(self, flight: Flight) -> None:
        """Bid more with the same nonce and data; broadcast the same bytes where that cannot be."""
        fees = None
        if self._sender.can_sign and not flight.foreign:
            fees = raised(flight.newest.transaction.fees, self._sender.price(), self._sender.policy)
        if fees is None:
            self._broadcast(flight)
        else:
            self._keep(flight, self._sender.resign(flight.newest, fees))

    def _wait_for(self, problem: SmartchainError, number: int) -> None:
        if self._problem is None:
            self._tell(Progress("waiting", number, text=str(problem)))
        self._problem = problem

    def _rest(self) -> None:
        if self._waiting.over:
            raise self._given_up()
        self._waiting.rest()

    def _given_up(self) -> SmartchainError:
        flight = next((flight for flight in self.flights if not flight.settled), None)
        if flight is None:
            return self._problem or NotConfirmed(f"nothing happened for {self._patience.timeout_s:g} s")
        return NotConfirmed(
            f"transaction 0x{flight.newest.hash.hex()} (nonce {flight.nonce}) {self._why_not(flight)} "
            f"after {self._patience.timeout_s:g} s; {self._advice}"
        )

    def _why_not(self, flight: Flight) -> str:
        if isinstance(self._problem, HostError):
            return f"cannot be followed ({self._problem}), not even"
        if flight.receipt is not None:
            return f"is mined and has not {self._patience.confirmations} confirmations"
        if flight.foreign:
            return "waits behind another transaction of this wallet with the same nonce"
        if flight.nonce > self._count:
            return f"waits for nonce {self._count} of the wallet, which nobody has sent,"
        return "is not mined"

    def _say(self, what: Literal["signed", "sent", "replaced", "undone"], flight: Flight) -> None:
        self._tell(Progress(what, flight.number, flight.newest.hash))
