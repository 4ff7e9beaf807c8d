// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../../../contracts/BPSC.sol";
import {IBPSC} from "../../../contracts/interfaces/IBPSC.sol";
import {Payment} from "../../../contracts/libraries/Payment.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

contract BPSCTest is Sandbox {
    address private constant TREASURY = address(0x7ea5);
    uint256 private constant POOR = 2 ** 128;

    BPSC private bpsc;

    function setUp() public {
        vm.warp(START);
        bpsc = free();
    }

    function testFuzz_a_fee_above_a_tenth_is_refused(uint32 ppm) public {
        if (ppm <= 100_000) return;

        vm.expectRevert(abi.encodeWithSelector(IBPSC.FeeTooHigh.selector, ppm, 100_000));
        withFee(ppm, TREASURY);
    }

    function testFuzz_a_payment_arrives_less_the_fee_and_is_recorded_whole(
        address sender,
        uint256 to,
        uint256 value,
        bytes32 memo,
        uint32 ppm
    ) public {
        address recipient = person(to);
        value = bound(value, 1, POOR);
        bpsc = withFee(uint32(bound(ppm, 0, 100_000)), TREASURY);
        if (sender == address(bpsc)) return;
        vm.deal(sender, value);

        vm.recordLogs();
        vm.prank(sender);
        uint64 index = bpsc.relay{value: value}(payable(recipient), memo);

        same(index, 0);
        uint256 fee = feeOf(bpsc, value);
        same(recipient.balance, value - fee);
        same(address(bpsc).balance, fee);
        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(bpsc), 0);
        same(leaves, listOf(PlainLog.leaf(ether_(sender, recipient, value, memo))));
        same(bpsc.root(), PlainLog.root(leaves));
    }

    function testFuzz_a_fee_never_overflows_and_is_rounded_down(uint256 value, uint32 ppm) public {
        value = bound(value, 1, type(uint256).max - 1);
        bpsc = withFee(uint32(bound(ppm, 0, 100_000)), TREASURY);
        vm.deal(address(this), value);

        bpsc.relay{value: value}(payable(person(0)), 0);

        // 512 bits, by hand: the fee is the largest whole number with fee · 10^6 ≤ value · ppm.
        (uint256 low, uint256 high) = product(value, bpsc.feePpm());
        (uint256 low2, uint256 high2) = product(address(bpsc).balance, 1_000_000);
        (uint256 low3, uint256 high3) = product(address(bpsc).balance + 1, 1_000_000);
        isTrue(high2 < high || (high2 == high && low2 <= low), "not more than the fee");
        isTrue(high3 > high || (high3 == high && low3 > low), "not less than the fee");
    }

    function testFuzz_a_batch_pays_each_less_its_fee(uint256 seed, uint256 count, uint32 ppm) public {
        bpsc = withFee(uint32(bound(ppm, 0, 100_000)), TREASURY);
        bytes32[] memory payments = new bytes32[](bound(count, 1, 12));
        uint256 sum = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            payments[i] = Payment.pack(
                person(i), uint96(bound(uint256(keccak256(abi.encode(seed, i))), 1, 2 ** 96 - 1))
            );
            sum += Payment.value(payments[i]);
        }
        vm.deal(address(this), sum);

        vm.recordLogs();
        uint64 first = bpsc.relayBatch{value: sum}(payments, bytes32(seed));

        same(first, 0);
        uint256 fees = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            uint256 fee = feeOf(bpsc, Payment.value(payments[i]));
            same(person(i).balance, Payment.value(payments[i]) - fee);
            fees += fee;
        }
        same(address(bpsc).balance, fees);
        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(bpsc), 0);
        same(leaves.length, payments.length);
        same(bpsc.root(), PlainLog.root(leaves));
    }

    /// @dev Judged one by one, in the order of the rules: the twin of what `relayBatch` does in assembly.
    function testFuzz_a_batch_refuses_what_a_relay_would(uint256 seed, uint256 count, uint256 sent) public {
        bytes32[] memory payments = new bytes32[](bound(count, 0, 4));
        uint256 sum = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address to = [person(i), person(i), address(0), address(bpsc)][seed % 4];
            payments[i] = Payment.pack(to, (seed >> 8) % 4 == 0 ? 0 : uint96(seed >> 16));
            sum += Payment.value(payments[i]);
        }
        sent = bound(sent, 0, 2) == 0 ? bound(sent, 0, 2 ** 100) : sum;
        vm.deal(address(this), sent);

        (bool done, bytes memory answer) =
            address(bpsc).call{value: sent}(abi.encodeCall(IBPSC.relayBatch, (payments, 0)));

        bytes memory refusal = refusalOf(payments, sent, sum);
        isTrue(done == (refusal.length == 0), "refused exactly if a rule is broken");
        if (!done) same(keccak256(answer), keccak256(refusal));
        same(bpsc.size(), done ? payments.length : 0);
        same(address(bpsc).balance, 0);
    }

    function refusalOf(bytes32[] memory payments, uint256 sent, uint256 sum)
        private
        view
        returns (bytes memory)
    {
        if (payments.length == 0) return abi.encodeWithSelector(bytes4(keccak256("EmptyBatch()")));
        if (sent != sum) return abi.encodeWithSelector(IBPSC.WrongSum.selector, sent, sum);
        for (uint256 i = 0; i < payments.length; ++i) {
            address to = Payment.recipient(payments[i]);
            if (Payment.value(payments[i]) == 0) {
                return abi.encodeWithSelector(IBPSC.NothingToRelay.selector);
            }
            if (to == address(0)) return abi.encodeWithSelector(IBPSC.NoRecipient.selector);
            if (to == address(bpsc)) return abi.encodeWithSelector(IBPSC.RecipientIsLedger.selector);
        }
        return "";
    }

    /// @notice An address that nothing lives at yet.
    function person(uint256 number) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("person", number)))));
    }

    function product(uint256 a, uint256 b) private pure returns (uint256 low, uint256 high) {
        unchecked {
            low = a * b;
            uint256 rest = mulmod(a, b, type(uint256).max);
            high = rest - low - (rest < low ? 1 : 0);
        }
    }
}
