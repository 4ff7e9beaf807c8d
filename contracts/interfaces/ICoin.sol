// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry, ILedger} from "./ILedger.sol";

/// @title The currency of a network of its own: an ERC-20 with permit whose every movement is an entry
/// @notice Each mint, transfer and burn is recorded, in the transaction that makes it. Opening balances come with the
/// ledger's genesis: they are the log's first entries, so they are the wallets' money in the smart chain from its
/// first block on. On the host they lie ready until anybody shows one to `claim`, which therefore records nothing.
///
///     the smart chain's balances, added up = totalSupply + the opening balances that nobody claimed yet
///
/// @dev There is no owner and nobody mints at will. ERC-20's own functions record without a memo.
interface ICoin is ILedger {
    /// @notice Emitted when an opening balance comes to life, beside the ERC-20's `Transfer` from zero.
    event Claimed(uint256 indexed index, address indexed wallet, uint256 value);

    /// @notice Thrown when a wallet moves more than it has, of a coin with opening balances: one that nobody claimed
    /// yet is no balance here. Show its entry to `claim` first, with the proof that the snapshot file gives.
    error BalanceTooLowOrUnclaimed(address wallet, uint256 balance, uint256 needed);

    /// @notice Thrown when the entry shown is no opening balance: past the genesis, or not of its form.
    error NoOpeningBalance(uint64 index);

    /// @notice Thrown when the proof does not lead to the genesis root.
    error NotInGenesis(uint64 index);

    /// @notice Thrown when an opening balance is claimed a second time.
    error AlreadyClaimed(uint64 index);

    /// @notice Brings an opening balance to life: its wallet gets it, whoever calls.
    /// @param entry Sender zero, subject `id()`, no memo, the genesis timestamp.
    /// @param index Its position, below the genesis size.
    /// @param proof The siblings up to the genesis root, lowest first (RFC 9162). A proof against a later root is none.
    function claim(Entry calldata entry, uint64 index, bytes32[] calldata proof) external;

    /// @notice A transfer with the payer's reference, public for ever.
    /// @return index The entry's position.
    function transferWithMemo(address to, uint256 value, bytes32 memo) external returns (uint64 index);

    /// @notice Many transfers, in order, all with this memo, recorded as one batch.
    /// @param payments One word each: recipient (20 bytes) ‖ value (12 bytes).
    /// @return firstIndex The first entry's position; the others follow it.
    function transferBatch(bytes32[] calldata payments, bytes32 memo) external returns (uint64 firstIndex);

    /// @notice Whether the opening balance at this index was claimed.
    function claimed(uint256 index) external view returns (bool);

    /// @notice The coin's subject: the low 20 bytes of `keccak256("coin:" ‖ name ‖ ":" ‖ symbol)`, known before the
    /// contract has an address, so that a snapshot can be made first.
    function id() external view returns (address);
}
