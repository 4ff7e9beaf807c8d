// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry} from "../../../../contracts/interfaces/ILedger.sol";

/// @title RFC 9162 section 2.1 as it is written: recursive, over all leaves, nothing kept
/// @notice The twin that MerkleLog is held to; it shares no code with it.
library PlainLog {
    function leaf(Entry memory entry) internal pure returns (bytes32) {
        return keccak256(
            abi.encodePacked(
                uint8(0),
                entry.subject,
                entry.sender,
                entry.recipient,
                entry.value,
                entry.timestamp,
                entry.memo
            )
        );
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }

    /// @notice MTH(D[from:to]) of 2.1.1.
    function root(bytes32[] memory leaves, uint256 from, uint256 to) internal pure returns (bytes32) {
        if (to == from) return keccak256("");
        if (to - from == 1) return leaves[from];

        uint256 middle = from + split(to - from);
        return node(root(leaves, from, middle), root(leaves, middle, to));
    }

    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        return root(leaves, 0, leaves.length);
    }

    /// @notice PATH(index, D[from:to]) of 2.1.3.1.
    function path(bytes32[] memory leaves, uint256 index, uint256 from, uint256 to)
        internal
        pure
        returns (bytes32[] memory)
    {
        if (to - from <= 1) return new bytes32[](0);

        uint256 middle = from + split(to - from);
        return index < middle
            ? appended(path(leaves, index, from, middle), root(leaves, middle, to))
            : appended(path(leaves, index, middle, to), root(leaves, from, middle));
    }

    /// @notice The roots of the perfect subtrees, the last, smallest one first.
    function peaks(bytes32[] memory leaves) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](0);
        uint256 to = leaves.length;
        for (uint256 width = 1; width <= leaves.length; width *= 2) {
            if (to % (2 * width) == 0) continue;
            list = appended(list, root(leaves, to - width, to));
            to -= width;
        }
    }

    /// @notice The largest power of two below `count`.
    function split(uint256 count) internal pure returns (uint256 half) {
        half = 1;
        while (half * 2 < count) half *= 2;
    }

    function appended(bytes32[] memory list, bytes32 last) internal pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = last;
    }

    /// @notice The first `count` leaves.
    function head(bytes32[] memory leaves, uint256 count) internal pure returns (bytes32[] memory shorter) {
        shorter = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            shorter[i] = leaves[i];
        }
    }
}
