// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Payment} from "./Payment.sol";

/// @title The Merkle tree of RFC 9162 over an append-only log, with keccak256 for its hash
/// @notice The only place in which the contracts hash. A log keeps its size and, for each level, the root of the
/// perfect subtree of 2^level leaves that was completed there last: the peaks are those at the set bits of the
/// size. The others are left where they are, since writing over a slot costs less than filling an empty one.
/// @dev Each piece of assembly has a twin in plain Solidity, to which `MerkleLog.t.sol` holds it.
library MerkleLog {
    /// @dev A log's slots: the size in the first, the peak of level n in slot n + 1 after it.
    struct Log {
        uint64 size;
        bytes32[64] peakOf;
    }

    /// @dev The root of no leaves: `keccak256("")`.
    bytes32 internal constant EMPTY = keccak256("");

    /// @notice The hash of an entry: keccak256(0x00 ‖ its fields), 133 bytes.
    function leaf(
        address subject,
        address sender,
        address recipient,
        uint256 value,
        uint64 time,
        bytes32 memo
    ) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, shr(8, shl(96, subject)))
            mstore(add(m, 21), shl(96, sender))
            mstore(add(m, 41), shl(96, recipient))
            mstore(add(m, 61), value)
            mstore(add(m, 93), shl(192, time))
            mstore(add(m, 101), memo)
            hash := keccak256(m, 133)
        }
    }

    /// @notice The hash of two subtrees: keccak256(0x01 ‖ left ‖ right), 65 bytes.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore8(m, 1)
            mstore(add(m, 1), left)
            mstore(add(m, 33), right)
            hash := keccak256(m, 65)
        }
    }

    /// @notice Appends one leaf: reads a peak for each set bit at the low end of the size, writes one.
    /// @return index The leaf's position.
    function append(Log storage self, bytes32 hash) internal returns (uint64 index) {
        index = self.size;

        uint256 level = 0;
        // Cannot overflow: a log of 2^64 entries would cost more gas than all blocks have.
        unchecked {
            for (; (index >> level) & 1 == 1; ++level) {
                hash = node(self.peakOf[level], hash);
            }
            self.size = index + 1;
        }
        self.peakOf[level] = hash;
    }

    /// @notice Appends a leaf for each payment, with the peaks in memory: reads those that the batch completes,
    /// writes those that are new after it.
    /// @return firstIndex The position of the first; the others follow.
    function appendBatch(
        Log storage self,
        address subject,
        address sender,
        uint64 time,
        bytes32 memo,
        Payment[] calldata payments
    ) internal returns (uint64 firstIndex) {
        firstIndex = self.size;

        // Cannot overflow: a log of 2^64 entries would cost more gas than all blocks have.
        unchecked {
            uint256 size = firstIndex + payments.length;
            uint256 changed = firstIndex ^ size;
            bytes32[64] memory peaks_;

            for (uint256 level = 0; changed >> level != 0; ++level) {
                if ((firstIndex >> level) & 1 == 1) peaks_[level] = self.peakOf[level];
            }

            _hashBatch(peaks_, firstIndex, subject, sender, time, memo, payments);

            for (uint256 level = 0; changed >> level != 0; ++level) {
                if ((size >> level) & 1 == 1) self.peakOf[level] = peaks_[level];
            }
            self.size = uint64(size);
        }
    }

    /// @notice The root over all leaves.
    function root(Log storage self) internal view returns (bytes32 hash) {
        uint64 rest = self.size;
        if (rest == 0) return EMPTY;

        bool found = false;
        for (uint256 level = 0; rest >> level != 0; ++level) {
            if ((rest >> level) & 1 == 0) continue;

            hash = found ? node(self.peakOf[level], hash) : self.peakOf[level];
            found = true;
        }
    }

    /// @notice The peaks, one for each set bit of the size, lowest level first.
    function peaks(Log storage self) internal view returns (bytes32[] memory list) {
        uint64 rest = self.size;
        list = new bytes32[](bitsOf(rest));

        uint256 position = 0;
        for (uint256 level = 0; rest >> level != 0; ++level) {
            if ((rest >> level) & 1 == 1) list[position++] = self.peakOf[level];
        }
    }

    /// @notice Fills an empty log with peaks, as many as bits are set in `size`, lowest level first.
    function open(Log storage self, uint64 size, bytes32[] memory list) internal {
        self.size = size;

        uint256 position = 0;
        for (uint256 level = 0; size >> level != 0; ++level) {
            if ((size >> level) & 1 == 1) self.peakOf[level] = list[position++];
        }
    }

    /// @notice Whether a leaf stands at `index` of the log of `size` leaves with this root: RFC 9162, 2.1.3.2.
    function verify(bytes32 hash, uint256 index, uint256 size, bytes32[] calldata proof, bytes32 root_)
        internal
        pure
        returns (bool)
    {
        if (index >= size) return false;

        uint256 last = size - 1;
        for (uint256 i = 0; i < proof.length; ++i) {
            if (last == 0) return false;

            if (index & 1 == 1 || index == last) {
                hash = node(proof[i], hash);
                while (index & 1 == 0 && index != 0) (index, last) = (index >> 1, last >> 1);
            } else {
                hash = node(hash, proof[i]);
            }
            (index, last) = (index >> 1, last >> 1);
        }
        return last == 0 && hash == root_;
    }

    /// @notice How many bits are set.
    function bitsOf(uint64 number) internal pure returns (uint256 bits) {
        for (; number != 0; number &= number - 1) ++bits;
    }

    /// @dev Hashes the payments' leaves one after another into the peaks of a log of `size` leaves: what the
    /// leaves have in common is laid out once, at `m`; a node's two halves meet at `n`.
    function _hashBatch(
        bytes32[64] memory peaks_,
        uint256 size,
        address subject,
        address sender,
        uint64 time,
        bytes32 memo,
        Payment[] calldata payments
    ) private pure {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, shr(8, shl(96, subject)))
            mstore(add(m, 21), shl(96, sender))
            mstore(add(m, 93), shl(192, time))
            mstore(add(m, 101), memo)
            let n := add(m, 160)
            mstore8(n, 1)

            let end := add(payments.offset, shl(5, payments.length))
            for { let at := payments.offset } lt(at, end) { at := add(at, 32) } {
                let payment := calldataload(at)
                mstore(add(m, 41), payment)
                mstore(add(m, 61), and(payment, 0xffffffffffffffffffffffff))
                let hash := keccak256(m, 133)

                let peak := peaks_
                for { let rest := size } and(rest, 1) { rest := shr(1, rest) } {
                    mstore(add(n, 1), mload(peak))
                    mstore(add(n, 33), hash)
                    hash := keccak256(n, 65)
                    peak := add(peak, 32)
                }
                mstore(peak, hash)
                size := add(size, 1)
            }
        }
    }
}
