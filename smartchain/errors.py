"""
Every error of the package, as one tree.

    SmartchainError                      what a person reads: one sentence, what is wrong and how to mend it
    ├── InputError                       what was typed or given cannot be used
    │   ├── AddressError                 not an address, or a wrong checksum
    │   ├── AmountError                  not an amount, an unknown unit, zero or below
    │   ├── MemoError                    too long, or hex of another length
    │   ├── BatchFileError               a payments file; names the line
    │   ├── SnapshotError                a snapshot or a table for one; names the line
    │   ├── KeyUnusable                  a key, keystore, mnemonic or password that does not open
    │   ├── SettingsError                an option or a variable of the environment
    │   └── ContactError                 a label that is not known, or cannot be one
    ├── EntryError                       bytes that are no entry, a field out of range
    ├── ProofError                       a proof that does not hold
    │   ├── EmptyLog                     a root was asked of nothing
    │   └── ReceiptError                 a receipt that is not in its form, or does not hold
    ├── HostError                        the host chain or the way to it
    │   ├── HostUnavailable              retry: down, time-out, 429, 503, a cut-off answer
    │   ├── RangeTooLarge                retry with less: too many results, too many blocks
    │   ├── StateGone                    the host has forgotten the state at that block
    │   ├── UnknownBlock                 retry: a replica that is behind, or a block that was replaced
    │   ├── RpcRefused                   the node answered with an error that trying again does not mend
    │   ├── WrongChain                   another chain id than expected
    │   ├── NoContract                   no code at the address
    │   ├── NotALedger                   code that does not answer as a ledger does
    │   └── NotAFactory                  code that does not answer as a factory of ledgers does
    ├── Untrue                           what the host said cannot be so: never skipped
    │   ├── MalformedLog                 a log that is not canonical
    │   ├── BrokenSequence               indexes that jump, double or go back
    │   ├── RootMismatch                 the root of what was read is not the contract's
    │   └── SourcesDisagree              two RPC nodes say different heads of one block
    ├── PeerError                        another node of the ledger, or the way to it
    │   ├── PeerUnavailable              retry: down, busy, broken off
    │   ├── PeerUnusable                 another ledger, another format, rubbish, too slow, too much
    │   ├── PeerLied                     what it said contradicts itself, or the head that is trusted
    │   └── NoMajority                   retry: the named peers do not agree, or too few answer
    ├── StoreError                       the database
    │   ├── StoreMoved                   another writer was here in between
    │   ├── StoreLocked                  retry: in use by another process
    │   ├── StoreUnavailable             retry: the database's server is away
    │   ├── StoreTooNew                  written by a newer version
    │   ├── NoStore                      nothing is there yet
    │   ├── WrongStore                   not a store of ours, or of another ledger
    │   ├── LedgerNotChosen              several ledgers in the store and none was named
    │   └── CorruptStore                 a row that does not follow from the others
    └── WalletError                      paying
        ├── Refused                      the contract or a recipient refuses (decoded reason)
        ├── NotEnoughFunds
        ├── FeeTooHigh                   the gas price is above the cap
        ├── NotConfirmed                 not mined within the time given
        ├── NonceTaken                   another transaction of the wallet used the nonce
        ├── NotAgreed                    a person, or a missing --yes, said no
        ├── LimitExceeded                above --max-total
        ├── NotAllowed                   a token was not told that its ledger may move so much
        ├── UnitUnknown                  a ledger and its token do not say the same decimals
        └── RunFileError                 a run file in use, or of another file, chain, ledger or sender

Each class says by `retryable` whether trying again can help, and by `exit_status` how a command ends.
"""

from __future__ import annotations

from collections.abc import Sequence


class SmartchainError(Exception):
    """Base of the tree; `str()` is one sentence for a person."""

    retryable: bool = False
    exit_status: int = 1


class InputError(SmartchainError): ...


class AddressError(InputError): ...


class AmountError(InputError): ...


class MemoError(InputError): ...


