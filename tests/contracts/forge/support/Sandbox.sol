// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../../../../contracts/BPSC.sol";
import {IBPSC} from "../../../../contracts/interfaces/IBPSC.sol";
import {ETHER, Entry, Genesis, ILedger} from "../../../../contracts/interfaces/ILedger.sol";
import {PlainLog} from "./PlainLog.sol";
import {Checks, Vm, vm} from "./Vm.sol";

/// @notice Builds ledgers, and reads them back from their events alone, as an indexer does.
abstract contract Sandbox is Checks {
    uint256 internal constant START = 1_800_000_000;

    function nothing() internal pure returns (Genesis memory) {
        return Genesis(0, 0, new bytes32[](0));
    }

    function free() internal returns (BPSC) {
        return new BPSC(100, 0, 0, address(0), nothing());
    }

    function withFee(uint32 ppm, address treasury) internal returns (BPSC) {
        return new BPSC(100, 0, ppm, treasury, nothing());
    }

    /// @notice Ether that comes by no call: a contract that destroys itself in its constructor.
    function force(address to, uint256 value) internal {
        bytes memory code = abi.encodePacked(hex"73", to, hex"ff");
        address made;
        vm.deal(address(this), value);
        assembly ("memory-safe") {
            made := create(value, add(code, 32), mload(code))
        }
        isTrue(made != address(0), "it is forced in");
    }

    /// @notice The leaves of the entries that these logs carry for `ledger`, which has `size` before them.
    function leavesOf(Vm.Log[] memory logs, address ledger, uint256 size)
        internal
        pure
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](0);
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (logs[i].emitter != ledger) continue;
            if (topic != ILedger.TransferRecorded.selector && topic != ILedger.TransferBatchRecorded.selector)
            {
                continue;
            }
            same(uint256(logs[i].topics[1]), size + leaves.length);
            leaves = topic == ILedger.TransferRecorded.selector
                ? PlainLog.appended(leaves, PlainLog.leaf(single(logs[i])))
                : batch(logs[i], leaves);
        }
    }

    function single(Vm.Log memory log) internal pure returns (Entry memory entry) {
        (entry.sender, entry.recipient) = (account(log.topics[2]), account(log.topics[3]));
        (entry.subject, entry.value, entry.timestamp, entry.memo) =
            abi.decode(log.data, (address, uint256, uint64, bytes32));
    }

    function batch(Vm.Log memory log, bytes32[] memory leaves) internal pure returns (bytes32[] memory) {
        (uint64 timestamp, bytes32 memo, bytes32[] memory payments) =
            abi.decode(log.data, (uint64, bytes32, bytes32[]));
        for (uint256 i = 0; i < payments.length; ++i) {
            Entry memory entry = Entry(
                account(log.topics[3]),
                account(log.topics[2]),
                address(bytes20(payments[i])),
                uint96(uint256(payments[i])),
                timestamp,
                memo
            );
            leaves = PlainLog.appended(leaves, PlainLog.leaf(entry));
        }
        return leaves;
    }

    function account(bytes32 topic) internal pure returns (address) {
        return address(uint160(uint256(topic)));
    }

    function ether_(address sender, address recipient, uint256 value, bytes32 memo)
        internal
        view
        returns (Entry memory)
    {
        return Entry(ETHER, sender, recipient, value, uint64(block.timestamp), memo);
    }

    function listOf(bytes32 one) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = one;
    }

    function listOf(bytes32 one, bytes32 two) internal pure returns (bytes32[] memory list) {
        return PlainLog.appended(listOf(one), two);
    }

    function listOf(bytes32 one, bytes32 two, bytes32 three) internal pure returns (bytes32[] memory list) {
        return PlainLog.appended(listOf(one, two), three);
    }

    function feeOf(IBPSC bpsc, uint256 value) internal view returns (uint256) {
        return value * bpsc.feePpm() / 1_000_000;
    }
}
