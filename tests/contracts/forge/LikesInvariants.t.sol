// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LikeRewards} from "../../../contracts/examples/LikeRewards.sol";
import {LikesHandler} from "./support/LikesHandler.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of likes, gifts and withdrawals, whatever the authors' wallets do.
contract LikesInvariantsTest is Sandbox {
    LikesHandler private handler;

    function setUp() public {
        vm.warp(START);
        handler = new LikesHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev One look for all: each invariant of its own would play all sequences again. What needs every author is
    /// looked at when a sequence ends, since nothing that was missing by then could come back.
    function invariant_the_rewards_of_the_ledger_are_what_left_the_pot() public view {
        same(handler.rewarded(), handler.funded() - handler.likes().pot());
    }

    /// @dev Once for each sequence.
    function afterInvariant() public view {
        LikeRewards likes = handler.likes();
        bytes32[] memory leaves = handler.leaves();
        same(likes.size(), leaves.length);
        same(likes.root(), PlainLog.root(leaves));

        uint256 paid = address(0xca5).balance; // Where those take what was kept who do not take it themselves.
        uint256 kept = 0;
        for (uint256 i = 0; i < 4; ++i) {
            address author = handler.authors(i);
            same(likes.likesOf(author), handler.likeEntries(author));
            same(likes.rewardsOf(author), handler.rewardEntries(author));
            isTrue(
                likes.rewardsOf(author) <= likes.likesOf(author) / 3, "no reward is paid before it is earned"
            );
            kept += likes.creditOf(author);
            paid += author.balance;
        }
        same(handler.rewarded(), paid + kept);
        same(address(likes).balance, likes.pot() + kept + handler.forced());
    }
}
