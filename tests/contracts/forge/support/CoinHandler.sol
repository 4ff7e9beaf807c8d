// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Coin} from "../../../../contracts/Coin.sol";
import {TokenBurnClaim} from "../../../../contracts/TokenBurnClaim.sol";
import {Entry, Genesis, ILedger} from "../../../../contracts/interfaces/ILedger.sol";
import {Payment} from "../../../../contracts/libraries/Payment.sol";
import {StandardToken} from "../../../../contracts/mocks/StandardToken.sol";
import {PlainLog} from "./PlainLog.sol";
import {Sandbox} from "./Sandbox.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice Three wallets claim, pay each other, burn and migrate; the books are kept from the entries alone.
contract CoinHandler is Sandbox {
    address private constant WALLET = address(0xc01);
    uint256 private constant OPENING = 5;

    StandardToken private immutable token;
    TokenBurnClaim public immutable coin;

    bytes32[] private leaves_;
    Entry[] private opening;
    mapping(address wallet => int256) public booked;

    uint256 public claimed;
    uint256 public migrated;
    uint256 public burned;
    uint256 public unclaimed;

    constructor() {
        token = new StandardToken("Old", "OLD", 18);
        address id = address(uint160(uint256(keccak256("coin:New:NEW"))));
        for (uint256 i = 0; i < OPENING; ++i) {
            address to = i < 3 ? wallet(i) : address(uint160(0xf000 + i));
            opening.push(Entry(id, address(0), to, 10 ** (18 + i), uint64(block.timestamp), 0));
            leaves_.push(PlainLog.leaf(opening[i]));
            booked[to] += int256(opening[i].value);
            unclaimed += opening[i].value;
        }
        Genesis memory genesis = Genesis(uint64(OPENING), uint64(block.timestamp), PlainLog.peaks(leaves_));
        coin = new TokenBurnClaim("New", "NEW", 100, 0, genesis, address(token));
    }

    /// @dev Whatever the coin records inside goes into the books.
    modifier kept() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[] memory fresh = leavesOf(logs, address(coin), leaves_.length);
        for (uint256 i = 0; i < fresh.length; ++i) {
            leaves_.push(fresh[i]);
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(coin)) book(logs[i]);
        }
    }

    function claim(uint256 index) external kept {
        index = bound(index, 0, OPENING - 1);
        bytes32[] memory first = PlainLog.head(leaves_, OPENING);
        bytes32[] memory proof = PlainLog.path(first, index, 0, OPENING);
        bytes memory data = abi.encodeCall(Coin.claim, (opening[index], uint64(index), proof));
        bool again = coin.claimed(index);

        (bool done,) = address(coin).call(data);

        isTrue(done != again, "an opening balance is claimed once");
        if (again) return;
        claimed += opening[index].value;
        unclaimed -= opening[index].value;
    }

    function migrate(uint256 who, uint256 amount) external kept {
        amount = bound(amount, 1, 2 ** 100);
        token.mint(wallet(who), amount);
        vm.prank(wallet(who));
        token.approve(address(coin), amount);

        vm.prank(wallet(who));
        coin.migrate(amount);

        migrated += amount;
    }

    function transfer(uint256 who, uint256 to, uint256 value, bytes32 memo) external kept {
        value = bound(value, 0, coin.balanceOf(wallet(who)));

        vm.prank(wallet(who));
        coin.transferWithMemo(wallet(to), value, memo);
    }

    function transferBatch(uint256 who, uint256 to, uint256 value) external kept {
        value = bound(value, 0, coin.balanceOf(wallet(who)) / 2) % 2 ** 96;
        bytes32 payment = Payment.pack(wallet(to), uint96(value));

        vm.prank(wallet(who));
        coin.transferBatch(listOf(payment, payment), 0);
    }

    function burn(uint256 who, uint256 value) external kept {
        value = bound(value, 0, coin.balanceOf(wallet(who)));

        vm.prank(wallet(who));
        coin.burn(value);

        burned += value;
    }

    /// @notice More than a wallet has is refused, by a transfer, a batch and a burn.
    function overspend(uint256 who, uint256 how) external {
        uint256 value = coin.balanceOf(wallet(who)) + 1;
        if (value > type(uint96).max) return;
        bytes[3] memory calls = [
            abi.encodeCall(Coin.transferWithMemo, (wallet(0), value, 0)),
            abi.encodeCall(Coin.transferBatch, (listOf(Payment.pack(wallet(0), uint96(value))), 0)),
            abi.encodeWithSignature("burn(uint256)", value)
        ];

        vm.prank(wallet(who));
        (bool done,) = address(coin).call(calls[how % 3]);

        isTrue(!done, "nobody spends what is not there");
    }

    function leaves() external view returns (bytes32[] memory) {
        return leaves_;
    }

    function wallet(uint256 number) public pure returns (address) {
        return address(uint160(WALLET) + uint160(number % 3));
    }

    /// @notice What the smart chain's balances add up to.
    function total() external view returns (int256 sum) {
        for (uint256 i = 0; i < 3; ++i) {
            sum += booked[wallet(i)];
        }
        for (uint256 i = 3; i < OPENING; ++i) {
            sum += booked[address(uint160(0xf000 + i))];
        }
    }

    function book(Vm.Log memory log) private {
        if (log.topics[0] == ILedger.TransferRecorded.selector) {
            Entry memory entry = single(log);
            move(entry.sender, entry.recipient, entry.value);
        } else if (log.topics[0] == ILedger.TransferBatchRecorded.selector) {
            (,, bytes32[] memory payments) = abi.decode(log.data, (uint64, bytes32, bytes32[]));
            for (uint256 i = 0; i < payments.length; ++i) {
                move(account(log.topics[2]), Payment.recipient(payments[i]), Payment.value(payments[i]));
            }
        }
    }

    function move(address from, address to, uint256 value) private {
        booked[from] -= int256(value);
        booked[to] += int256(value);
    }
}
