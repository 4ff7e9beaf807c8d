// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenBPSC} from "../../../../contracts/TokenBPSC.sol";
import {ILedger} from "../../../../contracts/interfaces/ILedger.sol";
import {ITokenBPSC} from "../../../../contracts/interfaces/ITokenBPSC.sol";
import {Payment} from "../../../../contracts/libraries/Payment.sol";
import {CallingToken, Listener} from "../../../../contracts/mocks/OddTokens.sol";
import {Sandbox} from "./Sandbox.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice Calls one ledger of a token that calls back in every way there is, and keeps its own books from the events
/// alone: the leaves, and what each wallet has by them.
contract TokenHandler is Sandbox {
    CallingToken public immutable token;
    TokenBPSC public immutable ledger;

    bytes32[] private leaves_;
    address[] public wallets;
    mapping(address wallet => int256) public booked_;
    Listener private immutable listener;

    constructor() {
        token = new CallingToken();
        ledger = new TokenBPSC(address(token), 100, 0, 12_345, address(0x7ea5), nothing());
        listener = new Listener();
        listener.listenTo(token);
        wallets = [address(0xa1), address(0xb0), address(listener), address(ledger), address(0x7ea5)];
        token.mint(address(this), 2 ** 200);
        token.approve(address(ledger), type(uint256).max);
    }

    modifier booked() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory fresh = leavesOf(logs, address(ledger), leaves_.length);
        for (uint256 i = 0; i < fresh.length; ++i) {
            leaves_.push(fresh[i]);
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(ledger)) book(logs[i]);
        }
    }

    function relay(uint256 to, uint256 value) external booked {
        ledger.relay(wallets[to % 3], bound(value, 1, 2 ** 120), bytes32(to));
    }

    function relayBatch(uint256 seed, uint256 count) external booked {
        bytes32[] memory payments = new bytes32[](bound(count, 1, 4));
        for (uint256 i = 0; i < payments.length; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            payments[i] = Payment.pack(wallets[chance % 3], uint96(bound(chance, 1, 2 ** 96 - 1)));
        }

        ledger.relayBatch(payments, bytes32(seed));
    }

    function collect() external booked {
        if (token.balanceOf(address(ledger)) != 0) ledger.collect();
    }

    function seal() external booked {
        ledger.seal();
    }

    /// @notice What the recipient does when the token tells it, from now on.
    function listen(uint256 what) external {
        bytes[4] memory calls = [
            abi.encodeCall(ITokenBPSC.relay, (wallets[0], 1, 0)),
            abi.encodeCall(ITokenBPSC.collect, ()),
            abi.encodeCall(ILedger.seal, ()),
            abi.encodeCall(ILedger.checkpoint, ())
        ];
        listener.prepare(address(ledger), calls[what % 4]);
    }

    function leaves() external view returns (bytes32[] memory) {
        return leaves_;
    }

    function holders() external view returns (address[] memory) {
        return wallets;
    }

    function book(Vm.Log memory log) private {
        address sender = account(log.topics[2]);
        if (log.topics[0] == ILedger.TransferRecorded.selector) {
            move(sender, account(log.topics[3]), single(log).value);
        } else if (log.topics[0] == ILedger.TransferBatchRecorded.selector) {
            (,, bytes32[] memory payments) = abi.decode(log.data, (uint64, bytes32, bytes32[]));
            for (uint256 i = 0; i < payments.length; ++i) {
                move(sender, Payment.recipient(payments[i]), Payment.value(payments[i]));
            }
        }
    }

    /// @dev As the smart chain credits it: the fee to the ledger, the rest to the recipient.
    function move(address from, address to, uint256 value) private {
        uint256 fee = from == address(ledger) ? 0 : value * 12_345 / 1_000_000;
        booked_[from] -= int256(value);
        booked_[to] += int256(value - fee);
        booked_[address(ledger)] += int256(fee);
    }
}
