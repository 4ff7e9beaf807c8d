// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Bitcoin's arithmetic of targets: the compact form, the work behind it, and the rule of 2,016 blocks
library Difficulty {
    /// @dev How many blocks share a target.
    uint32 internal constant PERIOD = 2016;

    /// @dev Two weeks: how long that many blocks should take.
    uint256 private constant SECONDS = 14 days;

    /// @notice The target that `bits` names; zero for a negative one, or one past 2^256.
    function targetOf(uint32 bits) internal pure returns (uint256) {
        (uint256 size, uint256 mantissa) = (bits >> 24, bits & 0x7fffff);
        if (bits & 0x800000 != 0 || size > 32) return 0;

        return size <= 3 ? mantissa >> (8 * (3 - size)) : mantissa << (8 * (size - 3));
    }

    /// @notice The compact form of a target, which cuts it off after its first 15 to 23 bits.
    function bitsOf(uint256 target) internal pure returns (uint32) {
        uint256 size = target == 0 ? 0 : Math.log256(target) + 1;
        uint256 mantissa = size <= 3 ? target << (8 * (3 - size)) : target >> (8 * (size - 3));
        if (mantissa & 0x800000 != 0) {
            mantissa >>= 8;
            ++size;
        }
        // casting to 'uint32' is safe because a size is below 34 and a mantissa below 2^23
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint32((size << 24) | mantissa);
    }

    /// @notice The hashes that a block of this target takes on average: 2^256 / (target + 1).
    function workOf(uint256 target) internal pure returns (uint256) {
        return ~target / (target + 1) + 1;
    }

    /// @notice The next period's target, after one that took from `start` to `end`; a target below 2^254.
    function retarget(uint32 bits, uint32 start, uint32 end, uint256 limit) internal pure returns (uint32) {
        uint256 span = end > start ? end - start : 0;
        if (span < SECONDS / 4) span = SECONDS / 4;
        if (span > SECONDS * 4) span = SECONDS * 4;

        return bitsOf(Math.min(Math.mulDiv(targetOf(bits), span, SECONDS), limit));
    }
}
