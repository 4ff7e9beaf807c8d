"""
Why a contract refused: the custom errors of the protocol, each with its values and a sentence for a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Address

Value = int | str
"""What an error carries; an address as checksummed hex, a hash as hex."""


class _Hash(str):
    """A hash; in a sentence `{name:shown}` writes it the other way round, as people write those of Bitcoin."""

    def __format__(self, spec: str) -> str:
        return bytes.fromhex(self[2:])[::-1].hex() if spec == "shown" else str(self)


@dataclass(frozen=True, slots=True)
class DecodedError:
    """A revert that is understood."""

    name: str
    values: dict[str, Value]
    sentence: str


_SENTENCES = {
    "NothingToRelay()": "a payment of nothing is not relayed: send an amount above zero",
    "NoRecipient()": "a payment to the zero address is not relayed: name a recipient",
    "RecipientIsLedger()": "the ledger pays nobody but others: name a recipient, or treasury, that is not itself",
    "EmptyBatch()": "the batch holds no payment: add one",
    "WrongSum(uint256 sent, uint256 owed)": "the payments add up to {owed} wei, {sent} wei were sent: send the sum",
    "PlainEther(address sender, uint256 value)": "the ledger takes no Ether without a recipient: "
    "relay the {value} wei of {sender} to somebody",
    "PaymentRefused(address recipient, uint256 value, uint256 position)": "{recipient} does not take the {value} wei "
    "of payment {position} (counted from 0): leave it out, or pay another address",
    "FeeTooHigh(uint32 ppm, uint32 most)": "a fee of {ppm} parts per million is too high: {most} is the most",
    "NoTreasury()": "there is no treasury: a ledger with a fee, and collecting from one, needs it",
    "NothingToCollect()": "the ledger holds nothing: there is nothing to collect",
    "BatchIsPaying()": "nothing is collected in the middle of a batch: collect before or after it",
    "WrongGenesis(uint64 size, uint256 peaks)": "a genesis of {size} entries has as many peaks as bits set in that, "
    "not {peaks}",
    "EmptyGenesisPeak(uint256 position)": "peak {position} of the genesis is zero: make the snapshot again",
    "GenesisTooLarge(uint64 size, uint64 most)": "a genesis of {size} entries is too large: {most} is the most",
    "GenesisInFuture(uint64 timestamp, uint64 blockTimestamp)": "the genesis is of {timestamp}, "
    "later than its block of {blockTimestamp}: use an earlier time",
    "GenesisWithoutEntries(uint64 timestamp)": "without entries a genesis has no timestamp: leave {timestamp} out",
    "ReservedSubject(address subject)": "the subject {subject} is reserved for seals: record another",
    "SubjectAlreadyDeclared(address subject)": "the subject {subject} was declared before: it never changes",
    "SubjectUnknown(address subject)": "the subject {subject} was never declared by this ledger",
    "NotAToken(address token)": "there is no token at {token}: check its address, and the host chain",
    "NameUnreadable(address token)": "the name of the token {token} is no readable text, perhaps made to mislead: "
    "it gets no ledger",
    "SymbolUnreadable(address token)": "the symbol of the token {token} is no readable text, perhaps made to mislead: "
    "it gets no ledger",
    "TransferRefused(address from, address to, uint256 value, uint256 position)": "the token does not move {value} of "
    "its smallest unit from {from} to {to} (payment {position}, counted from 0): see what {from} has and has approved",
    "WrongArrival(address recipient, uint256 sent, uint256 arrived, uint256 position)": "{arrived} arrived at "
    "{recipient} where {sent} were sent (payment {position}, counted from 0): a token that takes a fee of its own, or "
    "rounds, is paid singly, through a ledger without a fee",
    "PermitRefused(uint256 allowed, uint256 owed)": "the token does not take the permit, and {allowed} approved before "
    "are less than {owed}: sign again, or approve",
    "TokenIsMoving()": "nothing is recorded in the middle of a transfer: call the ledger before or after it",
    "AlreadyDeployed(address ledger)": "you have a ledger of these terms already, at {ledger}: use it, or change one",
    "AlreadyListed(address ledger)": "the factory lists {ledger} already",
    "NotALedger(address ledger)": "there is no ledger at {ledger}, or it has no head to show for 100,000 gas",
    "NotListed(address ledger)": "the factory does not list {ledger}: register it first",
    "NoOpeningBalance(uint64 index)": "entry {index} is no opening balance of this coin: show one of its "
    "snapshot, as the file gives it",
    "NotInGenesis(uint64 index)": "the proof does not lead from entry {index} to the opening balances of this coin: "
    "make it from the snapshot that the coin was deployed with",
    "AlreadyClaimed(uint64 index)": "the opening balance at {index} was claimed before: its wallet has it",
    "BalanceTooLowOrUnclaimed(address wallet, uint256 balance, uint256 needed)": "{wallet} has {balance} of the coin's "
    "smallest unit and moves {needed}: if it has an opening balance, claim that first: 'smartchain claim {wallet}'",
    "NothingToMigrate()": "a migration of nothing mints nothing: give up an amount above zero",
    "MigrationRefused(address wallet, uint256 amount)": "the old token does not move {amount} of its smallest unit "
    "from {wallet}: see what it has and has approved",
    "WrongArrival(uint256 amount, uint256 arrived)": "{arrived} of the old token went out of the world where "
    "{amount} were given up: nothing was minted",
    "ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)": "{sender} has {balance} of the "
    "token's smallest unit and moves {needed}: move less",
    "ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)": "{spender} may move "
    "{allowance} of the token's smallest unit and moves {needed}: approve more",
    "ERC20InvalidReceiver(address receiver)": "the token is not paid to {receiver}: name a recipient",
    "ERC20InvalidSpender(address spender)": "the token lets no {spender} move anything: name who may",
    "ERC2612ExpiredSignature(uint256 deadline)": "the permit was good until {deadline} (seconds): sign another",
    "ERC2612InvalidSigner(address signer, address owner)": "the permit is signed by {signer}, or for another nonce, "
    "token or chain, and not by {owner}: sign again",
    "ECDSAInvalidSignature()": "the permit's signature is none: sign again",
    "WrongCheckpoint(uint32 height, uint256 headersLength, uint32 bits)": "the checkpoint at height {height}, "
    "of {headersLength} bytes and target {bits:08x}, is none: it takes a multiple of 2,016, eleven headers, a target "
    "within the limit",
    "NoDepth()": "a burn has to count under one block and one hash at least: give both",
    "HeadersCutOff(uint256 length)": "{length} bytes are no Bitcoin headers of 80 bytes each",
    "UnknownParent(uint256 position, bytes32 parent)": "Bitcoin header {position} follows {parent:shown}, which the "
    "contract does not know: submit the headers before it first",
    "WrongTarget(uint256 position, uint32 bits, uint32 expected)": "Bitcoin header {position} names the target "
    "{bits:08x}, where the rule gives {expected:08x}: it is of another chain",
    "TooLittleWork(uint256 position, bytes32 hash)": "Bitcoin header {position}, {hash:shown}, is above its target: "
    "nobody mined it",
    "NotPastMedianTime(uint256 position, uint32 time)": "Bitcoin header {position} is of {time}, not past the "
    "median time of the eleven before it",
    "TimeInFuture(uint256 position, uint32 time, uint256 most)": "Bitcoin header {position} is of {time}, past {most}, "
    "two hours ahead of the host: submit it later",
    "UnknownBlock(bytes32 hash)": "the contract does not know the Bitcoin block {hash:shown}, or it is not after the "
    "checkpoint: submit the headers up to it first",
    "NotOnChain(bytes32 hash)": "the Bitcoin block {hash:shown} is on a fork, and another chain has more work",
    "TooShallow(uint256 blocks, uint256 depth, uint256 work, uint256 needed)": "{blocks} blocks and {work} hashes are "
    "above the burn's, and {depth} blocks and {needed} hashes have to: submit more headers, or wait",
    "WrongCoinbase()": "the block's first transaction is no coinbase, or its proof is not as long as the burn's",
    "PosesAsNode()": "a transaction of 64 bytes may be an inner node of the tree, and counts for nothing",
    "IndexPastTree(uint256 index, uint256 depth)": "the index {index} is past a tree of {depth} levels",
    "Duplicated(uint256 level)": "the proof goes, {level} levels up, through the copy of a node without a sibling",
    "WrongRoot(bytes32 found, bytes32 expected)": "the proof leads to {found:shown}, the block has {expected:shown}",
    "WithWitnesses()": "the transaction is shown with its witnesses: leave them out",
    "Malformed(uint256 place)": "the transaction is not whole at byte {place}, or has no such output",
    "NotABurn(uint256 output)": "output {output} is no burn: its script is not OP_RETURN and 52 bytes",
    "BurntForAnother(bytes32 found, bytes32 expected)": "this was burnt for {found}, and counted is what "
    "was burnt for {expected}: another contract, or this address on another chain, may count it",
    "NothingBurnt()": "this burns nothing, or for nobody",
    "AlreadyCounted(bytes32 txid, uint256 output)": "output {output} of {txid:shown} was counted before: the coins "
    "are its claimant's",
    "Panic(uint256 code)": "the contract stopped at an impossible state (panic {code:#x})",
}
_TEXT = keccak(b"Error(string)")[:4]


def _signature(declared: str) -> tuple[str, list[tuple[str, str]]]:
    """Name of an error, and type and name of each of its values."""
    name, _, rest = declared.rstrip(")").partition("(")
    return name, [(kind, value) for kind, value in (field.split() for field in rest.split(", ") if field)]


def selector(signature: str) -> bytes:
    """The four bytes that call data, or a revert's data, begin with."""
    return bytes(keccak(signature.encode())[:4])


