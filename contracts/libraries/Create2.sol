// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Where CREATE2 puts a contract (EIP-1014)
/// @notice The hashes here name addresses; nothing of a log is hashed.
library Create2 {
    /// @notice The salt of a ledger: what no two of a factory have in common.
    function salt(
        address creator,
        address subject,
        uint32 maxEntries,
        uint32 interval,
        uint32 feePpm,
        address treasury,
        bytes32 genesisRoot
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(creator, subject, maxEntries, interval, feePpm, treasury, genesisRoot));
    }

    /// @notice The address of what `deployer` makes of this code.
    function addressOf(address deployer, bytes32 salt_, bytes memory creationCode)
        internal
        pure
        returns (address)
    {
        bytes32 hash = keccak256(abi.encodePacked(bytes1(0xff), deployer, salt_, keccak256(creationCode)));
        return address(uint160(uint256(hash)));
    }
}
