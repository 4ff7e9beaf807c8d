// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenBPSC} from "../../../contracts/TokenBPSC.sol";
import {TokenBurnClaim} from "../../../contracts/TokenBurnClaim.sol";
import {ITokenBPSC} from "../../../contracts/interfaces/ITokenBPSC.sol";
import {ITokenBurnClaim} from "../../../contracts/interfaces/ITokenBurnClaim.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {Listener} from "../../../contracts/mocks/OddTokens.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @title Tells payer and recipient of each transfer; what it is worth may change meanwhile
contract Restless is MockToken {
    uint256 private percent = 100;
    Listener private told;

    function tell(Listener told_) external {
        told = told_;
    }

    function rebase(uint256 percent_) external {
        percent = percent_;
    }

    function balanceOf(address holder) public view override returns (uint256) {
        return held[holder] * percent / 100;
    }

    function _move(address from, address to, uint256 value) internal override {
        if (from == address(told)) told.moved(from, to, value);
        super._move(from, to, value * 100 / percent);
        if (to == address(told)) told.moved(from, to, value);
    }
}

contract TokenHostileTest is Sandbox {
    address private constant FRESH = address(0xf00d);
    address private constant NOBODY = address(0xdEaD);

    Restless private restless;
    TokenBPSC private ledger;
    Listener private payer;
    Listener private recipient;

    function setUp() public {
        vm.warp(START);
        restless = new Restless();
        ledger = new TokenBPSC(address(restless), 100, 0, 0, address(0), nothing());
        (payer, recipient) = (new Listener(), new Listener());
        restless.mint(address(payer), 2 ** 100);
        allow(restless, address(ledger));
    }

    /// @dev Up or down, before the tokens move or after: the entry is what the recipient has more, never more than
    /// was sent, or there is none.
    function testFuzz_a_token_that_rebases_in_the_middle_of_a_transfer_is_recorded_with_what_arrived_or_refused(
        uint256 value,
        uint256 held,
        uint256 percent,
        bool late
    ) public {
        (value, held) = (bound(value, 1, 2 ** 90), bound(held, 0, 2 ** 90));
        Listener told = late ? recipient : payer;
        restless.mint(address(recipient), held);
        restless.tell(told);
        told.prepare(address(restless), abi.encodeCall(Restless.rebase, (bound(percent, 1, 300))));

        vm.recordLogs();
        bytes memory call = abi.encodeCall(ITokenBPSC.relay, (address(recipient), value, 0));
        (bool done,) = address(payer).call(abi.encodeCall(Listener.act, (address(ledger), call)));

        Vm.Log[] memory logs = vm.getRecordedLogs();
        same(ledger.size(), done ? 1 : 0);
        if (!done) return;

        uint256 recorded = single(logs[logs.length - 1]).value;
        same(recorded, restless.balanceOf(address(recipient)) - held);
        isTrue(recorded != 0 && recorded <= value, "something, and no more than was sent");
    }

    function test_a_payment_within_a_payment_by_another_ledger_is_not_recorded_twice() public {
        TokenBPSC other = new TokenBPSC(address(restless), 100, 0, 0, address(0), nothing());
        allow(restless, address(other));
        restless.tell(payer);
        payer.prepare(address(other), abi.encodeCall(ITokenBPSC.relay, (FRESH, 50, 0)));

        vm.expectRevert(abi.encodeWithSelector(ITokenBPSC.WrongArrival.selector, FRESH, 100, 150, 0));
        payer.act(address(ledger), abi.encodeCall(ITokenBPSC.relay, (FRESH, 100, 0)));

        same(restless.balanceOf(FRESH) + ledger.size() + other.size(), 0);
    }

    function test_a_migration_within_a_migration_by_another_coin_mints_nothing_twice() public {
        TokenBurnClaim coin = coinOf(restless);
        TokenBurnClaim other = coinOf(restless);
        restless.tell(payer);
        payer.prepare(address(other), abi.encodeCall(ITokenBurnClaim.migrate, (50)));

        vm.expectRevert(abi.encodeWithSelector(ITokenBurnClaim.WrongArrival.selector, 100, 150));
        payer.act(address(coin), abi.encodeCall(ITokenBurnClaim.migrate, (100)));

        same(restless.balanceOf(NOBODY) + coin.totalSupply() + other.totalSupply(), 0);
    }

    /// @dev A test of forge is one transaction, at the end of which alone a transient lock would open by itself.
    function test_one_transaction_may_pay_and_migrate_more_than_once() public {
        TokenBurnClaim coin = coinOf(restless);
        for (uint256 i = 1; i < 4; ++i) {
            payer.act(address(ledger), abi.encodeCall(ITokenBPSC.relay, (FRESH, 10, 0)));
            payer.act(address(coin), abi.encodeCall(ITokenBurnClaim.migrate, (100)));
            same(restless.balanceOf(FRESH), 10 * i);
            same(coin.totalSupply(), 100 * i);
        }
    }

    function coinOf(MockToken token) private returns (TokenBurnClaim coin) {
        coin = new TokenBurnClaim("New Coin", "NEW", 100, 0, nothing(), address(token));
        allow(token, address(coin));
    }

    function allow(MockToken token, address spender) private {
        payer.act(address(token), abi.encodeCall(MockToken.approve, (spender, type(uint256).max)));
    }
}
