// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry, Genesis, SEAL} from "../../../contracts/interfaces/ILedger.sol";
import {MockLedger} from "../../../contracts/mocks/MockLedger.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice The vectors of tests/vectors/protocol.json, entry by entry through a ledger.
contract VectorsTest is Sandbox {
    string private json;
    string private key;
    MockLedger private ledger;

    function setUp() public {
        json = vm.readFile("tests/vectors/protocol.json");
    }

    function test_leaves_roots_and_peaks_are_those_of_the_vectors() public {
        uint256 count = 0;
        for (; vm.keyExistsJson(json, string.concat("$[", vm.toString(count), "]")); ++count) {
            key = string.concat("$[", vm.toString(count), "]");
            record();
        }
        isTrue(count >= 5, "there are five vectors");
    }

    function record() private {
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, string.concat(key, ".roots"));
        bytes32[] memory leaves = new bytes32[](roots.length - 1);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = vm.parseJsonBytes32(json, string.concat(entryKey(i), ".leaf"));
        }
        uint256 opening = vm.parseJsonUint(json, string.concat(key, ".genesis_size"));
        open(PlainLog.head(leaves, opening));
        same(ledger.root(), roots[opening]);

        for (uint256 i = opening; i < leaves.length; ++i) {
            same(take(entry(i), i), leaves[i]);
            same(ledger.root(), roots[i + 1]);
        }
        same(ledger.peaks(), vm.parseJsonBytes32Array(json, string.concat(key, ".peaks")));
        prove(leaves);
    }

    /// @notice A ledger of the vector's rule that opens with these leaves.
    function open(bytes32[] memory leaves) private {
        uint256 time = vm.parseJsonUint(json, string.concat(key, ".created_at"));
        uint256 most = vm.parseJsonUint(json, string.concat(key, ".rule.max_entries"));
        uint256 interval = vm.parseJsonUint(json, string.concat(key, ".rule.interval"));
        vm.warp(time);
        uint64 opened = leaves.length == 0 ? 0 : uint64(time);
        Genesis memory genesis = Genesis(uint64(leaves.length), opened, PlainLog.peaks(leaves));
        ledger = new MockLedger(uint32(most), uint32(interval), genesis);
    }

    /// @notice Records the entry, and returns the leaf that follows from its event.
    function take(Entry memory one, uint256 index) private returns (bytes32) {
        vm.warp(one.timestamp);
        vm.recordLogs();
        if (one.subject == SEAL) {
            vm.prank(one.sender);
            same(ledger.seal(), index);
        } else {
            Entry[] memory entries = new Entry[](1);
            entries[0] = one;
            same(ledger.record(entries), index);
        }
        return leavesOf(vm.getRecordedLogs(), address(ledger), index)[0];
    }

    function prove(bytes32[] memory leaves) private view {
        uint256 held = 0;
        for (uint256 i = 0; i < leaves.length; ++i) {
            bytes32[] memory proof = PlainLog.path(leaves, i, 0, leaves.length);
            if (ledger.verifyEntry(entry(i), uint64(i), uint64(leaves.length), proof)) ++held;
        }
        same(held, leaves.length);
    }

    function entry(uint256 index) private view returns (Entry memory) {
        string memory path = entryKey(index);
        return Entry(
            vm.parseJsonAddress(json, string.concat(path, ".subject")),
            vm.parseJsonAddress(json, string.concat(path, ".sender")),
            vm.parseJsonAddress(json, string.concat(path, ".recipient")),
            vm.parseUint(vm.parseJsonString(json, string.concat(path, ".value"))),
            uint64(vm.parseJsonUint(json, string.concat(path, ".timestamp"))),
            vm.parseJsonBytes32(json, string.concat(path, ".memo"))
        );
    }

    function entryKey(uint256 index) private view returns (string memory) {
        return string.concat(key, ".entries[", vm.toString(index), "]");
    }
}
