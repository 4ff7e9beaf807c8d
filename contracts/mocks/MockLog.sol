// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry} from "../interfaces/ILedger.sol";
import {MerkleLog} from "../libraries/MerkleLog.sol";

/// @title A log in the open: each function of MerkleLog, to be held to its twins
contract MockLog {
    using MerkleLog for MerkleLog.Log;

    MerkleLog.Log private log;

    /// @notice Appends leaves one by one.
    function append(bytes32[] calldata leaves) external returns (uint256 index) {
        for (uint256 i = 0; i < leaves.length; ++i) {
            index = log.append(leaves[i]);
        }
    }

    /// @notice Appends a leaf for each payment; what is in free memory before must not matter.
    function appendBatch(Entry calldata common, bytes32[] calldata payments)
        external
        returns (uint256 first, uint256 sum)
    {
        return log.appendBatch(common.subject, common.sender, common.timestamp, common.memo, payments);
    }

    /// @notice Fills the log with peaks.
    function open(uint256 size_, bytes32[] calldata list) external {
        log.open(size_, list);
    }

    function size() external view returns (uint256) {
        return log.size;
    }

    function root() external view returns (bytes32) {
        return log.root();
    }

    function peaks() external view returns (bytes32[] memory) {
        return log.peaks();
    }

    function leaf(Entry calldata entry) external pure returns (bytes32) {
        return MerkleLog.leaf(
            entry.subject, entry.sender, entry.recipient, entry.value, entry.timestamp, entry.memo
        );
    }

    function node(bytes32 left, bytes32 right) external pure returns (bytes32) {
        return MerkleLog.node(left, right);
    }

    function verify(bytes32 hash, uint256 index, uint256 size_, bytes32[] calldata proof, bytes32 root_)
        external
        pure
        returns (bool)
    {
        return MerkleLog.verify(hash, index, size_, proof, root_);
    }
}
