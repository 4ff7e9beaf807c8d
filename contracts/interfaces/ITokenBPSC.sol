// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILedger} from "./ILedger.sol";

/// @notice A payer's signature that lets the ledger move tokens (ERC-2612).
/// @param value How many it lets it move; at least what is paid, or the rest was allowed before.
/// @param deadline The last second at which it counts.
struct Permit {
    uint256 value;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @title Block Producer Smart Contract for a token: a ledger of what is paid in one ERC-20 through it
/// @notice The payer allows this contract to move his tokens, by `approve` or by a permit that goes along. The tokens
/// go from the payer to the recipient directly, and the payment becomes an entry, whose subject is the token.
///
/// What is recorded is what arrived: the difference that the transfer makes to the recipient's balance. A token that
/// takes a fee of its own is recorded less that fee. Where this ledger keeps a fee too, and in a batch, what arrives
/// must be exactly what was sent, since one entry could not say both: other transfers are refused.
///
///     a token that …                     singly                              in a batch, or with a fee kept
///     moves what it is told to           recorded                            recorded
///     returns nothing, as USDT           recorded                            recorded
///     reverts on a transfer of nothing   recorded                            recorded: a fee of nothing is not moved
///     takes a fee of its own             recorded: what arrived              refused
///     rebases, and rounds at that        recorded: what arrived              refused, where it rounds
///     calls back, as ERC-777             recorded; the ledger can be read    the same
///                                        by then, and not written to
///     returns false, moves nothing,      refused                             refused
///     moves more than it is told to
///
/// @dev The entry follows the transfer. From the first call to the token until the entry stands no entry point can be
/// called (`TokenIsMoving`), so the order of entries is the order of transfers. Whoever reads in between reads the log
/// as it was before the payment, whole: a batch is appended at once, after its last transfer.
///
/// Warning: the ledger believes `balanceOf`. A token that lies there has a ledger of lies, and no other is touched.
///
/// Warning: a recipient that passes on within the transfer what it gets, as ERC-777 lets it, is recorded with what
/// it still holds then; with nothing, the payment is refused.
///
/// Warning: of a token that takes a fee of its own and calls the payer too, he can let arrive within a transfer what
/// that fee lacks, through another ledger, and both record it. Who accepts receipts of such a token accepts one ledger.
///
/// Other refusals are those of `IBPSC`, by the same errors: `NothingToRelay`, `NoRecipient`, `RecipientIsLedger`,
/// `PlainEther`, `FeeTooHigh`, `NoTreasury`, `NothingToCollect`.
interface ITokenBPSC is ILedger {
    /// @notice Thrown when there is no contract at the token's address, or none that knows balances.
    error NotAToken(address token);

    /// @notice Thrown when the token's name is no text: not UTF-8, or with characters that are not seen.
    error NameUnreadable(address token);

    /// @notice Thrown when the token's symbol is no text: not UTF-8, or with characters that are not seen.
    error SymbolUnreadable(address token);

    /// @notice Thrown when the token does not move what it is told to: it reverts, or answers something but true.
    /// Mostly the payer has too little, or has not allowed this contract to move it.
    error TransferRefused(address from, address to, uint256 value, uint256 position);

    /// @notice Thrown when another amount arrived than may: nothing, more than was sent, or not exactly what was
    /// sent where that is asked for.
    /// @param position The payment's position in the batch; 0 where there is none.
    error WrongArrival(address recipient, uint256 sent, uint256 arrived, uint256 position);

    /// @notice Thrown when the permit is not taken and what was allowed before does not suffice.
    error PermitRefused(uint256 allowed, uint256 owed);

    /// @notice Thrown when the ledger is called back while the token is moving.
    error TokenIsMoving();

    /// @notice Moves `value` of the token from the caller to `recipient`, less the fee, and records what arrived.
    /// @param memo The payer's reference, public for ever; zero for none.
    /// @return index The entry's position in the ledger.
    function relay(address recipient, uint256 value, bytes32 memo) external returns (uint64 index);

    /// @notice The same with a permit. One that somebody else has shown to the token before is no failure: what
    /// counts is that the allowance suffices.
    function relayWithPermit(address recipient, uint256 value, bytes32 memo, Permit calldata permit)
        external
        returns (uint64 index);

    /// @notice Makes many payments from the caller, in order.
    /// @param payments One word each: recipient (20 bytes) ‖ value in the token's smallest unit (12 bytes). A larger
    /// value goes by itself.
    /// @param memo The payer's reference, the same for each, public for ever; zero for none.
    /// @return firstIndex The first entry's position in the ledger; the others follow it.
    function relayBatch(bytes32[] calldata payments, bytes32 memo) external returns (uint64 firstIndex);

    /// @notice The same with a permit.
    function relayBatchWithPermit(bytes32[] calldata payments, bytes32 memo, Permit calldata permit)
        external
        returns (uint64 firstIndex);

    /// @notice Sends all of the token that the contract holds, fees and what was sent to it directly, to the
    /// treasury, and records it: sender the contract, recipient the treasury, no memo, no fee. Anyone may.
    /// @return value How much arrived there.
    function collect() external returns (uint256 value);

    /// @notice The token; the subject of each entry.
    function token() external view returns (address);

    /// @notice The fee in parts per million of a payment's value.
    function feePpm() external view returns (uint32);

    /// @notice Who gets what is collected; zero if nobody.
    function treasury() external view returns (address);
}