class BatchFileError(InputError):
    """A payments file that cannot be used as it is; `line` counts from 1, None for the whole file."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class SnapshotError(InputError):
    """A snapshot, or a table for one, that cannot be used as it is; `line` counts from 1, None for the whole file."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}: {message}")
        self.line = line


class KeyUnusable(InputError): ...


class SettingsError(InputError): ...


class ContactError(InputError): ...


class EntryError(SmartchainError): ...


class ProofError(SmartchainError): ...


class EmptyLog(ProofError): ...


class ReceiptError(ProofError): ...


class HostError(SmartchainError): ...


class HostUnavailable(HostError):
    """Down, busy or broken off; `retry_after_s` is how long the host asks to be left alone, where it says."""

    retryable = True

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RangeTooLarge(HostError):
    """
    The host will not, or not in time, answer for so many blocks or logs at once.

    `suggested` is the last block of the range the host proposes instead, where it does; `slow` says that it did not
    refuse but took too long, so that even the smallest range may be asked for again.
    """

    retryable = True

    def __init__(self, message: str, suggested: int | None = None, *, slow: bool = False) -> None:
        super().__init__(message)
        self.suggested = suggested
        self.slow = slow


class StateGone(HostError): ...


class UnknownBlock(HostError):
    retryable = True


class RpcRefused(HostError):
    """A JSON-RPC error; `code` and `data` are the node's own."""

    def __init__(self, message: str, code: int | None = None, data: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class WrongChain(HostError): ...


class NoContract(HostError): ...


class NotALedger(HostError): ...


class NotAFactory(HostError): ...


class Untrue(SmartchainError):
    """
    What the host said cannot be so.

    `first_block` and `last_block` are the narrowest range of host blocks known to hold the fault; `lacks` says that
    all there is of it are entries that are missing.
    """

    def __init__(
        self, message: str, first_block: int | None = None, last_block: int | None = None, *, lacks: bool = False
    ) -> None:
        super().__init__(message)
        self.first_block = first_block
        self.last_block = last_block
        self.lacks = lacks


class FinalityBroken(Untrue):
    """A host block that the host once called finalized is not on its chain."""


class MalformedLog(Untrue): ...


class BrokenSequence(Untrue):
    """
    Logs whose indexes do not go on one by one.

    `given` holds the host block of each entry of the same answer before the fault.
    """

    def __init__(
        self,
        message: str,
        first_block: int | None = None,
        last_block: int | None = None,
        given: Sequence[int] | None = None,
        *,
        lacks: bool = False,
    ) -> None:
        super().__init__(message, first_block, last_block, lacks=lacks)
        self.given = given


class RootMismatch(Untrue): ...


class SourcesDisagree(Untrue): ...


class PeerError(SmartchainError): ...


class PeerUnavailable(PeerError):
    retryable = True


class PeerUnusable(PeerError): ...


class PeerLied(PeerError): ...


class NoMajority(PeerError):
    retryable = True


class StoreError(SmartchainError): ...


class StoreMoved(StoreError): ...


class StoreLocked(StoreError):
    retryable = True


class StoreUnavailable(StoreError):
    retryable = True


class StoreTooNew(StoreError): ...


class NoStore(StoreError): ...


class WrongStore(StoreError): ...


class LedgerNotChosen(StoreError): ...


class CorruptStore(StoreError): ...


class WalletError(SmartchainError): ...


class Refused(WalletError):
    """The contract refuses; `error` is the custom error's name, `position` the payment's in its batch."""

    def __init__(self, message: str, error: str | None = None, position: int | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.position = position


class NotEnoughFunds(WalletError): ...


class FeeTooHigh(WalletError): ...


class NotConfirmed(WalletError): ...


class NonceTaken(WalletError):
    """Another transaction used the nonce; `number` is the call's that it was signed for, in its run."""

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


class NotAgreed(WalletError): ...


class LimitExceeded(WalletError): ...


class NotAllowed(WalletError): ...


class UnitUnknown(WalletError): ...


class RunFileError(WalletError): ...
