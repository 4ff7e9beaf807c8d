// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBPSCFactory} from "../interfaces/IBPSCFactory.sol";

/// @title Has a head to show until it is told to do something else when asked for it
contract HostileLedger {
    enum Act {
        Answers,
        AnswersThreeWords,
        AnswersOneWord,
        AnswersTooLargeASize,
        Reverts,
        BurnsGas,
        Shouts
    }

    Act public act;

    function turn(Act act_) external {
        act = act_;
    }

    function head() external view returns (uint64, bytes32) {
        if (act == Act.Reverts) revert("not today");
        if (act == Act.BurnsGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (act == Act.AnswersOneWord) _answer(7, 32);
        if (act == Act.AnswersThreeWords) _answer(7, 96);
        if (act == Act.AnswersTooLargeASize) _answer(2 ** 64, 64);
        if (act == Act.Shouts) _answer(7, 20_000);
        return (7, keccak256("seven"));
    }

    function _answer(uint256 first, uint256 length) private pure {
        bytes32 second = keccak256("seven");
        assembly {
            mstore(0, first)
            mstore(32, second)
            mstore(64, 0)
            return(0, length)
        }
    }
}

/// @title Makes a ledger, has it listed, and lets it destroy itself, in the one transaction in which that counts
contract Conjurer {
    address public immutable gone;

    constructor(IBPSCFactory factory) {
        // Answers head (7, 1) to any call, and vanishes when it is called with nothing. By hand: the compiler warns
        // of that instruction.
        bytes memory code = hex"74361560125760075f52600160205260405ff35b5fff5f526015600bf3";
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
        }
        factory.register(made);
        (bool done,) = made.call("");
        require(done);
        gone = made;
    }
}
