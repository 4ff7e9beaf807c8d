// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Genesis} from "../interfaces/ILedger.sol";
import {Terms} from "../interfaces/IBPSCFactory.sol";
import {Create2} from "../libraries/Create2.sol";

/// @title Holds the creation code of one kind of ledger for a factory, which has no room for it (EIP-170)
/// @dev Nobody but the factory may: another could take a ledger's address before its creator.
abstract contract Deployer {
    address private immutable factory = msg.sender;

    /// @notice Thrown when anyone but the factory asks for a ledger.
    error NotTheFactory(address caller);

    /// @notice Makes a ledger.
    function deploy(bytes32 salt, Terms calldata terms, Genesis calldata genesis) external returns (address) {
        require(msg.sender == factory, NotTheFactory(msg.sender));

        return _make(salt, terms, genesis);
    }

    /// @notice Where that puts it.
    function addressOf(bytes32 salt, Terms calldata terms, Genesis calldata genesis)
        external
        view
        returns (address)
    {
        return Create2.addressOf(address(this), salt, _code(terms, genesis));
    }

    function _make(bytes32 salt, Terms calldata terms, Genesis calldata genesis)
        internal
        virtual
        returns (address);

    /// @dev The creation code and the constructor's arguments.
    function _code(Terms calldata terms, Genesis calldata genesis)
        internal
        pure
        virtual
        returns (bytes memory);
}
