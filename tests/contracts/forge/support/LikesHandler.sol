// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LikeRewards} from "../../../../contracts/examples/LikeRewards.sol";
import {ETHER, Entry, ILedger} from "../../../../contracts/interfaces/ILedger.sol";
import {Burner, Reenterer, Refuser} from "../../../../contracts/mocks/Recipients.sol";
import {PlainLog} from "./PlainLog.sol";
import {Sandbox} from "./Sandbox.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice Five people like what four authors wrote, whose wallets take, refuse, burn gas and call back; each third
/// like pays. The books are kept from the entries alone, and what was liked by a list of its own.
contract LikesHandler is Sandbox {
    uint256 private constant REWARD = 3 ether;
    uint256 private constant POSTS = 4;

    LikeRewards public immutable likes;
    Reenterer private immutable caller;
    address[4] public authors;

    bytes32[] private leaves_;
    mapping(bytes32 what => bool) private given;
    uint256 public funded;
    uint256 public forced;
    uint256 public rewarded;
    mapping(address author => uint256) public likeEntries;
    mapping(address author => uint256) public rewardEntries;

    constructor() {
        likes = new LikeRewards(3, REWARD);
        caller = new Reenterer();
        authors = [address(0xa07), address(new Refuser()), address(new Burner()), address(caller)];
    }

    modifier booked() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory fresh = leavesOf(logs, address(likes), leaves_.length);
        for (uint256 i = 0; i < fresh.length; ++i) {
            leaves_.push(fresh[i]);
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(likes) && logs[i].topics[0] == ILedger.TransferRecorded.selector) {
                book(single(logs[i]));
            }
        }
    }

    /// @notice A like, or the second of the same post, which is refused.
    function like(uint256 who, uint256 whom, uint256 post) external booked {
        likeOnce(who % 5, whom, post);
    }

    /// @notice All like the same post.
    function applaud(uint256 whom, uint256 post) external booked {
        for (uint256 who = 0; who < 5; ++who) {
            likeOnce(who, whom, post);
        }
    }

    function fund(uint256 value, bytes32 memo) external booked {
        value = bound(value, 1, 2 * REWARD);
        vm.deal(address(this), value);

        likes.fund{value: value}(memo);

        funded += value;
    }

    function settle(uint256 whom) external booked {
        address author = authors[whom % 4];
        bool payable_ = likes.due(author) != 0 && likes.pot() >= REWARD;

        (bool done,) = address(likes).call(abi.encodeCall(LikeRewards.settle, (author)));

        isTrue(done == payable_, "a reward is paid later if it is due, and the pot holds it");
    }

    /// @notice An author takes what was kept; one that calls back for more while it comes gets no more.
    function withdraw(uint256 whom) external booked {
        address author = authors[whom % 4];
        bool comesBack = author == address(caller);
        address to = comesBack ? author : address(0xca5);
        uint256 kept = likes.creditOf(author);
        uint256 had = to.balance;
        caller.prepare(address(likes), abi.encodeCall(LikeRewards.withdraw, (payable(author))), false, false);

        vm.prank(author);
        (bool done,) = address(likes).call(abi.encodeCall(LikeRewards.withdraw, (payable(to))));

        isTrue(done == (kept != 0), "what was kept is had once");
        isTrue(!comesBack || !done || (caller.called() && !caller.succeeded()), "and no more by calling back");
        same(to.balance, had + kept);
        same(likes.creditOf(author), 0);
    }

    function forceEther(uint256 value) external booked {
        value = bound(value, 1, REWARD);
        force(address(likes), value);
        forced += value;
    }

    function leaves() external view returns (bytes32[] memory) {
        return leaves_;
    }

    function likeOnce(uint256 who, uint256 whom, uint256 post) private {
        (address fan, address author) = (address(uint160(0xfa0 + who)), authors[whom % 4]);
        bytes32 name = bytes32(post % POSTS);
        bytes32 key = keccak256(abi.encode(fan, author, name));
        bool before = given[key];
        caller.prepare(address(likes), abi.encodeCall(LikeRewards.withdraw, (payable(caller))), false, false);

        vm.prank(fan);
        (bool done,) = address(likes).call(abi.encodeCall(LikeRewards.like, (author, name)));

        isTrue(done != before, "a post is liked once by each, whatever the author's wallet does");
        given[key] = true;
    }

    function book(Entry memory entry) private {
        if (entry.subject == likes.LIKE()) {
            same(entry.value, 1);
            ++likeEntries[entry.recipient];
        } else if (entry.sender == address(likes)) {
            same(uint256(entry.memo), ++rewardEntries[entry.recipient]);
            rewarded += entry.value;
        } else {
            same(entry.subject, ETHER);
            same(entry.recipient, address(likes));
        }
    }
}
