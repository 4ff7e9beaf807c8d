// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenBPSC} from "../../../contracts/TokenBPSC.sol";
import {IBPSC} from "../../../contracts/interfaces/IBPSC.sol";
import {Entry, ILedger} from "../../../contracts/interfaces/ILedger.sol";
import {ITokenBPSC} from "../../../contracts/interfaces/ITokenBPSC.sol";
import {Fee} from "../../../contracts/libraries/Fee.sol";
import {MerkleLog} from "../../../contracts/libraries/MerkleLog.sol";
import {Payment} from "../../../contracts/libraries/Payment.sol";
import {MockToken} from "../../../contracts/mocks/MockToken.sol";
import {CallingToken, Listener, LyingToken, TakingToken} from "../../../contracts/mocks/OddTokens.sol";
import {OldToken} from "../../../contracts/mocks/OldToken.sol";
import {PlainLog} from "./support/PlainLog.sol";
import {Sandbox} from "./support/Sandbox.sol";
import {vm} from "./support/Vm.sol";

contract TokenBPSCTest is Sandbox {
    address private constant TREASURY = address(0x7ea5);
    address private constant FRESH = address(0xf00d);
    uint32 private constant PPM = 12_345;

    MockToken[3] private tokens;
    TokenBPSC[2][3] private ledgers;

    /// @dev Made once: a ledger without a fee and one with, of each of three tokens. All is allowed.
    function setUp() public {
        vm.warp(START);
        tokens = [new MockToken(), MockToken(address(new OldToken())), MockToken(address(new TakingToken()))];
        for (uint256 i = 0; i < 3; ++i) {
            ledgers[i] = [ledgerOf(tokens[i], 0), ledgerOf(tokens[i], PPM)];
        }
    }

    function testFuzz_a_payment_in_a_token_arrives_less_the_fee_and_is_recorded_whole(
        uint256 value,
        bytes32 memo,
        bool old,
        bool charges
    ) public {
        value = bound(value, 1, type(uint256).max - 1);
        (MockToken token, TokenBPSC ledger) = (tokens[old ? 1 : 0], ledgers[old ? 1 : 0][charges ? 1 : 0]);
        token.mint(address(this), value);

        vm.recordLogs();
        ledger.relay(FRESH, value, memo);

        uint256 kept = charges ? Fee.on(value, PPM) : 0;
        same(token.balanceOf(address(ledger)), kept);
        same(token.balanceOf(FRESH), value - kept);
        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(ledger), 0);
        same(leaves, listOf(PlainLog.leaf(entry(token, FRESH, value, memo))));
        same(ledger.root(), PlainLog.root(leaves));
    }

    function testFuzz_a_fee_is_the_product_rounded_down(uint128 value, uint32 ppm) public pure {
        same(Fee.on(value, ppm % 100_001), uint256(value) * (ppm % 100_001) / 1_000_000);
    }

    function testFuzz_what_is_recorded_of_a_token_that_takes_a_fee_is_what_arrived(uint128 value) public {
        if (value == 0) return;
        (MockToken token, TokenBPSC ledger) = (tokens[2], ledgers[2][0]);
        token.mint(address(this), value);

        vm.recordLogs();
        ledger.relay(FRESH, value, 0);

        uint256 arrived = token.balanceOf(FRESH);
        isTrue(value < 100 || arrived < value, "it took");
        same(
            leavesOf(vm.getRecordedLogs(), address(ledger), 0),
            listOf(PlainLog.leaf(entry(token, FRESH, arrived, 0)))
        );
    }

    function testFuzz_a_batch_of_a_token_moves_and_records_each_payment_or_nothing(
        uint256 seed,
        uint256 count,
        uint256 kind,
        bool charges
    ) public {
        (MockToken token, TokenBPSC ledger) = (tokens[kind % 3], ledgers[kind % 3][charges ? 1 : 0]);
        token.mint(address(this), 2 ** 100);
        bytes32[] memory payments = new bytes32[](bound(count, 1, 4));
        uint256 sum = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            uint96 value = uint96(bound(uint256(keccak256(abi.encode(seed, i))), 1_000, 2 ** 96 - 1));
            payments[i] = Payment.pack(address(uint160(0xf00d + i % 3)), value);
            sum += value;
        }

        vm.recordLogs();
        (bool done,) = address(ledger).call(abi.encodeCall(ITokenBPSC.relayBatch, (payments, bytes32(seed))));

        isTrue(done == (kind % 3 != 2), "refused exactly if the token takes a fee");
        same(2 ** 100 - token.balanceOf(address(this)), done ? sum : 0);
        same(ledger.size(), done ? payments.length : 0);
        if (!done) return;

        bytes32[] memory leaves = leavesOf(vm.getRecordedLogs(), address(ledger), 0);
        same(leaves.length, payments.length);
        same(ledger.root(), PlainLog.root(leaves));
    }

    function testFuzz_a_registry_leaf_and_the_root_of_peaks_are_those_of_the_twins(
        address ledger,
        uint64 size,
        bytes32 root,
        uint256 count
    ) public pure {
        same(
            MerkleLog.registryLeaf(ledger, size, root),
            keccak256(abi.encodePacked(uint8(4), ledger, size, root))
        );

        bytes32[] memory leaves = new bytes32[](count % 20);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encode(root, i));
        }
        same(MerkleLog.rootOf(PlainLog.peaks(leaves)), PlainLog.root(leaves));
    }

    function test_nothing_comes_between_a_transfer_and_its_entry() public {
        CallingToken token = new CallingToken();
        TokenBPSC ledger = ledgerOf(token, 0);
        token.mint(address(this), 100);
        Listener listener = new Listener();
        listener.listenTo(token);
        bytes[4] memory calls = [
            abi.encodeCall(ITokenBPSC.relay, (FRESH, 1, 0)),
            abi.encodeCall(ITokenBPSC.relayBatch, (listOf(Payment.pack(FRESH, 1)), 0)),
            abi.encodeCall(ITokenBPSC.collect, ()),
            abi.encodeCall(ILedger.seal, ())
        ];
        bytes memory refusal = abi.encodeWithSelector(ITokenBPSC.TokenIsMoving.selector);

        for (uint256 i = 0; i < calls.length; ++i) {
            listener.prepare(address(ledger), calls[i]);
            ledger.relay(address(listener), 5, 0);
            isTrue(!listener.succeeded(), "it was refused");
            same(keccak256(listener.answer()), keccak256(refusal));
        }

        same(ledger.seal(), 4);
    }

    function test_a_token_that_moves_nothing_and_says_true_records_nothing() public {
        TokenBPSC ledger = ledgerOf(new LyingToken(LyingToken.Lie.MovesNothing), 0);

        vm.expectRevert(abi.encodeWithSelector(ITokenBPSC.WrongArrival.selector, FRESH, 100, 0, 0));
        ledger.relay(FRESH, 100, 0);

        same(ledger.size(), 0);
    }

    function test_a_payment_of_nothing_to_nobody_or_to_the_ledger_is_refused() public {
        TokenBPSC ledger = ledgers[0][0];

        vm.expectRevert(abi.encodeWithSelector(IBPSC.NothingToRelay.selector));
        ledger.relay(FRESH, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IBPSC.NoRecipient.selector));
        ledger.relay(address(0), 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IBPSC.RecipientIsLedger.selector));
        ledger.relay(address(ledger), 1, 0);
    }

    /// @notice A ledger of this token, which this contract has allowed it to move without end.
    function ledgerOf(MockToken token, uint32 ppm) private returns (TokenBPSC ledger) {
        ledger = new TokenBPSC(address(token), 100, 0, ppm, TREASURY, nothing());
        (bool done,) =
            address(token).call(abi.encodeCall(MockToken.approve, (address(ledger), type(uint256).max)));
        isTrue(done, "approved");
    }

    function entry(MockToken token, address recipient, uint256 value, bytes32 memo)
        private
        view
        returns (Entry memory)
    {
        return Entry(address(token), address(this), recipient, value, uint64(block.timestamp), memo);
    }
}
