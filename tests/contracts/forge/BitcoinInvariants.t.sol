// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitcoinBurnClaim} from "../../../contracts/BitcoinBurnClaim.sol";
import {BurnHandler} from "./support/BurnHandler.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of blocks, forks, burns shown, payments and burns.
contract BitcoinInvariantsTest is Sandbox {
    BurnHandler private handler;

    function setUp() public {
        vm.warp(START);
        handler = new BurnHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One look for all: each invariant of its own would play all sequences again.
    /// forge-config: ci.invariant.runs = 32
    function invariant_a_burnt_coins_supply_is_the_satoshis_that_were_shown_less_what_was_burned()
        public
        view
    {
        BitcoinBurnClaim coin = handler.coin();
        (bytes32 tip, uint32 height, uint256 work) = coin.bestBlock();
        same(tip, handler.tip());
        same(uint256(height), handler.height());
        same(work, handler.height() * 4);

        same(coin.migrated(), handler.migrated());
        same(coin.totalSupply(), coin.migrated() - handler.burned());
        same(coin.size(), handler.leaves().length);
        if (coin.size() != 0) same(coin.root(), handler.root());
    }
}
