// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry, Genesis, ILedger, SEAL} from "./interfaces/ILedger.sol";
import {MerkleLog} from "./libraries/MerkleLog.sol";
import {Opening} from "./libraries/Opening.sol";

/// @title Inherit it, and a contract has a block chain of its own
/// @notice Three lines: `is Ledger`, its constructor, and `_record` wherever something moves. There is no owner,
/// no pause and no upgrade.
///
/// Storage, for those who prove it off-chain (ERC-7201, id `smartchain.ledger`):
///
///     base           0x7089753b1303635a2a70cca51e1edae14347e5ba697c05be3a417d6bad06dd00
///     base           size, a whole word
///     base + 1 + n   the peak of level n: the root of the perfect subtree of 2^n entries completed last, part of
///                    the tree if bit n of the size is set, left over from before if not
///     base + 65      checkpoints by size
///     base + 66      subjects by id
abstract contract Ledger is ILedger {
    using MerkleLog for MerkleLog.Log;

    struct Subject {
        string name;
        string symbol;
        uint8 decimals;
        bool declared;
    }

    /// @custom:storage-location erc7201:smartchain.ledger
    struct LedgerStorage {
        MerkleLog.Log log;
        mapping(uint64 size => bytes32 root) checkpoints;
        mapping(address id => Subject) subjects;
    }

    /// @dev keccak256(abi.encode(uint256(keccak256("smartchain.ledger")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant LEDGER_STORAGE =
        0x7089753b1303635a2a70cca51e1edae14347e5ba697c05be3a417d6bad06dd00;

    uint32 private immutable maxEntries;
    uint32 private immutable interval;
    uint64 private immutable genesisSize;
    uint64 private immutable genesisTimestamp;
    bytes32 private immutable genesisRoot;

    constructor(uint32 maxEntries_, uint32 interval_, Genesis memory genesis_) {
        Opening.check(genesis_);
        MerkleLog.Log storage log = _ledger().log;
        log.open(genesis_.size, genesis_.peaks);

        maxEntries = maxEntries_;
        interval = interval_;
        genesisSize = genesis_.size;
        genesisTimestamp = genesis_.size == 0 ? uint64(block.timestamp) : genesis_.timestamp;
        genesisRoot = log.root();
    }

    /// @inheritdoc ILedger
    function peaks() external view returns (bytes32[] memory) {
        return _ledger().log.peaks();
    }

    /// @inheritdoc ILedger
    function subject(address id)
        external
        view
        returns (string memory name, string memory symbol, uint8 decimals)
    {
        Subject storage found = _ledger().subjects[id];
        require(found.declared, SubjectUnknown(id));

        return (found.name, found.symbol, found.decimals);
    }

    /// @inheritdoc ILedger
    function blockRule() external view returns (uint32, uint32) {
        return (maxEntries, interval);
    }

    /// @inheritdoc ILedger
    function checkpointAt(uint64 size_) external view returns (bytes32) {
        return _ledger().checkpoints[size_];
    }

    /// @inheritdoc ILedger
    function verifyEntry(Entry calldata entry, uint64 index, uint64 size_, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        bytes32 leaf = MerkleLog.leaf(
            entry.subject, entry.sender, entry.recipient, entry.value, entry.timestamp, entry.memo
        );
        return MerkleLog.verify(leaf, index, size_, proof, _rootAt(size_));
    }

    /// @inheritdoc ILedger
    function seal() public virtual returns (uint64 index) {
        index = _append(SEAL, msg.sender, address(0), 0, 0);
    }

    /// @inheritdoc ILedger
    function checkpoint() public virtual returns (uint64 size_, bytes32 root_) {
        (size_, root_) = head();

        _ledger().checkpoints[size_] = root_;

        emit CheckpointKept(size_, root_);
    }

    /// @inheritdoc ILedger
    function genesis() public view returns (uint64, bytes32, uint64) {
        return (genesisSize, genesisRoot, genesisTimestamp);
    }

    /// @inheritdoc ILedger
    function size() public view returns (uint64) {
        return uint64(_ledger().log.size);
    }

    /// @inheritdoc ILedger
    function root() public view returns (bytes32) {
        return _ledger().log.root();
    }

    /// @inheritdoc ILedger
    function head() public view returns (uint64, bytes32) {
        return (size(), root());
    }

    /// @notice Describes a subject, once: in the constructor, or before its first entry.
    /// @dev Warning: recording does not look whether a subject was declared, because that would cost every entry
    /// a storage read. Whoever inherits declares a subject before the first entry of it.
    function _declare(address id, string memory name, string memory symbol, uint8 decimals) internal {
        require(id != SEAL, ReservedSubject(id));
        Subject storage found = _ledger().subjects[id];
        require(!found.declared, SubjectAlreadyDeclared(id));

        (found.name, found.symbol, found.decimals, found.declared) = (name, symbol, decimals, true);

        emit SubjectDeclared(id, name, symbol, decimals);
    }

    /// @notice Records that `value` of `id` went from `sender` to `recipient` now.
    /// @return index The entry's position.
    function _record(address id, address sender, address recipient, uint256 value, bytes32 memo)
        internal
        returns (uint64 index)
    {
        require(id != SEAL, ReservedSubject(id));

        index = _append(id, sender, recipient, value, memo);
    }

    /// @notice Records one entry for each payment, all from `sender`, now, with the same memo.
    /// @return firstIndex The position of the first; the others follow.
    /// @return sum What the payments add up to.
    function _recordBatch(address id, address sender, bytes32[] calldata payments, bytes32 memo)
        internal
        returns (uint64 firstIndex, uint256 sum)
    {
        require(id != SEAL, ReservedSubject(id));
        require(payments.length != 0, EmptyBatch());

        uint64 timestamp = uint64(block.timestamp);
        uint256 first;
        (first, sum) = _ledger().log.appendBatch(id, sender, timestamp, memo, payments);
        // casting to 'uint64' is safe because no log gets that far
        // forge-lint: disable-next-line(unsafe-typecast)
        firstIndex = uint64(first);

        emit TransferBatchRecorded(firstIndex, sender, id, timestamp, memo, payments);
    }

    function _append(address id, address sender, address recipient, uint256 value, bytes32 memo)
        private
        returns (uint64 index)
    {
        uint64 timestamp = uint64(block.timestamp);
        index = uint64(_ledger().log.append(MerkleLog.leaf(id, sender, recipient, value, timestamp, memo)));

        emit TransferRecorded(index, sender, recipient, id, value, timestamp, memo);
    }

    /// @dev The root of the log when it had this size, zero if it is not known.
    function _rootAt(uint64 size_) private view returns (bytes32) {
        if (size_ == size()) return root();
        if (size_ == genesisSize) return genesisRoot;
        return _ledger().checkpoints[size_];
    }

    function _ledger() private pure returns (LedgerStorage storage s) {
        bytes32 slot = LEDGER_STORAGE;
        assembly ("memory-safe") {
            s.slot := slot
        }
    }
}
