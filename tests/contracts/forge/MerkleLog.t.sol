// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry} from "../../../contracts/interfaces/ILedger.sol";
import {Payment} from "../../../contracts/libraries/Payment.sol";
import {MockLog} from "../../../contracts/mocks/MockLog.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Checks} from "./support/Vm.sol";

contract MerkleLogTest is Checks {
    MockLog private log;

    function setUp() public {
        log = new MockLog();
    }

    function testFuzz_a_leaf_is_the_hash_of_its_fields(Entry calldata entry) public view {
        same(log.leaf(entry), PlainLog.leaf(entry));
    }

    function testFuzz_a_node_is_the_hash_of_its_halves(bytes32 left, bytes32 right) public view {
        same(log.node(left, right), PlainLog.node(left, right));
    }

    function testFuzz_a_payment_is_a_recipient_and_a_value(address recipient, uint96 value) public pure {
        bytes32 payment = Payment.pack(recipient, value);

        same(payment, bytes32(abi.encodePacked(recipient, value)));
        same(Payment.recipient(payment), recipient);
        same(Payment.value(payment), value);
    }

    function test_an_empty_log_has_the_root_of_nothing() public view {
        same(log.root(), keccak256(""));
        same(log.peaks().length, 0);
    }

    function testFuzz_root_and_peaks_are_those_of_all_leaves(uint256 seed, uint256 count) public {
        bytes32[] memory leaves = leavesFrom(seed, bound(count, 1, 20));

        same(log.append(leaves), leaves.length - 1);

        holds(leaves);
    }

    /// @dev Singles before and after, so that batches begin and end at every kind of size.
    function testFuzz_a_batch_appends_what_its_payments_would_singly(
        Entry memory common,
        bytes32[] memory payments,
        uint256 before
    ) public {
        bytes32[] memory leaves = leavesFrom(before, bound(before, 0, 10));
        if (payments.length > 12) payments = PlainLog.head(payments, 12);
        log.append(leaves);

        (uint256 first, uint256 sum) = log.appendBatch(common, payments);

        same(first, leaves.length);
        uint256 expected = 0;
        bytes32[] memory added = leavesOf(common, payments);
        for (uint256 i = 0; i < payments.length; ++i) {
            expected += uint96(uint256(payments[i]));
            leaves = PlainLog.appended(leaves, added[i]);
        }
        same(sum, expected);
        holds(leaves);
        log.append(leavesFrom(before, 1));
        holds(PlainLog.appended(leaves, leavesFrom(before, 1)[0]));
    }

    function test_a_batch_of_any_length_up_to_17_fits_a_log_of_any_size_up_to_17() public {
        Entry memory common;
        for (uint256 size = 0; size <= 17; ++size) {
            bytes32[] memory leaves = leavesFrom(size, size);
            for (uint256 count = 1; count <= 17; ++count) {
                log = new MockLog();
                log.append(leaves);
                log.appendBatch(common, leavesFrom(count, count));
                MockLog singly = new MockLog();
                singly.append(leaves);
                singly.append(leavesOf(common, leavesFrom(count, count)));
                same(log.size(), size + count);
                same(log.peaks(), singly.peaks());
            }
        }
    }

    /// @dev An odd batch reads a word past its payments; whatever stands there adds nothing.
    function testFuzz_what_follows_the_payments_of_a_batch_adds_nothing(uint256 seed, bytes32 after_) public {
        bytes32 payment = bytes32(seed);
        Entry memory common;
        bytes memory data = abi.encodeWithSelector(MockLog.appendBatch.selector, common, new bytes32[](0));
        assembly ("memory-safe") {
            mstore(add(data, mload(data)), 1)
        }

        (bool done, bytes memory answer) = address(log).call(abi.encodePacked(data, payment, after_));

        isTrue(done, "the call is sound");
        (uint256 first, uint256 sum) = abi.decode(answer, (uint256, uint256));
        same(first, 0);
        same(sum, uint96(seed));
        same(log.size(), 1);
    }

    function testFuzz_a_log_goes_on_from_its_peaks(uint256 seed, uint256 count, uint256 more) public {
        bytes32[] memory leaves = leavesFrom(seed, bound(count, 1, 9));
        log.append(leaves);
        MockLog second = new MockLog();
        second.open(log.size(), log.peaks());
        bytes32[] memory added = leavesFrom(seed / 2, bound(more, 0, 6));

        log.append(added);
        second.append(added);

        same(second.root(), log.root());
        same(second.peaks(), log.peaks());
    }

    function testFuzz_a_proof_by_the_book_holds(uint256 seed, uint256 count, uint256 index) public view {
        bytes32[] memory leaves = leavesFrom(seed, bound(count, 1, 20));
        index = bound(index, 0, leaves.length - 1);
        bytes32[] memory proof = PlainLog.path(leaves, index, 0, leaves.length);

        isTrue(log.verify(leaves[index], index, leaves.length, proof, PlainLog.root(leaves)), "it holds");
    }

    /// @dev What is changed is the leaf, the index, a sibling, the length of the proof, or the root.
    function testFuzz_a_proof_with_one_thing_changed_fails(
        uint256 seed,
        uint256 count,
        uint256 index,
        uint256 what,
        bytes32 other
    ) public view {
        bytes32[] memory leaves = leavesFrom(seed, bound(count, 1, 20));
        uint256 size = leaves.length;
        index = bound(index, 0, size - 1);
        bytes32[] memory proof = PlainLog.path(leaves, index, 0, size);
        bytes32 leaf = leaves[index];
        bytes32 root = PlainLog.root(leaves);

        what = bound(what, 0, 5);
        if (what == 0) leaf = keccak256(abi.encode(leaf));
        if (what == 1) index = size == 1 || index + 1 == size ? size : index + 1;
        if (what == 2) proof = PlainLog.appended(proof, other);
        if (what == 3 && proof.length > 0) proof = PlainLog.head(proof, proof.length - 1);
        if (what == 4 && proof.length > 0) proof[uint256(other) % proof.length] ^= bytes32(uint256(1));
        if ((what == 3 || what == 4) && size == 1) leaf = ~leaf;
        if (what == 5) root = ~root;

        isTrue(!log.verify(leaf, index, size, proof, root), "it fails");
    }

    /// @dev The proof ends at a root, but a log of twice the leaves has a level more.
    function testFuzz_a_proof_that_ends_too_early_fails(uint256 seed, uint256 count, uint256 index)
        public
        view
    {
        bytes32[] memory leaves = leavesFrom(seed, bound(count, 1, 20));
        index = bound(index, 0, leaves.length - 1);
        bytes32[] memory proof = PlainLog.path(leaves, index, 0, leaves.length);
        uint256 larger = 4 * PlainLog.split(leaves.length + 1);

        isTrue(!log.verify(leaves[index], index, larger, proof, PlainLog.root(leaves)), "it fails");
    }

    function testFuzz_no_index_size_or_proof_makes_verification_revert(
        bytes32 leaf,
        uint256 index,
        uint256 size,
        bytes32[] memory proof,
        bytes32 root
    ) public view {
        log.verify(leaf, index, size, proof, root);
        isTrue(!log.verify(leaf, size, size, proof, root), "an index past the size fails");
    }

    function holds(bytes32[] memory leaves) private view {
        same(log.size(), leaves.length);
        same(log.root(), PlainLog.root(leaves));
        same(log.peaks(), PlainLog.peaks(leaves));
    }

    function leavesOf(Entry memory common, bytes32[] memory payments)
        private
        pure
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](payments.length);
        for (uint256 i = 0; i < payments.length; ++i) {
            common.recipient = address(bytes20(payments[i]));
            common.value = uint96(uint256(payments[i]));
            leaves[i] = PlainLog.leaf(common);
        }
    }

    function leavesFrom(uint256 seed, uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = keccak256(abi.encode(seed, i));
        }
    }
}
