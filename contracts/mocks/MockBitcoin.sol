// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitcoinProof} from "../libraries/BitcoinProof.sol";
import {Difficulty} from "../libraries/Difficulty.sol";

/// @title Bitcoin's rules one by one, for tests to hold to Python's
contract MockBitcoin {
    function targetOf(uint32 bits) external pure returns (uint256) {
        return Difficulty.targetOf(bits);
    }

    function bitsOf(uint256 target) external pure returns (uint32) {
        return Difficulty.bitsOf(target);
    }

    function workOf(uint256 target) external pure returns (uint256) {
        return Difficulty.workOf(target);
    }

    function retarget(uint32 bits, uint32 start, uint32 end, uint256 limit) external pure returns (uint32) {
        return Difficulty.retarget(bits, start, end, limit);
    }

    function rootOf(bytes32 leaf, uint256 index, bytes32[] calldata siblings)
        external
        view
        returns (bytes32)
    {
        return BitcoinProof.rootOf(leaf, index, siblings);
    }

    function outputOf(bytes memory transaction, uint256 number) external pure returns (bytes memory) {
        return BitcoinProof.outputOf(transaction, number);
    }

    function idOf(bytes memory transaction) external view returns (bytes32) {
        return BitcoinProof.idOf(transaction);
    }
}
