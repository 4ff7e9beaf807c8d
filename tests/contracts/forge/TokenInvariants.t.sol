// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {TokenHandler} from "./support/TokenHandler.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of calls on the ledger of a token that calls back.
contract TokenInvariantsTest is Sandbox {
    TokenHandler private handler;

    function setUp() public {
        vm.warp(START);
        handler = new TokenHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One look for all: each invariant of its own would play all sequences again.
    function invariant_the_entries_of_a_token_are_its_balances() public view {
        bytes32[] memory leaves = handler.leaves();
        same(handler.ledger().size(), leaves.length);
        same(handler.ledger().root(), PlainLog.root(leaves));

        address[] memory holders = handler.holders();
        for (uint256 i = 0; i < holders.length; ++i) {
            same(handler.token().balanceOf(holders[i]), uint256(handler.booked_(holders[i])));
        }
    }
}
