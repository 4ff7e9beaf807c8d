// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";
import {IBPSC} from "./interfaces/IBPSC.sol";
import {ETHER, Genesis} from "./interfaces/ILedger.sol";
import {Payment} from "./libraries/Payment.sol";

/// @title Block Producer Smart Contract: relays Ether and keeps the ledger of it
contract BPSC is IBPSC, Ledger {
    using Payment for bytes32;

    /// @dev A tenth, in parts per million.
    uint32 private constant MOST_FEE = 100_000;
    uint256 private constant MILLION = 1_000_000;

    /// @inheritdoc IBPSC
    uint32 public immutable feePpm;

    /// @inheritdoc IBPSC
    address public immutable treasury;

    /// @dev Set while a batch is paying: what the contract holds then belongs to those who wait.
    bool private transient paying;

    constructor(
        uint32 maxEntries_,
        uint32 interval_,
        uint32 feePpm_,
        address treasury_,
        Genesis memory genesis_
    ) Ledger(maxEntries_, interval_, genesis_) {
        require(feePpm_ <= MOST_FEE, FeeTooHigh(feePpm_, MOST_FEE));
        require(feePpm_ == 0 || treasury_ != address(0), NoTreasury());
        require(treasury_ != address(this), RecipientIsLedger());

        feePpm = feePpm_;
        treasury = treasury_;
        _declare(ETHER, "Ether", "ETH", 18);
    }

    receive() external payable {
        revert PlainEther(msg.sender, msg.value);
    }

    /// @inheritdoc IBPSC
    function relay(address payable recipient, bytes32 memo) external payable returns (uint64 index) {
        _check(recipient, msg.value);

        index = _record(ETHER, msg.sender, recipient, msg.value, memo);

        _pay(recipient, _net(msg.value), 0);
    }

    /// @inheritdoc IBPSC
    function relayBatch(bytes32[] calldata payments, bytes32 memo)
        external
        payable
        returns (uint64 firstIndex)
    {
        uint256 owed;
        (firstIndex, owed) = _recordBatch(ETHER, msg.sender, payments, memo);
        require(msg.value == owed, WrongSum(msg.value, owed));

        bool within = paying;
        paying = true;
        _payAll(payments);
        paying = within;
    }

    /// @inheritdoc IBPSC
    function collect() external returns (uint256 value) {
        require(!paying, BatchIsPaying());
        require(treasury != address(0), NoTreasury());
        value = address(this).balance;
        require(value != 0, NothingToCollect());

        _record(ETHER, address(this), treasury, value, 0);

        _pay(treasury, value, 0);
    }

    /// @dev What a recipient gets: value − floor(value · feePpm / 1_000_000). The product is taken apart so that it
    /// cannot overflow.
    function _net(uint256 value) private view returns (uint256) {
        if (feePpm == 0) return value;

        unchecked {
            return value - value / MILLION * feePpm - value % MILLION * feePpm / MILLION;
        }
    }

    function _check(address recipient, uint256 value) private view {
        require(value != 0, NothingToRelay());
        require(recipient != address(0), NoRecipient());
        require(recipient != address(this), RecipientIsLedger());
    }

    /// @dev Makes the payments in order. One that breaks a rule stops it like one that is refused; which of the
    /// two it was is found out then.
    function _payAll(bytes32[] calldata payments) private {
        uint256 ppm = feePpm;
        uint256 paid = 0;
        assembly ("memory-safe") {
            let end := add(payments.offset, shl(5, payments.length))
            let at := payments.offset
            for {} lt(at, end) { at := add(at, 32) } {
                let payment := calldataload(at)
                let recipient := shr(96, payment)
                let value := and(payment, 0xffffffffffffffffffffffff)
                if ppm { value := sub(value, div(mul(value, ppm), MILLION)) }
                // 160 bits by 96: the product is zero only if there is no recipient or no value.
                if iszero(mul(call(gas(), recipient, value, 0, 0, 0, 0), mul(recipient, value))) {
                    break
                }
            }
            paid := shr(5, sub(at, payments.offset))
        }
        if (paid == payments.length) return;

        bytes32 payment = payments[paid];
        _check(payment.recipient(), payment.value());
        revert PaymentRefused(payment.recipient(), _net(payment.value()), paid);
    }

    /// @dev All remaining gas, and nothing of what comes back is copied.
    function _pay(address recipient, uint256 value, uint256 position) private {
        bool taken;
        assembly ("memory-safe") {
            taken := call(gas(), recipient, value, 0, 0, 0, 0)
        }
        require(taken, PaymentRefused(recipient, value, position));
    }
}
