// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../../../contracts/BPSC.sol";
import {Escrow, Terms} from "../../../contracts/examples/Escrow.sol";
import {ETHER, Entry, Genesis} from "../../../contracts/interfaces/ILedger.sol";
import {Reenterer, Refuser} from "../../../contracts/mocks/Recipients.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice What releases a deal, what does not, and that it ends once.
contract EscrowTest is Sandbox {
    address private constant SELLER = address(0x5e11);
    address private constant BUYER = address(0xb0b);
    uint256 private constant AMOUNT = 5 ether;
    uint256 private constant PRICE = 3 ether;
    bytes32 private constant INVOICE = "invoice 17";
    uint64 private constant DEADLINE = uint64(START + 1 days);

    BPSC private bpsc;
    Escrow private escrow;
    bytes32[] private leaves;

    function setUp() public {
        vm.warp(START);
        bpsc = free();
        escrow = new Escrow();
        pay(BUYER, 1, 0);
        open(terms());
        vm.warp(START + 60);
    }

    function test_a_receipt_releases_the_deal_to_the_payer_whoever_shows_it() public {
        Entry memory paid = pay(BUYER, PRICE, INVOICE);

        vm.expectEmit(address(escrow));
        emit Escrow.Released(0, bpsc, 1, BUYER, AMOUNT);
        release(0, paid, 1);

        same(BUYER.balance, AMOUNT);
        same(address(escrow).balance, 0);
        isTrue(escrow.used(bpsc, 1), "the receipt is used");
    }

    /// @dev Of the entry, of where it stands and of the proof: one thing is another than it was.
    function testFuzz_a_receipt_with_one_thing_changed_releases_nothing(uint256 which, uint256 by) public {
        Entry memory paid = pay(BUYER, PRICE, INVOICE);
        pay(BUYER, 1, 0);
        uint64 index = 1;
        uint64 size = 3;
        bytes32[] memory proof = PlainLog.path(leaves, 1, 0, 3);
        uint160 bit = uint160(1) << uint160(by % 160);
        which = which % 10;
        if (which == 0) paid.subject = address(uint160(paid.subject) ^ bit);
        if (which == 1) paid.sender = address(uint160(paid.sender) ^ bit);
        if (which == 2) paid.recipient = address(uint160(paid.recipient) ^ bit);
        if (which == 3) paid.value = paid.value ^ bit;
        if (which == 4) paid.timestamp = paid.timestamp ^ uint64(1 << (by % 64));
        if (which == 5) paid.memo = paid.memo ^ bytes32(uint256(bit));
        if (which == 6) index = index ^ uint64(1 << (by % 64));
        if (which == 7) size = size ^ uint64(1 << (by % 64));
        if (which == 8) proof[by % proof.length] ^= bytes32(uint256(bit));
        if (which == 9) proof = PlainLog.head(proof, by % proof.length);

        (bool done,) = address(escrow).call(abi.encodeCall(Escrow.release, (0, paid, index, size, proof)));

        isTrue(!done, "it is not released");
        same(address(escrow).balance, AMOUNT);
    }

    function test_a_payment_in_another_ledger_is_none() public {
        BPSC other = free();
        vm.deal(BUYER, PRICE);
        vm.prank(BUYER);
        other.relay{value: PRICE}(payable(SELLER), INVOICE);
        Entry memory paid = ether_(BUYER, SELLER, PRICE, INVOICE);
        isTrue(other.verifyEntry(paid, 0, 1, new bytes32[](0)), "it stands there");

        vm.expectRevert(abi.encodeWithSelector(Escrow.NotInLedger.selector, bpsc, 0));
        escrow.release(0, paid, 0, 1, new bytes32[](0));
    }

    function test_a_payment_before_the_deal_or_after_its_deadline_is_none() public {
        vm.warp(DEADLINE + 1);
        Entry memory late = pay(BUYER, PRICE, INVOICE);
        expectNotInTime(late, START);
        release(0, late, 1);

        Terms memory again = terms();
        again.deadline = DEADLINE + 1 days;
        vm.warp(DEADLINE + 2);
        open(again);
        expectNotInTime(late, DEADLINE + 2, again.deadline);
        release(1, late, 1);
    }

    function test_a_payment_in_the_last_second_can_be_shown_for_a_day() public {
        vm.warp(DEADLINE);
        Entry memory paid = pay(BUYER, PRICE, INVOICE);
        vm.warp(DEADLINE + 1 days);
        vm.expectRevert(abi.encodeWithSelector(Escrow.TooEarly.selector, DEADLINE + 1 days));
        escrow.refund(0);

        release(0, paid, 1);

        same(BUYER.balance, AMOUNT);
    }

    function test_one_payment_does_not_release_two_deals() public {
        open(terms());
        Entry memory paid = pay(BUYER, PRICE, INVOICE);
        release(0, paid, 1);

        vm.expectRevert(abi.encodeWithSelector(Escrow.AlreadyUsed.selector, bpsc, 1));
        release(1, paid, 1);

        Entry memory second = pay(BUYER, PRICE, INVOICE);
        release(1, second, 2);
        same(BUYER.balance, 2 * AMOUNT);
    }

    function test_a_deal_that_is_released_is_over() public {
        Entry memory paid = pay(BUYER, PRICE, INVOICE);
        release(0, paid, 1);
        Entry memory second = pay(BUYER, PRICE, INVOICE);

        vm.expectRevert(abi.encodeWithSelector(Escrow.NotOpen.selector, 0));
        release(0, second, 2);
        vm.warp(DEADLINE + 2 days);
        vm.expectRevert(abi.encodeWithSelector(Escrow.NotOpen.selector, 0));
        escrow.refund(0);
    }

    function test_what_nobody_paid_for_goes_back_a_day_after_the_deadline_and_only_once() public {
        vm.warp(DEADLINE + 1 days + 1);

        escrow.refund(0);

        same(SELLER.balance, 1 + AMOUNT);
        vm.expectRevert(abi.encodeWithSelector(Escrow.NotOpen.selector, 0));
        escrow.refund(0);
        Entry memory paid = pay(BUYER, PRICE, INVOICE);
        vm.expectRevert(abi.encodeWithSelector(Escrow.NotOpen.selector, 0));
        release(0, paid, 1);
    }

    function test_what_a_ledger_opened_with_is_no_payment() public {
        Entry memory said = ether_(BUYER, SELLER, PRICE, INVOICE);
        Genesis memory genesis = Genesis(1, uint64(block.timestamp), listOf(PlainLog.leaf(said)));
        Terms memory trusting = terms();
        trusting.ledger = new BPSC(100, 0, 0, address(0), genesis);
        open(trusting);
        isTrue(trusting.ledger.verifyEntry(said, 0, 1, new bytes32[](0)), "it stands there");

        vm.expectRevert(abi.encodeWithSelector(Escrow.BeforeTheLedger.selector, 0, 1));
        escrow.release(1, said, 0, 1, new bytes32[](0));
    }

    function test_a_checkpoint_lets_an_older_proof_be_shown() public {
        Entry memory paid = pay(BUYER, PRICE, INVOICE);
        bytes32[] memory proof = PlainLog.path(leaves, 1, 0, 2);
        bpsc.checkpoint();
        pay(BUYER, 1, 0);

        escrow.release(0, paid, 1, 2, proof);

        same(BUYER.balance, AMOUNT);
    }

    function test_a_payer_that_calls_back_is_paid_once() public {
        Reenterer payer = new Reenterer();
        Terms memory of_ = terms();
        of_.payer = address(payer);
        open(of_);
        Entry memory paid = pay(address(payer), PRICE, INVOICE);
        bytes32[] memory proof = PlainLog.path(leaves, 1, 0, 2);
        payer.prepare(address(escrow), abi.encodeCall(Escrow.release, (1, paid, 1, 2, proof)), false, false);

        escrow.release(1, paid, 1, 2, proof);

        isTrue(payer.called() && !payer.succeeded(), "it called back and got nothing");
        same(address(payer).balance, AMOUNT);
        same(address(escrow).balance, AMOUNT);
    }

    function test_a_payer_that_refuses_holds_up_nobody_elses_deal() public {
        Terms memory of_ = terms();
        of_.payer = address(new Refuser());
        open(of_);
        Entry memory paid = pay(of_.payer, PRICE, INVOICE);
        vm.expectRevert(abi.encodeWithSelector(Escrow.Refused.selector, of_.payer, AMOUNT));
        release(1, paid, 1);

        vm.warp(DEADLINE + 1 days + 1);
        escrow.refund(0);
        escrow.refund(1);
        same(SELLER.balance, 1 + PRICE + 2 * AMOUNT);
    }

    function test_a_deal_for_nothing_or_past_every_deadline_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(Escrow.NothingAtStake.selector));
        escrow.open(terms());
        Terms memory odd = terms();
        odd.deadline = uint64(block.timestamp) - 1;
        vm.deal(address(this), 2);
        vm.expectRevert(abi.encodeWithSelector(Escrow.DeadlineUnfit.selector, odd.deadline, block.timestamp));
        escrow.open{value: 1}(odd);
        odd.deadline = type(uint64).max;
        vm.expectRevert(abi.encodeWithSelector(Escrow.DeadlineUnfit.selector, odd.deadline, block.timestamp));
        escrow.open{value: 1}(odd);
    }

    function terms() private view returns (Terms memory) {
        return Terms(bpsc, ETHER, BUYER, SELLER, PRICE, INVOICE, DEADLINE);
    }

    function open(Terms memory of_) private {
        vm.deal(SELLER, SELLER.balance + AMOUNT);
        vm.prank(SELLER);
        escrow.open{value: AMOUNT}(of_);
    }

    /// @dev Pays the seller through the ledger, and keeps the leaf.
    function pay(address from, uint256 value, bytes32 memo) private returns (Entry memory paid) {
        vm.deal(from, from.balance + value);
        vm.prank(from);
        bpsc.relay{value: value}(payable(SELLER), memo);
        paid = ether_(from, SELLER, value, memo);
        leaves.push(PlainLog.leaf(paid));
    }

    function release(uint256 id, Entry memory paid, uint64 index) private {
        escrow.release(id, paid, index, uint64(leaves.length), PlainLog.path(leaves, index, 0, leaves.length));
    }

    function expectNotInTime(Entry memory paid, uint256 opened) private {
        expectNotInTime(paid, opened, DEADLINE);
    }

    function expectNotInTime(Entry memory paid, uint256 opened, uint64 deadline) private {
        vm.expectRevert(abi.encodeWithSelector(Escrow.NotInTime.selector, paid.timestamp, opened, deadline));
    }
}
