// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitcoinBurnClaim} from "../../../../contracts/BitcoinBurnClaim.sol";
import {BurnProof, Checkpoint} from "../../../../contracts/interfaces/IBitcoinBurnClaim.sol";
import {Sandbox} from "./Sandbox.sol";
import {vm} from "./Vm.sol";

/// @notice A Bitcoin chain so easy that tests mine it: one hash of four is under the limit.
abstract contract Miner is Sandbox {
    uint256 internal constant LIMIT = 0x3fffff << 232;
    uint32 internal constant EASIEST = 0x203fffff;
    uint256 internal constant WORK = 4;

    struct Mined {
        bytes raw;
        bytes32 hash;
        uint32 time;
    }

    function coinOf(Mined memory first, uint32 depth, uint256 work) internal returns (BitcoinBurnClaim) {
        return coinOf(Checkpoint(first.raw, 0, LIMIT), depth, work);
    }

    /// @dev From the code that was compiled once: with `new`, each test would have it compiled into itself.
    function coinOf(Checkpoint memory point, uint32 depth, uint256 work) internal returns (BitcoinBurnClaim) {
        bytes memory code = abi.encodePacked(
            vm.getCode("BitcoinBurnClaim.sol:BitcoinBurnClaim"),
            abi.encode("New", "NEW", 100, 0, nothing(), point, depth, work)
        );
        address made;
        assembly ("memory-safe") {
            made := create(0, add(code, 32), mload(code))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
        return BitcoinBurnClaim(made);
    }

    function mine(bytes32 parent, bytes32 root, uint32 time, uint32 bits, uint256 target)
        internal
        pure
        returns (Mined memory made)
    {
        bytes memory start = abi.encodePacked(hex"04000000", parent, root, little(time), little(bits));
        for (uint32 nonce = 0;; ++nonce) {
            made.raw = abi.encodePacked(start, little(nonce));
            made.hash = hash256(made.raw);
            if (reversed(made.hash) <= target) break;
        }
        made.time = time;
    }

    function mine(Mined memory on, bytes32 root, uint32 spacing) internal pure returns (Mined memory) {
        return mine(on.hash, root, on.time + spacing, EASIEST, LIMIT);
    }

    function coinbase(uint256 number) internal pure returns (bytes memory) {
        bytes memory input = abi.encodePacked(hex"01", bytes32(0), hex"ffffffff20", number, hex"ffffffff");
        return abi.encodePacked(hex"01000000", input, hex"01320000000000000001", hex"5100000000");
    }

    function burning(uint256 number, uint64 satoshis, bytes memory script)
        internal
        pure
        returns (bytes memory)
    {
        bytes memory input = abi.encodePacked(hex"01", number, hex"0000000000ffffffff");
        bytes memory value = abi.encodePacked(little(uint32(satoshis)), little(uint32(satoshis >> 32)));
        return abi.encodePacked(hex"01000000", input, hex"01", value, hex"36", script, hex"00000000");
    }

    /// @notice The proof of a transaction that is alone with its block's coinbase.
    function proofOf(bytes memory header, bytes memory first, bytes memory second)
        internal
        pure
        returns (BurnProof memory)
    {
        return BurnProof(header, second, 0, 1, listOf(hash256(first)), first, listOf(hash256(second)));
    }

    function pair(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return hash256(abi.encodePacked(left, right));
    }

    function hash256(bytes memory message) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(sha256(message)));
    }

    function little(uint32 number) internal pure returns (bytes4) {
        return bytes4(
            (number >> 24) | ((number >> 8) & 0xff00) | ((number & 0xff00) << 8) | ((number & 0xff) << 24)
        );
    }

    function reversed(bytes32 hash) internal pure returns (uint256 number) {
        for (uint256 i = 0; i < 32; ++i) {
            number |= uint256(uint8(hash[i])) << (8 * i);
        }
    }
}
