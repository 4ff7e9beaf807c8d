// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A coin that takes the place of an older token of the same host
/// @notice Whoever gives up the old token gets as much of the coin, which has the same decimals. What was given up
/// lies at an address that nobody has a key for, so `totalSupply` and what is left of the old token never count twice.
/// @dev Warning: the coin is worth what the old token's contract is worth. One that lies about balances, or that can
/// take tokens back from that address, mints what was never burnt.
///
/// Warning: the address is the same for every such coin. Of a token that takes a fee of its own and calls its sender too,
/// two coins can both count what one migration brings within the other, up to that fee.
interface ITokenBurnClaim {
    /// @notice Emitted when old tokens were given up for coins; the entry at `index` is the mint.
    event Migrated(address indexed wallet, uint64 indexed index, uint256 value);

    /// @notice Thrown when what is to be migrated is no token with balances and decimals.
    error NotAToken(address token);

    /// @notice Thrown when nothing is to be migrated.
    error NothingToMigrate();

    /// @notice Thrown when the old token does not move: the caller has too little, or allowed too little.
    error MigrationRefused(address wallet, uint256 amount);

    /// @notice Thrown when nothing arrived at the address that nobody has, or more than was sent.
    error WrongArrival(uint256 amount, uint256 arrived);

    /// @notice Thrown when the old token calls back into `migrate` while it moves.
    error TokenIsMoving();

    /// @notice Takes `amount` of the old token, which the caller allowed this contract to move, to an address that
    /// nobody has, and mints what arrived there.
    /// @return index The entry of the mint.
    function migrate(uint256 amount) external returns (uint64 index);

    /// @notice The token whose place the coin takes.
    function oldToken() external view returns (address);

    /// @notice How much was migrated by now.
    function migrated() external view returns (uint256);
}
