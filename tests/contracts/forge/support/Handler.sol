// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../../../../contracts/BPSC.sol";
import {IBPSC} from "../../../../contracts/interfaces/IBPSC.sol";
import {ILedger} from "../../../../contracts/interfaces/ILedger.sol";
import {Payment} from "../../../../contracts/libraries/Payment.sol";
import {Burner, Reenterer, Refuser} from "../../../../contracts/mocks/Recipients.sol";
import {Sandbox} from "./Sandbox.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice Calls one ledger in every way there is, hostile recipients included, and keeps its own books: the
/// leaves from the events alone, and what went in, came out and was forced in.
contract Handler is Sandbox {
    BPSC public immutable bpsc;

    bytes32[] private leaves_;
    address[] private wallets;
    Reenterer private immutable caller;

    uint256 public sent;
    uint256 public sentOn;
    uint256 public fees;
    uint256 public forced;
    uint256 public collected;
    uint256 public refusals;
    bool public fell;

    constructor(BPSC bpsc_, string memory name) {
        bpsc = bpsc_;
        caller = new Reenterer();
        for (uint256 i = 0; i < 3; ++i) {
            wallets.push(address(uint160(uint256(keccak256(abi.encode(name, i))))));
        }
        wallets.push(address(caller));
    }

    /// @dev Keeps the books for whatever happens inside: reads the logs, and the gross of the entries.
    modifier booked() {
        uint256 sizeBefore = bpsc.size();
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory fresh = leavesOf(logs, address(bpsc), leaves_.length);
        for (uint256 i = 0; i < fresh.length; ++i) {
            leaves_.push(fresh[i]);
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(bpsc)) book(logs[i]);
        }
        if (bpsc.size() < sizeBefore) fell = true;
    }

    function relay(uint256 to, uint256 value, bytes32 memo) external booked {
        value = bound(value, 1, 2 ** 80);
        vm.deal(address(this), value);

        bpsc.relay{value: value}(payable(wallet(to)), memo);
    }

    function relayBatch(uint256 seed, uint256 count) external booked {
        (bytes32[] memory payments, uint256 sum) = paymentsFrom(seed, bound(count, 1, 6));
        vm.deal(address(this), sum);

        bpsc.relayBatch{value: sum}(payments, bytes32(seed));
    }

    function wrongBatch(uint256 seed, uint256 count, uint256 value) external booked {
        (bytes32[] memory payments, uint256 sum) = paymentsFrom(seed, bound(count, 0, 6));
        value = bound(value, 0, 2 ** 80);
        if (value == sum && count > 0) ++value;
        vm.deal(address(this), value);

        refused(abi.encodeCall(IBPSC.relayBatch, (payments, 0)), value);
    }

    function refusedRelay(uint256 which, uint256 value) external booked {
        address[4] memory whom = [address(new Refuser()), address(new Burner()), address(0), address(bpsc)];
        value = bound(value, 0, 2 ** 80);
        vm.deal(address(this), value);

        refused(abi.encodeCall(IBPSC.relay, (payable(whom[which % 4]), 0)), value);
    }

    /// @notice A wallet is paid that calls back: relay, relayBatch, seal, collect or checkpoint.
    function reenter(uint256 what, uint256 value, bool inBatch) external booked {
        value = bound(value, 1, 2 ** 80);
        uint256 net = value - feeOf(bpsc, value);
        bytes32[] memory inner = listOf(Payment.pack(wallets[0], uint96(net)));
        bytes[5] memory calls = [
            abi.encodeCall(IBPSC.relay, (payable(wallets[1]), 0)),
            abi.encodeCall(IBPSC.relayBatch, (inner, 0)),
            abi.encodeCall(ILedger.seal, ()),
            abi.encodeCall(IBPSC.collect, ()),
            abi.encodeCall(ILedger.checkpoint, ())
        ];
        caller.prepare(address(bpsc), calls[what % 5], what % 5 < 2, false);

        vm.deal(address(this), value + 1);
        if (inBatch) {
            bpsc.relayBatch{value: value + 1}(
                listOf(Payment.pack(address(caller), uint96(value)), Payment.pack(wallets[2], 1)), 0
            );
            isTrue(what % 5 != 3 || !caller.succeeded(), "nothing is collected in a batch");
        } else {
            bpsc.relay{value: value}(payable(address(caller)), 0);
        }
        caller.prepare(address(0), "", false, false);
    }

    function seal() external booked {
        bpsc.seal();
    }

    function checkpoint() external booked {
        (uint64 size, bytes32 root) = bpsc.checkpoint();

        same(bpsc.checkpointAt(size), root);
    }

    function collect() external booked {
        uint256 held = address(bpsc).balance;
        if (held == 0 || bpsc.treasury() == address(0)) return refused(abi.encodeCall(IBPSC.collect, ()), 0);

        same(bpsc.collect(), held);
    }

    function forceEther(uint256 value) external booked {
        value = bound(value, 1, 2 ** 80);
        forced += value;
        force(address(bpsc), value);
    }

    function plainEther(uint256 value) external booked {
        value = bound(value, 0, 2 ** 80);
        vm.deal(address(this), value);

        refused("", value);
    }

    function passTime(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 0, 1 days));
    }

    function leaves() external view returns (bytes32[] memory) {
        return leaves_;
    }

    function refused(bytes memory data, uint256 value) private {
        (bool done,) = address(bpsc).call{value: value, gas: 3_000_000}(data);

        isTrue(!done, "it is refused");
        ++refusals;
        vm.getRecordedLogs(); // Forge records what a reverted call emitted, too: it is dropped.
    }

    /// @dev What is in the events about Ether: the contract's own payments are what was collected.
    function book(Vm.Log memory log) private {
        if (log.topics[0] == ILedger.TransferRecorded.selector) {
            uint256 value = single(log).value;
            if (account(log.topics[2]) == address(bpsc)) collected += value;
            else bookPayment(account(log.topics[2]), value);
        } else if (log.topics[0] == ILedger.TransferBatchRecorded.selector) {
            (,, bytes32[] memory payments) = abi.decode(log.data, (uint64, bytes32, bytes32[]));
            for (uint256 i = 0; i < payments.length; ++i) {
                bookPayment(account(log.topics[2]), Payment.value(payments[i]));
            }
        }
    }

    function bookPayment(address sender, uint256 value) private {
        sent += value;
        if (sender == address(caller)) sentOn += value;
        fees += feeOf(bpsc, value);
    }

    function paymentsFrom(uint256 seed, uint256 count)
        private
        view
        returns (bytes32[] memory payments, uint256 sum)
    {
        payments = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 chance = uint256(keccak256(abi.encode(seed, i)));
            payments[i] = Payment.pack(wallet(chance), uint96(bound(chance, 1, 2 ** 80)));
            sum += Payment.value(payments[i]);
        }
    }

    function wallet(uint256 number) private view returns (address) {
        return wallets[number % 3];
    }

    /// @notice What the wallets hold: what they were paid less what one of them sent on.
    function received() external view returns (uint256 sum) {
        for (uint256 i = 0; i < wallets.length; ++i) {
            sum += wallets[i].balance;
        }
    }
}
