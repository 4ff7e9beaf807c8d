// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitcoinBurnClaim} from "../../../../contracts/BitcoinBurnClaim.sol";
import {Miner} from "./Miner.sol";
import {PlainLog} from "./PlainLog.sol";
import {vm} from "./Vm.sol";

/// @notice Mines on any block, each with a burn, shows burns at any time, and spends what came of them. Which block is
/// the best, and what stands on what, is kept here in the plainest way: by going from block to block.
contract BurnHandler is Miner {
    uint32 private constant DEPTH = 2;

    struct Node {
        Mined mined;
        uint256 parent;
        uint256 height;
        bytes first;
        bytes burn;
        uint256 value;
        bool counted;
    }

    BitcoinBurnClaim public immutable coin;
    Node[] private nodes;
    uint256 private best;
    bytes32[] private leaves_;

    uint256 public migrated;
    uint256 public burned;

    constructor() {
        Mined memory first = mine(bytes32(0), bytes32(0), uint32(START - 30 days), EASIEST, LIMIT);
        nodes.push(Node(first, 0, 0, "", "", 0, true));
        coin = coinOf(first, DEPTH, DEPTH * WORK);
    }

    /// @dev Whatever the coin records inside is kept.
    modifier kept() {
        vm.recordLogs();
        _;
        bytes32[] memory fresh = leavesOf(vm.getRecordedLogs(), address(coin), leaves_.length);
        for (uint256 i = 0; i < fresh.length; ++i) {
            leaves_.push(fresh[i]);
        }
    }

    /// @notice A block on the best, or on one of the last eight: a fork.
    function grow(uint256 on, uint32 satoshis) external {
        uint256 last = nodes.length - 1;
        on = on % 3 != 0 ? best : last - bound(on, 0, last < 8 ? last : 8);
        bytes memory paid = burning(nodes.length, uint64(satoshis) + 1, coin.burnScript(wallet(nodes.length)));
        bytes memory first = coinbase(nodes.length);
        Mined memory made = mine(nodes[on].mined, pair(hash256(first), hash256(paid)), 600);

        coin.submitHeaders(made.raw);

        nodes.push(
            Node(made, on, nodes[on].height + 1, first, paid, (uint256(satoshis) + 1) * 10 ** 10, false)
        );
        if (nodes[on].height + 1 > nodes[best].height) best = nodes.length - 1;
    }

    /// @notice A burn counts if its block is on the best chain, deep enough, and was not counted.
    function show(uint256 number) external kept {
        if (nodes.length == 1) return;
        Node storage node = nodes[bound(number, 1, nodes.length - 1)];
        uint256 under = best;
        while (nodes[under].height > node.height) {
            under = nodes[under].parent;
        }
        bool stands = nodes[under].mined.hash == node.mined.hash && nodes[best].height - node.height >= DEPTH;

        (bool done,) = address(coin)
            .call(abi.encodeCall(coin.claimBurn, (proofOf(node.mined.raw, node.first, node.burn))));

        isTrue(done == (stands && !node.counted), "what stands deep enough counts, once");
        if (!done) return;
        isTrue(coin.counted(hash256(node.burn), 0), "the coin knows what was counted");
        node.counted = true;
        migrated += node.value;
    }

    function transfer(uint256 who, uint256 to, uint256 value) external kept {
        value = bound(value, 0, coin.balanceOf(wallet(who)));

        vm.prank(wallet(who));
        isTrue(coin.transfer(wallet(to), value), "it is paid");
    }

    function burn(uint256 who, uint256 value) external kept {
        value = bound(value, 0, coin.balanceOf(wallet(who)));

        vm.prank(wallet(who));
        coin.burn(value);

        burned += value;
    }

    function leaves() external view returns (bytes32[] memory) {
        return leaves_;
    }

    function tip() external view returns (bytes32) {
        return nodes[best].mined.hash;
    }

    function height() external view returns (uint256) {
        return nodes[best].height;
    }

    function wallet(uint256 number) public pure returns (address) {
        return address(uint160(0xc01 + number % 3));
    }

    function root() external view returns (bytes32) {
        return PlainLog.root(leaves_);
    }
}
