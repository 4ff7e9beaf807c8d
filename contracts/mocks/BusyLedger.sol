// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "../Ledger.sol";
import {ETHER, Genesis} from "../interfaces/ILedger.sol";

/// @title A ledger that records as much as a benchmark wants in one transaction, and pays nobody
contract BusyLedger is Ledger {
    uint256 private constant WALLETS = 10_000;

    constructor(uint32 maxEntries, uint32 interval)
        Ledger(maxEntries, interval, Genesis(0, 0, new bytes32[](0)))
    {
        _declare(ETHER, "Ether", "ETH", 18);
    }

    /// @notice Records `count` entries singly, between wallets and of values that follow from `seed`.
    function record(uint256 seed, uint256 count) external {
        for (uint256 i = 0; i < count; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            _record(ETHER, _wallet(chance % WALLETS), _wallet((chance >> 32) % WALLETS), chance >> 192, 0);
        }
    }

    /// @notice Records one batch, from the caller.
    function recordBatch(bytes32[] calldata payments, bytes32 memo) external {
        _recordBatch(ETHER, msg.sender, payments, memo);
    }

    function _wallet(uint256 number) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode(number)))));
    }
}
