// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A payment of a batch in one word: recipient (20 bytes) ‖ value (12 bytes).
type Payment is bytes32;

using Payments for Payment global;

/// @title What a payment's word says
library Payments {
    /// @notice The payment of `amount` to `to`.
    function pack(address to, uint96 amount) internal pure returns (Payment) {
        return Payment.wrap(bytes32(bytes20(to)) | bytes32(uint256(amount)));
    }

    /// @notice Who is paid.
    function recipient(Payment payment) internal pure returns (address) {
        return address(bytes20(Payment.unwrap(payment)));
    }

    /// @notice How much, in the subject's smallest unit.
    function value(Payment payment) internal pure returns (uint256) {
        return uint96(uint256(Payment.unwrap(payment)));
    }
}
