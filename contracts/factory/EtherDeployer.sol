// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BPSC} from "../BPSC.sol";
import {Terms} from "../interfaces/IBPSCFactory.sol";
import {Genesis} from "../interfaces/ILedger.sol";
import {Deployer} from "./Deployer.sol";

/// @title Makes ledgers of Ether
contract EtherDeployer is Deployer {
    function _make(bytes32 salt, Terms calldata terms, Genesis calldata genesis)
        internal
        override
        returns (address)
    {
        return address(
            new BPSC{salt: salt}(terms.maxEntries, terms.interval, terms.feePpm, terms.treasury, genesis)
        );
    }

    function _code(Terms calldata terms, Genesis calldata genesis)
        internal
        pure
        override
        returns (bytes memory)
    {
        return abi.encodePacked(
            type(BPSC).creationCode,
            abi.encode(terms.maxEntries, terms.interval, terms.feePpm, terms.treasury, genesis)
        );
    }
}
