// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenBurnClaim} from "../../../contracts/TokenBurnClaim.sol";
import {CoinHandler} from "./support/CoinHandler.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of claims, migrations, payments and burns.
contract CoinInvariantsTest is Sandbox {
    CoinHandler private handler;

    function setUp() public {
        vm.warp(START);
        handler = new CoinHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One look for all: each invariant of its own would play all sequences again.
    function invariant_a_coins_supply_is_what_was_claimed_and_migrated_less_what_was_burned() public view {
        TokenBurnClaim coin = handler.coin();
        bytes32[] memory leaves = handler.leaves();
        same(coin.size(), leaves.length);
        same(coin.root(), PlainLog.root(leaves));

        same(coin.totalSupply(), handler.claimed() + handler.migrated() - handler.burned());
        same(uint256(handler.total()), coin.totalSupply() + handler.unclaimed());
        for (uint256 i = 0; i < 3; ++i) {
            uint256 waiting = coin.claimed(i) ? 0 : 10 ** (18 + i);
            same(uint256(handler.booked(handler.wallet(i))), coin.balanceOf(handler.wallet(i)) + waiting);
        }
    }
}
