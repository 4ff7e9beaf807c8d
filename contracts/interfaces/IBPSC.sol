// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedger} from "./ILedger.sol";

/// @title Block Producer Smart Contract: a ledger of the Ether that is sent through it
/// @notice Whoever pays through this contract pays the recipient in the same transaction, and the payment becomes
/// an entry of the ledger. An entry's value is what the sender sent; the recipient gets it less the fee:
/// `value − floor(value · feePpm / 1_000_000)`, for each payment, in batches too.
/// @dev The ledger is appended and the event emitted before any Ether leaves, so the order of logs is the order of
/// entries. A recipient gets all remaining gas and none of its return data is read; if it calls back, it records
/// a later entry. Without a fee the contract holds no Ether between transactions but what was forced in.
///
/// Warning: the whole transaction reverts if one recipient of a batch refuses.
interface IBPSC is ILedger {
    /// @notice Thrown when a payment is of nothing.
    error NothingToRelay();

    /// @notice Thrown when a payment goes to the zero address.
    error NoRecipient();

    /// @notice Thrown when a payment goes to the ledger itself, or the treasury would be the ledger.
    error RecipientIsLedger();

    /// @notice Thrown when the payments of a batch do not add up to the Ether sent with it.
    /// @dev The sum is looked at before the recipients: a batch that breaks both rules is refused by this one.
    error WrongSum(uint256 sent, uint256 owed);

    /// @notice Thrown when Ether comes without call data: nobody would know for whom.
    error PlainEther(address sender, uint256 value);

    /// @notice Thrown when a recipient does not take its payment.
    /// @param recipient Who refused; the treasury where `collect` was called.
    /// @param value What the recipient was to get, the fee already taken off.
    /// @param position The payment's position in the batch; 0 where there is none.
    error PaymentRefused(address recipient, uint256 value, uint256 position);

    /// @notice Thrown when the fee is above the most that a relay may keep.
    error FeeTooHigh(uint32 ppm, uint32 most);

    /// @notice Thrown when there is no treasury: at deployment with a fee, or when `collect` has nobody to pay.
    error NoTreasury();

    /// @notice Thrown when the contract holds nothing to collect.
    error NothingToCollect();

    /// @notice Thrown when `collect` is called while a batch is paying: what the contract holds is not its own.
    error BatchIsPaying();

    /// @notice Pays `recipient` the Ether sent along, less the fee, and records it.
    /// @param memo The payer's reference, public for ever; zero for none.
    /// @return index The entry's position in the ledger.
    function relay(address payable recipient, bytes32 memo) external payable returns (uint64 index);

    /// @notice Makes many payments, in order; together they are the Ether sent along.
    /// @param payments One word each: recipient (20 bytes) ‖ value in wei (12 bytes).
    /// @param memo The payer's reference, the same for each, public for ever; zero for none.
    /// @return firstIndex The first entry's position in the ledger; the others follow it.
    function relayBatch(bytes32[] calldata payments, bytes32 memo)
        external
        payable
        returns (uint64 firstIndex);

    /// @notice Sends all that the contract holds, fees and forced Ether, to the treasury, and records it: sender
    /// the contract, recipient the treasury, no memo, no fee. Anyone may; not while a batch is paying.
    /// @return value How much that was.
    function collect() external returns (uint256 value);

    /// @notice The fee in parts per million of a payment's value.
    function feePpm() external view returns (uint32);

    /// @notice Who gets what is collected; zero if nobody.
    function treasury() external view returns (address);
}
