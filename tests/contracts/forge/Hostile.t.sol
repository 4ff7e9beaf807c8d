// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../../../contracts/BPSC.sol";
import {IBPSC} from "../../../contracts/interfaces/IBPSC.sol";
import {ILedger} from "../../../contracts/interfaces/ILedger.sol";
import {Payment} from "../../../contracts/libraries/Payment.sol";
import {Burner, Reenterer, Refuser, Shouter} from "../../../contracts/mocks/Recipients.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice Recipients that do what they can; in each test a second one, `LAST`, is to be paid after them.
contract HostileTest is Sandbox {
    address private constant TREASURY = address(0x7ea5);
    address private constant LAST = address(0x1a57);
    uint32 private constant PPM = 50;

    BPSC private bpsc;
    Reenterer private caller;

    function setUp() public {
        vm.warp(START);
        bpsc = withFee(PPM, TREASURY);
        caller = new Reenterer();
        vm.deal(address(this), 2 ** 100);
    }

    function testFuzz_a_recipient_that_relays_on_records_a_later_entry(uint96 value, uint96 next) public {
        (value, next) = (uint96(bound(value, 2, 2 ** 90)), uint96(bound(next, 1, 2 ** 90)));
        caller.prepare(address(bpsc), abi.encodeCall(IBPSC.relay, (payable(address(0xf00d)), 0)), true, true);

        batch(value, next, 3);

        uint256 net = value - feeOf(bpsc, value);
        same(address(0xf00d).balance, net - feeOf(bpsc, net));
        same(address(bpsc).balance, feeOf(bpsc, value) + feeOf(bpsc, next) + feeOf(bpsc, net));
    }

    function testFuzz_a_recipient_that_relays_a_batch_on_records_later_entries(uint96 value, uint96 next)
        public
    {
        (value, next) = (uint96(bound(value, 2, 2 ** 90)), uint96(bound(next, 1, 2 ** 90)));
        uint96 net = uint96(value - feeOf(bpsc, value));
        bytes32[] memory payments =
            listOf(Payment.pack(address(0xe66), net - net / 2), Payment.pack(address(0xf00d), net / 2));
        caller.prepare(address(bpsc), abi.encodeCall(IBPSC.relayBatch, (payments, 0)), true, true);

        batch(value, next, 4);

        same(
            address(0xe66).balance + address(0xf00d).balance,
            net - feeOf(bpsc, net - net / 2) - feeOf(bpsc, net / 2)
        );
    }

    function testFuzz_a_recipient_that_seals_records_a_later_entry(uint96 value, uint96 next) public {
        (value, next) = (uint96(bound(value, 1, 2 ** 90)), uint96(bound(next, 1, 2 ** 90)));
        caller.prepare(address(bpsc), abi.encodeCall(ILedger.seal, ()), false, true);

        batch(value, next, 3);
    }

    function testFuzz_a_treasury_that_collects_in_a_batch_gets_nothing_of_it(uint96 value, uint96 next)
        public
    {
        (value, next) = (uint96(bound(value, 1, 2 ** 90)), uint96(bound(next, 1, 2 ** 90)));
        bpsc = withFee(PPM, address(caller));
        caller.prepare(address(bpsc), abi.encodeCall(IBPSC.collect, ()), false, false);

        batch(value, next, 2);

        isTrue(caller.called() && !caller.succeeded(), "it was refused");
        same(keccak256(caller.answer()), keccak256(abi.encodeWithSelector(IBPSC.BatchIsPaying.selector)));
        same(address(caller).balance, value - feeOf(bpsc, value));
    }

    /// @dev The end of an inner batch is not the end of the outer one.
    function testFuzz_collecting_is_refused_until_the_outermost_batch_is_paid(uint96 value, uint96 next)
        public
    {
        (value, next) = (uint96(bound(value, 10, 2 ** 90)), uint96(bound(next, 1, 2 ** 90)));
        Reenterer second = new Reenterer();
        second.prepare(address(bpsc), abi.encodeCall(IBPSC.collect, ()), false, false);
        bytes32[] memory inner = listOf(Payment.pack(LAST, uint96(value - feeOf(bpsc, value))));
        caller.prepare(address(bpsc), abi.encodeCall(IBPSC.relayBatch, (inner, 0)), true, true);

        uint256 sum = uint256(value) + next + 1;
        bpsc.relayBatch{value: sum}(
            listOf(payment(value), Payment.pack(address(second), next), Payment.pack(address(0xf00d), 1)), 0
        );

        isTrue(second.called() && !second.succeeded(), "it was refused");
        same(address(0xf00d).balance, 1);
        force(address(bpsc), 1);
        bpsc.collect();
        same(address(bpsc).balance, 0);
    }

    function testFuzz_a_recipient_that_collects_during_a_relay_moves_fees_only(uint96 value, uint96 held)
        public
    {
        (value, held) = (uint96(bound(value, 1, 2 ** 90)), uint96(bound(held, 1, 2 ** 90)));
        force(address(bpsc), held);
        vm.deal(address(this), value);
        caller.prepare(address(bpsc), abi.encodeCall(IBPSC.collect, ()), false, true);

        bpsc.relay{value: value}(payable(address(caller)), 0);

        same(TREASURY.balance, held + feeOf(bpsc, value));
        same(address(caller).balance, value - feeOf(bpsc, value));
        same(address(bpsc).balance, 0);
    }

    function test_a_recipient_that_burns_all_gas_is_a_refusal() public {
        refused(address(new Burner()), 1 ether);
    }

    function test_a_recipient_that_refuses_is_named_with_what_it_was_to_get() public {
        refused(address(new Refuser()), 1 ether);
    }

    function test_what_a_recipient_shouts_is_not_listened_to() public {
        address refuser = address(new Shouter(1_000_000, true));
        address taker = address(new Shouter(1_000_000, false));
        uint256 cost = shoutCost(taker);

        uint256 gas = gasleft();
        bpsc.relay{value: 1 ether}(payable(taker), 0);
        gas -= gasleft();

        // Copied, a million bytes would cost the caller as much again.
        isTrue(gas < cost + 200_000, "nothing was copied");
        refused(refuser, 1 ether);
    }

    function testFuzz_forced_ether_is_spendable_by_collect_alone(uint96 held, uint96 value) public {
        (held, value) = (uint96(bound(held, 1, 2 ** 90)), uint96(bound(value, 2, 2 ** 90)));
        bpsc = free();
        force(address(bpsc), held);
        vm.deal(address(this), value);

        vm.expectRevert(abi.encodeWithSelector(IBPSC.WrongSum.selector, value - 1, value));
        bpsc.relayBatch{value: value - 1}(listOf(Payment.pack(LAST, value)), 0);
        vm.expectRevert(abi.encodeWithSelector(IBPSC.NoTreasury.selector));
        bpsc.collect();
        bpsc.relay{value: value}(payable(LAST), 0);

        same(LAST.balance, value);
        same(address(bpsc).balance, held);
    }

    function testFuzz_collect_sends_all_and_records_it_first(uint96 held, uint96 value) public {
        (held, value) = (uint96(bound(held, 1, 2 ** 90)), uint96(bound(value, 1, 2 ** 90)));
        bpsc.relay{value: value}(payable(LAST), 0);
        force(address(bpsc), held);
        uint256 all = held + feeOf(bpsc, value);
        bytes32 before = bpsc.root();

        vm.recordLogs();
        same(bpsc.collect(), all);

        same(TREASURY.balance, all);
        same(address(bpsc).balance, 0);
        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(bpsc), 1);
        same(leaves, listOf(PlainLog.leaf(ether_(address(bpsc), TREASURY, all, 0))));
        same(bpsc.root(), PlainLog.node(before, leaves[0]));
        vm.expectRevert(abi.encodeWithSelector(IBPSC.NothingToCollect.selector));
        bpsc.collect();
    }

    function testFuzz_a_treasury_that_relays_when_paid_breaks_nothing(uint96 held) public {
        held = uint96(bound(held, 1, 2 ** 90));
        bpsc = withFee(PPM, address(caller));
        force(address(bpsc), held);
        caller.prepare(address(bpsc), abi.encodeCall(IBPSC.relay, (payable(LAST), 0)), true, true);

        vm.recordLogs();
        bpsc.collect();

        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(bpsc), 0);
        same(leaves.length, 2);
        same(bpsc.root(), PlainLog.root(leaves));
        same(LAST.balance, held - feeOf(bpsc, held));
        same(address(bpsc).balance, feeOf(bpsc, held));
    }

    /// @notice Pays the hostile one `value`, then LAST `next`, and looks at what stands in the ledger.
    function batch(uint96 value, uint96 next, uint256 entries) private {
        vm.recordLogs();
        bpsc.relayBatch{value: uint256(value) + next}(
            listOf(payment(value), Payment.pack(LAST, next)), "memo"
        );

        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(bpsc), 0);
        same(leaves.length, entries);
        same(bpsc.size(), entries);
        same(bpsc.root(), PlainLog.root(leaves));
        same(leaves[1], PlainLog.leaf(ether_(address(this), LAST, next, "memo")));
        same(LAST.balance, next - feeOf(bpsc, next));
    }

    function refused(address recipient, uint256 value) private {
        uint256 net = value - feeOf(bpsc, value);
        bytes32[] memory payments = listOf(Payment.pack(LAST, 1), Payment.pack(recipient, uint96(value)));
        uint64 size = bpsc.size();
        uint256 held = address(bpsc).balance;

        vm.expectRevert(abi.encodeWithSelector(IBPSC.PaymentRefused.selector, recipient, net, 0));
        bpsc.relay{value: value, gas: 5_000_000}(payable(recipient), 0);
        vm.expectRevert(abi.encodeWithSelector(IBPSC.PaymentRefused.selector, recipient, net, 1));
        bpsc.relayBatch{value: value + 1, gas: 5_000_000}(payments, 0);

        same(bpsc.size(), size);
        same(address(bpsc).balance, held);
        same(LAST.balance, 0);
    }

    function shoutCost(address shouter) private returns (uint256 gas) {
        gas = gasleft();
        assembly ("memory-safe") {
            pop(call(gas(), shouter, 1, 0, 0, 0, 0))
        }
        gas -= gasleft();
    }

    function payment(uint96 value) private view returns (bytes32) {
        return Payment.pack(address(caller), value);
    }
}
