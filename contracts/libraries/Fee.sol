// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What a relay keeps of a payment, in parts per million
library Fee {
    /// @dev A tenth.
    uint32 internal constant MOST = 100_000;
    uint256 internal constant MILLION = 1_000_000;

    /// @notice floor(value · ppm / 1_000_000), for any value and at most `MOST` parts.
    /// @dev The product is taken apart so that it cannot overflow: no part of it exceeds `value`.
    function on(uint256 value, uint256 ppm) internal pure returns (uint256) {
        unchecked {
            return value / MILLION * ppm + value % MILLION * ppm / MILLION;
        }
    }
}