def _known() -> dict[bytes, tuple[str, list[tuple[str, str]], str]]:
    known = {}
    for declared, sentence in _SENTENCES.items():
        name, fields = _signature(declared)
        known[selector(f"{name}({','.join(kind for kind, _ in fields)})")] = (name, fields, sentence)
    return known


_KNOWN = _known()


def decode_error(data: bytes) -> DecodedError | None:
    """The error that a revert's data stands for; None for one that is not the protocol's, or is malformed."""
    if data[:4] == _TEXT:
        return _decode_text(data[4:])
    known = _KNOWN.get(data[:4])
    if known is None:
        return None
    name, fields, sentence = known
    words = [data[at : at + 32] for at in range(4, len(data), 32)]
    if len(words) != len(fields) or len(data) != 4 + 32 * len(fields):
        return None
    values = {field: _value(kind, word) for (kind, field), word in zip(fields, words, strict=True)}
    return DecodedError(name, values, sentence.format(**values))


def _value(kind: str, word: bytes) -> Value:
    if kind == "bytes32":
        return _Hash("0x" + word.hex())
    return checksum(Address(word[12:])) if kind == "address" else int.from_bytes(word, "big")


def _decode_text(data: bytes) -> DecodedError | None:
    """`Error(string)`: what `require` with a text gives, in contracts that are not ours."""
    if len(data) < 64 or int.from_bytes(data[:32], "big") != 32:
        return None
    text = data[64 : 64 + int.from_bytes(data[32:64], "big")].decode(errors="replace")
    shown = "".join(c if c.isprintable() else " " for c in text)[:300]
    return DecodedError("Error", {"message": text}, f"the contract says: {shown}")
