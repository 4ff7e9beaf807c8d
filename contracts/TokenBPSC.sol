// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ledger} from "./Ledger.sol";
import {IBPSC} from "./interfaces/IBPSC.sol";
import {IERC20} from "./interfaces/IERC20.sol";
import {ETHER, Genesis, ILedger, SEAL} from "./interfaces/ILedger.sol";
import {ITokenBPSC, Permit} from "./interfaces/ITokenBPSC.sol";
import {Fee} from "./libraries/Fee.sol";
import {Payment} from "./libraries/Payment.sol";
import {Token} from "./libraries/Token.sol";

/// @title Block Producer Smart Contract for a token: relays one ERC-20 and keeps the ledger of it
contract TokenBPSC is ITokenBPSC, Ledger {
    using Payment for bytes32;
    using Token for address;

    /// @inheritdoc ITokenBPSC
    address public immutable token;

    /// @inheritdoc ITokenBPSC
    uint32 public immutable feePpm;

    /// @inheritdoc ITokenBPSC
    address public immutable treasury;

    /// @dev Set from the first call to the token until the entry stands.
    bool private transient moving;

    /// @dev Around everything that writes: nothing comes between a transfer and its entry.
    modifier alone() {
        require(!moving, TokenIsMoving());
        moving = true;
        _;
        moving = false;
    }

    constructor(
        address token_,
        uint32 maxEntries_,
        uint32 interval_,
        uint32 feePpm_,
        address treasury_,
        Genesis memory genesis_
    ) Ledger(maxEntries_, interval_, genesis_) {
        require(token_ != ETHER && token_ != SEAL, ReservedSubject(token_));
        require(feePpm_ <= Fee.MOST, IBPSC.FeeTooHigh(feePpm_, Fee.MOST));
        require(feePpm_ == 0 || treasury_ != address(0), IBPSC.NoTreasury());
        require(treasury_ != address(this), IBPSC.RecipientIsLedger());

        token = token_;
        feePpm = feePpm_;
        treasury = treasury_;
        _describe(token_);
    }

    receive() external payable {
        revert IBPSC.PlainEther(msg.sender, msg.value);
    }

    /// @inheritdoc ITokenBPSC
    function relay(address recipient, uint256 value, bytes32 memo) external alone returns (uint64 index) {
        index = _relay(recipient, value, memo);
    }

    /// @inheritdoc ITokenBPSC
    function relayWithPermit(address recipient, uint256 value, bytes32 memo, Permit calldata permit)
        external
        alone
        returns (uint64 index)
    {
        _show(permit, value);

        index = _relay(recipient, value, memo);
    }

    /// @inheritdoc ITokenBPSC
    function relayBatch(bytes32[] calldata payments, bytes32 memo)
        external
        alone
        returns (uint64 firstIndex)
    {
        firstIndex = _relayBatch(payments, memo);
    }

    /// @inheritdoc ITokenBPSC
    function relayBatchWithPermit(bytes32[] calldata payments, bytes32 memo, Permit calldata permit)
        external
        alone
        returns (uint64 firstIndex)
    {
        uint256 owed = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            owed += payments[i].value();
        }
        _show(permit, owed);

        firstIndex = _relayBatch(payments, memo);
    }

    /// @inheritdoc ITokenBPSC
    function collect() external alone returns (uint256 value) {
        require(treasury != address(0), IBPSC.NoTreasury());
        uint256 held = _balanceOf(address(this));
        require(held != 0, IBPSC.NothingToCollect());

        value = _move(address(this), treasury, held, 0);

        _record(token, address(this), treasury, value, 0);
    }

    /// @inheritdoc ILedger
    function seal() public override(ILedger, Ledger) alone returns (uint64 index) {
        index = super.seal();
    }

    /// @inheritdoc ILedger
    function checkpoint() public override(ILedger, Ledger) alone returns (uint64 size_, bytes32 root_) {
        (size_, root_) = super.checkpoint();
    }

    function _relay(address recipient, uint256 value, bytes32 memo) private returns (uint64 index) {
        _check(recipient, value);

        if (feePpm == 0) {
            value = _move(msg.sender, recipient, value, 0);
        } else {
            uint256 fee = Fee.on(value, feePpm);
            _moveExactly(recipient, value - fee, 0);
            _keep(fee);
        }

        index = _record(token, msg.sender, recipient, value, memo);
    }

    function _relayBatch(bytes32[] calldata payments, bytes32 memo) private returns (uint64 firstIndex) {
        uint256 ppm = feePpm;
        uint256 fees = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            (address recipient, uint256 value) = (payments[i].recipient(), payments[i].value());
            _check(recipient, value);

            uint256 fee = Fee.on(value, ppm);
            _moveExactly(recipient, value - fee, i);
            fees += fee;
        }
        _keep(fees);

        (firstIndex,) = _recordBatch(token, msg.sender, payments, memo);
    }

    /// @dev Whether the token takes the permit is one thing, whether the allowance suffices the other.
    function _show(Permit calldata permit, uint256 owed) private {
        if (token.permit(msg.sender, permit)) return;

        uint256 allowed = token.allowance(msg.sender);
        require(allowed >= owed, PermitRefused(allowed, owed));
    }

    /// @dev The fee goes from the payer to this contract; one of nothing is not moved, since some tokens revert.
    function _keep(uint256 fee) private {
        if (fee != 0) _moveExactly(address(this), fee, 0);
    }

    function _moveExactly(address to, uint256 value, uint256 position) private {
        uint256 arrived = _move(msg.sender, to, value, position);
        require(arrived == value, WrongArrival(to, value, arrived, position));
    }

    /// @dev Moves tokens and says how many arrived. Whoever pays himself loses first what he gets.
    function _move(address from, address to, uint256 value, uint256 position)
        private
        returns (uint256 arrived)
    {
        uint256 before = _balanceOf(to);

        bool moved = from == address(this) ? token.transfer(to, value) : token.transferFrom(from, to, value);
        require(moved, TransferRefused(from, to, value, position));

        uint256 held = _balanceOf(to);
        if (from == to) before = before > value ? before - value : 0;
        arrived = held > before ? held - before : 0;
        require(arrived != 0 && arrived <= value, WrongArrival(to, value, arrived, position));
    }

    /// @dev A token that does not say its decimals is not described: amounts of it are then raw, and nobody takes
    /// the silence for zero.
    function _describe(address token_) private {
        (bool known,) = token_.balanceOf(address(this));
        require(token_.code.length != 0 && known, NotAToken(token_));
        (bool named, string memory name) = token_.text(abi.encodeCall(IERC20.name, ()));
        require(named, NameUnreadable(token_));
        (bool signed, string memory symbol) = token_.text(abi.encodeCall(IERC20.symbol, ()));
        require(signed, SymbolUnreadable(token_));

        (bool counted, uint8 decimals) = token_.decimals();
        if (counted) _declare(token_, name, symbol, decimals);
    }

    function _balanceOf(address holder) private view returns (uint256 value) {
        bool known;
        (known, value) = token.balanceOf(holder);
        require(known, NotAToken(token));
    }

    function _check(address recipient, uint256 value) private view {
        require(value != 0, IBPSC.NothingToRelay());
        require(recipient != address(0), IBPSC.NoRecipient());
        require(recipient != address(this), IBPSC.RecipientIsLedger());
    }
}
