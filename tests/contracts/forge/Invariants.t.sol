// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../../../contracts/BPSC.sol";
import {Handler} from "./support/Handler.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of calls, on a ledger without a fee and on one with.
contract InvariantsTest is Sandbox {
    address private constant TREASURY = address(0x7ea5);

    Handler private gratis;
    Handler private charging;

    function setUp() public {
        vm.warp(START);
        gratis = new Handler(free(), "gratis");
        charging = new Handler(withFee(12_345, TREASURY), "charging");
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](2);
        (targets[0], targets[1]) = (address(gratis), address(charging));
    }

    function invariant_without_a_fee_nothing_is_held_but_what_was_forced_in() public view {
        same(address(gratis.bpsc()).balance, gratis.forced());
        same(gratis.fees() + gratis.collected(), 0);
    }

    function invariant_what_went_in_is_what_came_out_and_the_fees() public view {
        for (uint256 i = 0; i < 2; ++i) {
            Handler one = i == 0 ? gratis : charging;
            same(one.received() + one.sentOn() + one.fees(), one.sent());
            same(address(one.bpsc()).balance + one.collected(), one.fees() + one.forced());
        }
        same(TREASURY.balance, charging.collected());
    }

    function invariant_the_root_is_that_of_the_events() public view {
        for (uint256 i = 0; i < 2; ++i) {
            Handler one = i == 0 ? gratis : charging;
            (uint64 size, bytes32 root) = one.bpsc().head();
            bytes32[] memory leaves = one.leaves();
            same(size, leaves.length);
            same(root, PlainLog.root(leaves));
            same(one.bpsc().peaks(), PlainLog.peaks(leaves));
        }
    }

    function invariant_the_size_never_falls() public view {
        isTrue(!gratis.fell() && !charging.fell(), "the size never fell");
    }
}
