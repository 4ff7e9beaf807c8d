// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {BadgeLedger} from "../../../contracts/examples/BadgeLedger.sol";
import {LikeRewards} from "../../../contracts/examples/LikeRewards.sol";
import {PointsLedger} from "../../../contracts/examples/PointsLedger.sol";
import {ETHER, Entry} from "../../../contracts/interfaces/ILedger.sol";
import {Burner, Reenterer, Refuser} from "../../../contracts/mocks/Recipients.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice Likes and their rewards in one ledger; a badge and points with chains of their own.
contract ExamplesTest is Sandbox {
    address private constant AUTHOR = address(0xa07);
    address private constant FRIEND = address(0xf1e);
    uint256 private constant REWARD = 1 ether;

    LikeRewards private likes;
    PointsLedger private points;

    function setUp() public {
        vm.warp(START);
        likes = new LikeRewards(100, REWARD);
        points = new PointsLedger("Points", "PTS", type(uint256).max);
    }

    function test_likes_for_nobody_for_the_contract_and_of_ones_own_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.NoAuthor.selector));
        likes.like(address(0), 0);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.NoAuthor.selector));
        likes.like(address(likes), 0);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.OwnPost.selector));
        likes.like(address(this), 0);

        same(likes.size(), 0);
    }

    function test_a_reward_of_nothing_or_for_no_likes_and_an_empty_gift_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.Nothing.selector));
        new LikeRewards(100, 0);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.Nothing.selector));
        new LikeRewards(0, REWARD);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.Nothing.selector));
        likes.fund(0);
    }

    function testFuzz_a_post_is_liked_once_by_each(address fan, address author, bytes32 post, bytes32 other)
        public
    {
        vm.assume(fan != author && author != address(0) && author != address(likes) && post != other);
        vm.prank(fan);
        same(likes.like(author, post), 0);

        vm.expectRevert(abi.encodeWithSelector(LikeRewards.AlreadyLiked.selector, fan, author, post));
        vm.prank(fan);
        likes.like(author, post);

        vm.prank(fan);
        same(likes.like(author, other), 1);
        same(likes.likesOf(author), 2);
        Entry memory first = Entry(likes.LIKE(), fan, author, 1, uint64(START), post);
        isTrue(likes.verifyEntry(first, 0, 2, listOf(leafOf(likes.LIKE(), fan, author, 1, other))), "entry");
    }

    function test_the_hundredth_like_pays_in_the_same_transaction_and_both_are_entries() public {
        give(2 * REWARD);
        like(AUTHOR, 99);
        same(AUTHOR.balance, 0);
        bytes32 left = likes.root();

        same(likes.like(AUTHOR, bytes32(uint256(99))), 100);

        same(AUTHOR.balance, REWARD);
        same(likes.pot(), REWARD);
        same(likes.size(), 102);
        isTrue(left != likes.root(), "both are under the root");
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.NothingDue.selector, AUTHOR, 0, REWARD));
        likes.settle(AUTHOR);
    }

    function test_whatever_the_authors_wallet_does_the_like_stands_and_the_reward_is_kept() public {
        Reenterer greedy = new Reenterer();
        greedy.prepare(address(likes), abi.encodeCall(LikeRewards.settle, (address(greedy))), false, true);
        address[3] memory wallets = [address(new Refuser()), address(new Burner()), address(greedy)];
        give(3 * REWARD);

        for (uint256 i = 0; i < 3; ++i) {
            like(wallets[i], 99);
            vm.expectEmit(address(likes));
            emit LikeRewards.Credited(wallets[i], REWARD);
            likes.like(wallets[i], bytes32(uint256(99)));

            same(wallets[i].balance, 0);
            same(likes.creditOf(wallets[i]), REWARD);
        }
        same(likes.size(), 1 + 3 * 101);

        vm.prank(wallets[0]);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.CreditRefused.selector, wallets[1], REWARD));
        likes.withdraw(payable(wallets[1]));
        vm.prank(wallets[0]);
        same(likes.withdraw(payable(FRIEND)), REWARD);
        same(FRIEND.balance, REWARD);
        vm.prank(wallets[0]);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.Nothing.selector));
        likes.withdraw(payable(FRIEND));
    }

    function test_with_an_empty_pot_the_like_counts_and_the_reward_is_settled_later() public {
        like(AUTHOR, 200);
        same(likes.due(AUTHOR), 2);
        vm.expectRevert(abi.encodeWithSelector(LikeRewards.NothingDue.selector, AUTHOR, 2, 0));
        likes.settle(AUTHOR);
        give(REWARD);

        likes.settle(AUTHOR);

        same(AUTHOR.balance, REWARD);
        same(likes.due(AUTHOR), 1);
        same(likes.size(), 202);
    }

    function test_every_movement_of_a_badge_is_an_entry() public {
        BadgeLedger badges = new BadgeLedger("Badge", "BDG");
        badges.give(AUTHOR, 7);
        vm.prank(AUTHOR);
        badges.transferFrom(AUTHOR, FRIEND, 7);
        vm.prank(FRIEND);
        badges.handBack(7);

        bytes32[] memory leaves = listOf(
            leafOf(address(badges), address(0), AUTHOR, 1, bytes32(uint256(7))),
            leafOf(address(badges), AUTHOR, FRIEND, 1, bytes32(uint256(7))),
            leafOf(address(badges), FRIEND, address(0), 1, bytes32(uint256(7)))
        );
        same(badges.size(), 3);
        same(badges.root(), PlainLog.root(leaves));
        (, string memory symbol, uint8 decimals) = badges.subject(address(badges));
        same(keccak256(bytes(symbol)), keccak256("BDG"));
        same(decimals, 0);
    }

    function test_who_may_not_give_take_or_hand_back_a_badge_records_nothing() public {
        BadgeLedger badges = new BadgeLedger("Badge", "BDG");
        badges.give(AUTHOR, 7);

        vm.prank(FRIEND);
        vm.expectRevert(abi.encodeWithSelector(BadgeLedger.NotTheIssuer.selector, FRIEND));
        badges.give(FRIEND, 8);
        bytes memory refusal =
            abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, FRIEND, 7);
        vm.prank(FRIEND);
        vm.expectRevert(refusal);
        badges.transferFrom(AUTHOR, FRIEND, 7);
        vm.prank(FRIEND);
        vm.expectRevert(refusal);
        badges.handBack(7);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidSender.selector, address(0)));
        badges.give(AUTHOR, 7);
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(likes)));
        badges.give(address(likes), 9);

        same(badges.size(), 1);
        same(badges.ownerOf(7), AUTHOR);
    }

    function testFuzz_the_entries_of_points_are_its_movements(uint256 value) public {
        isTrue(points.transfer(FRIEND, value), "it moves");

        address id = address(points);
        bytes32[] memory leaves = listOf(
            leafOf(id, address(0), address(this), type(uint256).max, 0),
            leafOf(id, address(this), FRIEND, value, 0)
        );
        same(points.root(), PlainLog.root(leaves));
        same(points.balanceOf(FRIEND), value);
    }

    function give(uint256 value) private {
        vm.deal(address(this), value);
        likes.fund{value: value}(0);
    }

    /// @dev So many likes of this contract, each of another post.
    function like(address author, uint256 count) private {
        for (uint256 i = 0; i < count; ++i) {
            likes.like(author, bytes32(i));
        }
    }

    function leafOf(address id, address sender, address recipient, uint256 value, bytes32 memo)
        private
        view
        returns (bytes32)
    {
        return PlainLog.leaf(Entry(id, sender, recipient, value, uint64(block.timestamp), memo));
    }
}
