// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The Merkle tree of RFC 9162 over an append-only log, with keccak256 for its hash
/// @notice The only place in which the contracts hash what a log holds. A log keeps its size and, for each level, the root of the
/// perfect subtree of 2^level leaves that was completed there last: the peaks are those at the set bits of the
/// size. The others are left where they are, since writing over a slot costs less than filling an empty one.
/// @dev Each piece of assembly has a twin in plain Solidity, to which `MerkleLog.t.sol` holds it.
library MerkleLog {
    /// @dev A log's slots: the size in the first, the peak of level n in slot n + 1 after it.
    struct Log {
        uint256 size;
        bytes32[64] peakOf;
    }

    /// @dev The root of no leaves: `keccak256("")`.
    bytes32 internal constant EMPTY = keccak256("");

    /// @dev Memory before the leaves of a batch: 160 bytes to hash one in, a word for each level's waiting peak.
    uint256 private constant ROOM = 160 + 65 * 32;

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

    /// @notice The hash of a ledger's head, as a registry of ledgers keeps it: keccak256(0x04 ‖ ledger ‖ size (8) ‖
    /// root), 61 bytes.
    function registryLeaf(address ledger, uint64 size, bytes32 root_) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore8(m, 4)
            mstore(add(m, 1), shl(96, ledger))
            mstore(add(m, 21), shl(192, size))
            mstore(add(m, 29), root_)
            hash := keccak256(m, 61)
        }
    }

    /// @notice Appends one leaf: reads a peak for each set bit at the low end of the size, writes one.
    /// @return index The leaf's position.
    function append(Log storage self, bytes32 hash) internal returns (uint256 index) {
        assembly ("memory-safe") {
            index := sload(self.slot)

            let m := mload(0x40)
            let slot := add(self.slot, 1)
            for { let rest := index } and(rest, 1) { rest := shr(1, rest) } {
                mstore8(m, 1)
                mstore(add(m, 1), sload(slot))
                mstore(add(m, 33), hash)
                hash := keccak256(m, 65)
                slot := add(slot, 1)
            }
            sstore(slot, hash)
            sstore(self.slot, add(index, 1))
        }
    }

    /// @notice Appends a leaf for each payment: reads the peaks that the batch completes, writes those that are
    /// new after it, and hashes what is between in memory.
    /// @return first The position of the first leaf; the others follow.
    /// @return sum What the payments add up to.
    function appendBatch(
        Log storage self,
        address subject,
        address sender,
        uint64 time,
        bytes32 memo,
        bytes32[] calldata payments
    ) internal returns (uint256 first, uint256 sum) {
        first = self.size;

        uint256 start;
        (start, sum) = _leaves(subject, sender, time, memo, payments);
        _climb(self, first, start, payments.length);

        // Cannot overflow: a log of 2^64 entries would cost more gas than all blocks have.
        unchecked {
            self.size = first + payments.length;
        }
        assembly ("memory-safe") {
            mstore(0x40, sub(start, ROOM)) // Nothing was kept: free what `_leaves` took.
        }
    }

    /// @notice The root over all leaves.
    function root(Log storage self) internal view returns (bytes32 hash) {
        uint256 rest = self.size;
        if (rest == 0) return EMPTY;

        bool found = false;
        for (uint256 level = 0; rest >> level != 0; ++level) {
            if ((rest >> level) & 1 == 0) continue;

            hash = found ? node(self.peakOf[level], hash) : self.peakOf[level];
            found = true;
        }
    }

    /// @notice The root of a log with these peaks, lowest level first.
    function rootOf(bytes32[] memory list) internal pure returns (bytes32 hash) {
        if (list.length == 0) return EMPTY;

        hash = list[0];
        for (uint256 i = 1; i < list.length; ++i) {
            hash = node(list[i], hash);
        }
    }

    /// @notice The peaks, one for each set bit of the size, lowest level first.
    function peaks(Log storage self) internal view returns (bytes32[] memory list) {
        uint256 rest = self.size;
        list = new bytes32[](bitsOf(rest));

        uint256 position = 0;
        for (uint256 level = 0; rest >> level != 0; ++level) {
            if ((rest >> level) & 1 == 1) list[position++] = self.peakOf[level];
        }
    }

    /// @notice Fills an empty log with peaks, as many as bits are set in `size`, lowest level first.
    function open(Log storage self, uint256 size, bytes32[] memory list) internal {
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
    function bitsOf(uint256 number) internal pure returns (uint256 bits) {
        for (; number != 0; number &= number - 1) {
            ++bits;
        }
    }

    /// @dev Lays out the leaves of the payments in new memory, with room before them for `_climb`, and adds up
    /// the values. What leaves have in common is written once. Two at a time: an odd last one is followed by a
    /// leaf that nobody reads, and the value of what stands after it is taken back.
    function _leaves(address subject, address sender, uint64 time, bytes32 memo, bytes32[] calldata payments)
        private
        pure
        returns (uint256 start, uint256 sum)
    {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, shr(8, shl(96, subject)))
            mstore(add(m, 21), shl(96, sender))
            mstore(add(m, 93), shl(192, time))
            mstore(add(m, 101), memo)
            start := add(m, ROOM)

            let shift := sub(start, payments.offset)
            let end := add(payments.offset, shl(5, payments.length))
            mstore(0x40, add(add(end, shift), 32))
            for { let at := payments.offset } lt(at, end) { at := add(at, 64) } {
                let payment := calldataload(at)
                let value := and(payment, 0xffffffffffffffffffffffff)
                sum := add(sum, value)
                mstore(add(m, 41), payment)
                mstore(add(m, 61), value)
                mstore(add(at, shift), keccak256(m, 133))

                payment := calldataload(add(at, 32))
                value := and(payment, 0xffffffffffffffffffffffff)
                sum := add(sum, value)
                mstore(add(m, 41), payment)
                mstore(add(m, 61), value)
                mstore(add(add(at, shift), 32), keccak256(m, 133))
            }
            if and(payments.length, 1) {
                sum := sub(sum, and(calldataload(end), 0xffffffffffffffffffffffff))
            }
        }
    }

    /// @dev Hashes `count` leaves at `start` up into a log that had `size`, level by level, pairs in place: the
    /// byte 0x01 goes over the end of the word before a pair, which is done with by then. A peak that waits for
    /// its sibling goes before the first; a last one without a sibling is the level's new peak.
    function _climb(Log storage self, uint256 size, uint256 start, uint256 count) private {
        assembly ("memory-safe") {
            for { let slot := add(self.slot, 1) } count { slot := add(slot, 1) } {
                if and(size, 1) {
                    start := sub(start, 32)
                    count := add(count, 1)
                    mstore(start, sload(slot))
                }
                if and(count, 1) { sstore(slot, mload(add(start, shl(5, sub(count, 1))))) }
                size := shr(1, size)
                count := shr(1, count)

                let to := start
                let end := add(start, shl(5, count))
                for { let pair := sub(start, 1) } lt(to, end) { pair := add(pair, 128) } {
                    mstore8(pair, 1)
                    mstore(to, keccak256(pair, 65))
                    mstore8(add(pair, 64), 1)
                    mstore(add(to, 32), keccak256(add(pair, 64), 65))
                    to := add(to, 64)
                }
            }
        }
    }
}
