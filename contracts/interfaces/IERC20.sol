// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title As much of a token as a relay asks of it: ERC-20, and the permit of ERC-2612
/// @dev Never called as it stands here: tokens answer in more ways than one (`libraries/Token.sol`).
interface IERC20 {
    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
    function decimals() external view returns (uint8);
    function balanceOf(address holder) external view returns (uint256);
    function allowance(address holder, address spender) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
    function permit(
        address holder,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}
