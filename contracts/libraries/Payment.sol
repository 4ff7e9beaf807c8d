// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A payment of a batch, in one word: recipient (20 bytes) ‖ value (12 bytes)
library Payment {
    /// @notice The payment of `amount` to `to`.
    function pack(address to, uint96 amount) internal pure returns (bytes32) {
        return bytes32(bytes20(to)) | bytes32(uint256(amount));
    }

    /// @notice Who is paid.
    function recipient(bytes32 payment) internal pure returns (address) {
        // casting to 'bytes20' is safe because the rest of the word is the value
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(bytes20(payment));
    }

    /// @notice How much, in the subject's smallest unit.
    function value(bytes32 payment) internal pure returns (uint256) {
        return uint96(uint256(payment));
    }
}
