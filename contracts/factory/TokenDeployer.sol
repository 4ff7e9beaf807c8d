// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenBPSC} from "../TokenBPSC.sol";
import {Terms} from "../interfaces/IBPSCFactory.sol";
import {Genesis} from "../interfaces/ILedger.sol";
import {Deployer} from "./Deployer.sol";

/// @title Makes ledgers of tokens
contract TokenDeployer is Deployer {
    function _make(bytes32 salt, Terms calldata terms, Genesis calldata genesis)
        internal
        override
        returns (address)
    {
        return address(
            new TokenBPSC{salt: salt}(
                terms.subject, terms.maxEntries, terms.interval, terms.feePpm, terms.treasury, genesis
            )
        );
    }

    function _code(Terms calldata terms, Genesis calldata genesis)
        internal
        pure
        override
        returns (bytes memory)
    {
        return abi.encodePacked(
            type(TokenBPSC).creationCode,
            abi.encode(terms.subject, terms.maxEntries, terms.interval, terms.feePpm, terms.treasury, genesis)
        );
    }
}
