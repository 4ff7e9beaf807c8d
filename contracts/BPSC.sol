// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";
import {IBPSC} from "./interfaces/IBPSC.sol";
import {ETHER, Genesis} from "./interfaces/ILedger.sol";
import {Payment} from "./libraries/Payment.sol";

/// @title Block Producer Smart Contract: relays Ether and keeps the ledger of it
contract BPSC is IBPSC, Ledger {
    /// @dev A tenth, in parts per million.
    uint32 private constant MOST_FEE = 100_000;
    uint256 private constant MILLION = 1_000_000;

    /// @inheritdoc IBPSC
    uint32 public immutable feePpm;

    /// @inheritdoc IBPSC
    address public immutable treasury;

    /// @dev Set while a batch is paying: what the contract holds then belongs to those who wait.
    bool private transient paying;

    constructor(uint32 maxEntries_, uint32 interval_, uint32 feePpm_, address treasury_, Genesis memory genesis_)
        Ledger(maxEntries_, interval_, genesis_)
    {
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

        _pay(recipient, msg.value - _fee(msg.value), 0);
    }

    /// @inheritdoc IBPSC
    function relayBatch(Payment[] calldata payments, bytes32 memo) external payable returns (uint64 firstIndex) {
        require(payments.length != 0, EmptyBatch());
        uint256 owed = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            _check(payments[i].recipient(), payments[i].value());
            owed += payments[i].value();
        }
        require(msg.value == owed, WrongSum(msg.value, owed));

        firstIndex = _recordBatch(ETHER, msg.sender, payments, memo);

        bool within = paying;
        paying = true;
        for (uint256 i = 0; i < payments.length; ++i) {
            uint256 value = payments[i].value();
            _pay(payments[i].recipient(), value - _fee(value), i);
        }
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

    /// @dev What is kept of a payment: floor(value · feePpm / 1_000_000), taken apart so that it cannot overflow.
    function _fee(uint256 value) private view returns (uint256) {
        return value / MILLION * feePpm + value % MILLION * feePpm / MILLION;
    }

    function _check(address recipient, uint256 value) private view {
        require(value != 0, NothingToRelay());
        require(recipient != address(0), NoRecipient());
        require(recipient != address(this), RecipientIsLedger());
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
