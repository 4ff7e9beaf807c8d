// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BTCUtils} from "@keep-network/bitcoin-spv-sol/contracts/BTCUtils.sol";
import {BytesLib} from "@keep-network/bitcoin-spv-sol/contracts/BytesLib.sol";

import {Checkpoint, IBitcoinBurnClaim} from "../interfaces/IBitcoinBurnClaim.sol";
import {Difficulty} from "./Difficulty.sol";

/// @title The tree of a Bitcoin chain's headers from a checkpoint on, and the heaviest branch of it
/// @notice A block costs three words, and a fork as much as any other block: nothing is written anew when another
/// branch takes the lead. Each block points to the one before it and to one far before it (E. Myers, "An applicative
/// random-access stack", 1983), so that it takes steps like the logarithm of the distance to see what it stands on.
library HeaderChain {
    using BTCUtils for bytes;
    using BytesLib for bytes;

    struct Block {
        uint32 height;
        uint32 time;
        uint32 bits;
        /// The time of its period's first block.
        uint32 start;
        /// From the checkpoint on, that block's own left out.
        uint128 work;
        bytes32 parent;
        bytes32 jump;
    }

    struct Chain {
        bytes32 tip;
        mapping(bytes32 hash => Block) blocks;
    }

    uint256 private constant HEADER = 80;
    uint256 private constant MEDIAN_OF = 11;
    uint256 private constant AHEAD = 2 hours;

    /// @notice Begins at a checkpoint: the headers before it are linked, and looked at for their times alone.
    function open(Chain storage self, Checkpoint memory point) internal {
        bytes memory headers = point.headers;
        uint256 count = point.height < MEDIAN_OF ? point.height + 1 : MEDIAN_OF;
        bool whole = headers.length == count * HEADER;
        uint32 bits = whole ? _word(headers, headers.length - 8) : 0;
        uint256 target = Difficulty.targetOf(bits);
        require(
            whole && point.height % Difficulty.PERIOD == 0 && target != 0 && target <= point.limit
                && point.limit < 1 << 254,
            IBitcoinBurnClaim.WrongCheckpoint(point.height, headers.length, bits)
        );

        bytes32 hash = 0;
        for (uint256 i = 0; i < count; ++i) {
            bytes32 parent = headers.slice32(i * HEADER + 4);
            require(i == 0 || parent == hash, IBitcoinBurnClaim.UnknownParent(i, parent));
            parent = i == 0 ? bytes32(0) : hash;
            hash = headers.hash256Slice(i * HEADER, HEADER);
            uint32 time = _word(headers, i * HEADER + 68);
            // casting to 'uint32' is safe because the checkpoint's own height is one
            // forge-lint: disable-next-line(unsafe-typecast)
            uint32 height = uint32(point.height + i + 1 - count);
            // Those before the checkpoint have no target: nothing is built on them.
            self.blocks[hash] = Block(height, time, i + 1 == count ? bits : 0, time, 0, parent, hash);
        }
        require(_isUnder(hash, target), IBitcoinBurnClaim.TooLittleWork(count - 1, hash));
        self.tip = hash;
    }

    /// @notice Takes in a run of headers; the best block is another afterwards if it has more work than the one before.
    /// @return changed Whether any was new.
    function extend(Chain storage self, bytes memory headers, uint256 limit) internal returns (bool changed) {
        uint256 length = headers.length;
        require(length != 0 && length % HEADER == 0, IBitcoinBurnClaim.HeadersCutOff(length));

        (bytes32 best, uint256 most) = (self.tip, self.blocks[self.tip].work);
        bytes32 last = 0;
        Block memory parent;
        uint32[MEDIAN_OF] memory times;
        uint256 known = 0;
        for (uint256 i = 0; i < length / HEADER; ++i) {
            bytes32 hash = headers.hash256Slice(i * HEADER, HEADER);
            if (self.blocks[hash].time != 0) continue;

            bytes32 previous = headers.slice32(i * HEADER + 4);
            if (previous != last) {
                parent = self.blocks[previous];
                require(parent.bits != 0, IBitcoinBurnClaim.UnknownParent(i, previous));
                known = _times(self, previous, times);
            }
            parent = _next(self, parent, previous, _word(headers, i * HEADER + 68), limit);
            _check(headers, i, parent, hash, times, known);
            self.blocks[hash] = parent;

            (last, changed) = (hash, true);
            times[parent.height % MEDIAN_OF] = parent.time;
            if (known < MEDIAN_OF) ++known;
            if (parent.work > most) (best, most) = (hash, parent.work);
        }
        self.tip = best;
    }

    /// @notice The block of this height that `hash` stands on, or itself.
    function ancestor(Chain storage self, bytes32 hash, uint32 height) internal view returns (bytes32) {
        Block storage at_ = self.blocks[hash];
        while (at_.height > height) {
            hash = self.blocks[at_.jump].height >= height ? at_.jump : at_.parent;
            at_ = self.blocks[hash];
        }
        return hash;
    }

    /// @dev What a block after `parent` must be; only its time is its own.
    function _next(Chain storage self, Block memory parent, bytes32 hash, uint32 time, uint256 limit)
        private
        view
        returns (Block memory made)
    {
        made.height = parent.height + 1;
        made.time = time;
        bool turns = made.height % Difficulty.PERIOD == 0;
        made.bits = turns ? Difficulty.retarget(parent.bits, parent.start, parent.time, limit) : parent.bits;
        made.start = turns ? time : parent.start;
        // casting to 'uint128' is safe because nobody does 2^128 hashes
        // forge-lint: disable-next-line(unsafe-typecast)
        made.work = parent.work + uint128(Difficulty.workOf(Difficulty.targetOf(made.bits)));
        made.parent = hash;

        Block storage far = self.blocks[parent.jump];
        (bytes32 farther, uint32 height) = (far.jump, far.height);
        bool even = parent.height - height == height - self.blocks[farther].height;
        made.jump = even ? farther : hash;
    }

    function _check(
        bytes memory headers,
        uint256 i,
        Block memory made,
        bytes32 hash,
        uint32[MEDIAN_OF] memory times,
        uint256 known
    ) private view {
        uint32 bits = _word(headers, i * HEADER + 72);
        require(bits == made.bits, IBitcoinBurnClaim.WrongTarget(i, bits, made.bits));
        require(_isUnder(hash, Difficulty.targetOf(bits)), IBitcoinBurnClaim.TooLittleWork(i, hash));

        // Past the median: past more than half of them.
        uint256 before = 0;
        for (uint256 n = 0; n < MEDIAN_OF; ++n) {
            if (times[n] != 0 && times[n] < made.time) ++before;
        }
        require(before > known / 2, IBitcoinBurnClaim.NotPastMedianTime(i, made.time));
        uint256 most = block.timestamp + AHEAD;
        require(made.time <= most, IBitcoinBurnClaim.TimeInFuture(i, made.time, most));
    }

    /// @dev The times of a block and the ten before it, each in its height's place; none of those before the first.
    function _times(Chain storage self, bytes32 hash, uint32[MEDIAN_OF] memory times)
        private
        view
        returns (uint256 known)
    {
        for (uint256 i = 0; i < MEDIAN_OF; ++i) {
            times[i] = 0;
        }
        for (; known < MEDIAN_OF && hash != 0; ++known) {
            Block storage at_ = self.blocks[hash];
            (times[at_.height % MEDIAN_OF], hash) = (at_.time, at_.parent);
        }
    }

    /// @dev A little-endian number of four bytes.
    function _word(bytes memory headers, uint256 place) private pure returns (uint32) {
        return BTCUtils.reverseUint32(uint32(headers.slice4(place)));
    }

    function _isUnder(bytes32 hash, uint256 target) private pure returns (bool) {
        return BTCUtils.reverseUint256(uint256(hash)) <= target;
    }
}
