// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The subject of Ether (ERC-7528).
address constant ETHER = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

/// @dev The subject that closes a block: the low 20 bytes of `keccak256("smartchain.seal")`.
address constant SEAL = address(uint160(uint256(keccak256("smartchain.seal"))));

/// @notice What a ledger records: `value` of `subject` went from `sender` to `recipient` at `timestamp`.
/// @param subject What moved: `ETHER`, a token's address, or the low 20 bytes of `keccak256(name)`.
/// @param sender Who gave; zero where it was created.
/// @param recipient Who got; zero where it was destroyed.
/// @param value How much, gross, in the subject's smallest unit.
/// @param timestamp Seconds: the timestamp of the host chain's block.
/// @param memo The payer's reference; zero if there is none.
struct Entry {
    address subject;
    address sender;
    address recipient;
    uint256 value;
    uint64 timestamp;
    bytes32 memo;
}

/// @notice The entries that a ledger opens with, brought in by their peaks alone.
/// @param size How many there are; zero for a ledger that starts empty.
/// @param timestamp The timestamp of each of them; zero for a ledger that starts empty.
/// @param peaks The roots of the perfect subtrees, one for each set bit of `size`, lowest level first.
struct Genesis {
    uint64 size;
    uint64 timestamp;
    bytes32[] peaks;
}

/// @title A contract with a ledger: an append-only log from which a block chain of its own follows
/// @notice Entries are numbered from 0 and never change. The contract keeps how many there are and the peaks
/// of the Merkle tree of RFC 9162 over them (hash: keccak256); the entries themselves are in its events.
///
///     leaf  = keccak256(0x00 ‖ subject ‖ sender ‖ recipient ‖ value ‖ timestamp ‖ memo)
///     node  = keccak256(0x01 ‖ left ‖ right)
///     empty = keccak256("")
///
/// @dev Warning: what the genesis peaks hold cannot be checked on-chain. An entry below `genesis().size` is the
/// deployer's assertion and never evidence of a payment. A contract that accepts receipts names the ledger it
/// trusts, wants an index from the genesis size on, and marks (ledger, index) as used, never the leaf.
interface ILedger {
    /// @notice Emitted for an entry recorded by itself.
    event TransferRecorded(
        uint64 indexed index,
        address indexed sender,
        address indexed recipient,
        address subject,
        uint256 value,
        uint64 timestamp,
        bytes32 memo
    );

    /// @notice Emitted for the entries of a batch: one for each payment, in this order, all with this memo.
    event TransferBatchRecorded(
        uint64 indexed firstIndex,
        address indexed sender,
        address indexed subject,
        uint64 timestamp,
        bytes32 memo,
        bytes32[] payments
    );

    /// @notice Emitted when a subject is described, once. For display only: it is the contract's own claim, not
    /// under the root. Whoever turns a typed amount into a value calls `subject(address)`.
    event SubjectDeclared(address indexed subject, string name, string symbol, uint8 decimals);

    /// @notice Emitted when today's root is kept, each time that somebody asks for it.
    event CheckpointKept(uint64 indexed size, bytes32 root);

    /// @notice Thrown when the genesis has not as many peaks as bits are set in its size.
    error WrongGenesis(uint64 size, uint256 peaks);

    /// @notice Thrown when a genesis peak is zero.
    error EmptyGenesisPeak(uint256 position);

    /// @notice Thrown when the genesis holds more entries than a ledger may open with.
    error GenesisTooLarge(uint64 size, uint64 most);

    /// @notice Thrown when the genesis has a later timestamp than the block it is deployed in.
    error GenesisInFuture(uint64 timestamp, uint64 blockTimestamp);

    /// @notice Thrown when a genesis without entries has a timestamp: it is always the deployment's.
    error GenesisWithoutEntries(uint64 timestamp);

    /// @notice Thrown when SEAL is recorded or declared: only `seal` makes such an entry.
    error ReservedSubject(address subject);

    /// @notice Thrown when a subject is declared a second time.
    error SubjectAlreadyDeclared(address subject);

    /// @notice Thrown when a subject is asked for that was never declared.
    error SubjectUnknown(address subject);

    /// @notice Thrown when a batch holds no payment.
    error EmptyBatch();

    /// @notice How many entries there are; the index of the next one.
    function size() external view returns (uint64);

    /// @notice The root of the Merkle tree over all entries; `keccak256("")` while there is none.
    function root() external view returns (bytes32);

    /// @notice Size and root in one call, so that they belong together.
    function head() external view returns (uint64 size, bytes32 root);

    /// @notice The roots of the tree's perfect subtrees, one for each set bit of the size, lowest level first.
    function peaks() external view returns (bytes32[] memory);

    /// @notice How the contract describes a subject; reverts with `SubjectUnknown` where it never did, so that
    /// nobody takes the silence for zero decimals.
    function subject(address id)
        external
        view
        returns (string memory name, string memory symbol, uint8 decimals);

    /// @notice When a block of the smart chain closes: once it holds `maxEntries` (0: no such limit), and before
    /// an entry that comes `interval` seconds or more after its first one (0: no such limit).
    function blockRule() external view returns (uint32 maxEntries, uint32 interval);

    /// @notice Size, root and timestamp of what the ledger opened with; the timestamp is the deployment's where
    /// that was nothing.
    function genesis() external view returns (uint64 size, bytes32 root, uint64 timestamp);

    /// @notice Closes the open block of the smart chain after an entry of its own: subject SEAL, sender the
    /// caller, no recipient, value or memo. Anyone may; a block may hold nothing but its seal.
    /// @return index The entry's position.
    function seal() external returns (uint64 index);

    /// @notice Keeps today's root for ever, so that a proof made now can still be shown later. Anyone may.
    /// @return size The size that the root belongs to.
    /// @return root The root kept.
    function checkpoint() external returns (uint64 size, bytes32 root);

    /// @notice The root that `checkpoint` kept at this size; zero where none was kept.
    function checkpointAt(uint64 size) external view returns (bytes32);

    /// @notice Whether `entry` stands at `index` of the log of `size` entries, by an inclusion proof of RFC 9162
    /// against the current root, the genesis root, or the checkpoint of that size.
    /// @dev False, never a revert, for an index past the size, a size whose root is not known, or a proof of
    /// another length than the RFC's.
    /// @param proof The siblings on the way up, lowest first.
    function verifyEntry(Entry calldata entry, uint64 index, uint64 size, bytes32[] calldata proof)
        external
        view
        returns (bool);
}
