// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BTCUtils} from "@keep-network/bitcoin-spv-sol/contracts/BTCUtils.sol";
import {BytesLib} from "@keep-network/bitcoin-spv-sol/contracts/BytesLib.sol";

import {IBitcoinBurnClaim} from "../interfaces/IBitcoinBurnClaim.sol";

/// @title What stands in a Bitcoin block, and what it says
library BitcoinProof {
    using BTCUtils for bytes;
    using BytesLib for bytes;

    /// @dev Of an inner node, and so of no transaction.
    uint256 private constant NODE = 64;

    /// @dev A coinbase spends nothing: a single input that names no transaction.
    bytes32 private constant COINBASE =
        keccak256(hex"010000000000000000000000000000000000000000000000000000000000000000ffffffff");

    /// @notice The id of a transaction that has these bytes, without witnesses.
    function idOf(bytes memory transaction) internal view returns (bytes32) {
        require(transaction.length != NODE, IBitcoinBurnClaim.PosesAsNode());

        return transaction.hash256View();
    }

    /// @notice Whether a transaction is a coinbase. Its first 41 bytes are given, so that none can be made whose start
    /// is the hash of something else.
    function isCoinbase(bytes memory transaction) internal pure returns (bool) {
        return transaction.length > NODE && keccak256(transaction.slice(4, 37)) == COINBASE;
    }

    /// @notice The root that a leaf leads to by these siblings.
    function rootOf(bytes32 leaf, uint256 index, bytes32[] calldata siblings)
        internal
        view
        returns (bytes32 hash)
    {
        require(index >> siblings.length == 0, IBitcoinBurnClaim.IndexPastTree(index, siblings.length));

        hash = leaf;
        for (uint256 i = 0; i < siblings.length; ++i) {
            bytes32 sibling = siblings[i];
            bool right = (index >> i) & 1 == 1;
            require(!right || sibling != hash, IBitcoinBurnClaim.Duplicated(i));
            hash = right ? BTCUtils.hash256Pair(sibling, hash) : BTCUtils.hash256Pair(hash, sibling);
        }
    }

    /// @notice An output of a transaction, whose whole form is looked at: value (8) ‖ length ‖ script.
    function outputOf(bytes memory transaction, uint256 number) internal pure returns (bytes memory output) {
        (uint256 place, uint256 count) = _count(transaction, 4);
        require(count != 0, IBitcoinBurnClaim.WithWitnesses());
        for (; count != 0; --count) {
            place = _after(transaction, place, transaction.determineInputLengthAt(place));
        }

        (place, count) = _count(transaction, place);
        require(number < count, IBitcoinBurnClaim.Malformed(place));
        for (uint256 i = 0; i < count; ++i) {
            uint256 next = _after(transaction, place, transaction.determineOutputLengthAt(place));
            if (i == number) output = transaction.slice(place, next - place);
            place = next;
        }
        require(place + 4 == transaction.length, IBitcoinBurnClaim.Malformed(place));
    }

    /// @dev A number of variable length, and the place after it.
    function _count(bytes memory transaction, uint256 place) private pure returns (uint256, uint256) {
        require(place < transaction.length, IBitcoinBurnClaim.Malformed(place));
        (uint256 width, uint256 count) = transaction.parseVarIntAt(place);
        return (_after(transaction, place, width == BTCUtils.ERR_BAD_ARG ? width : width + 1), count);
    }

    /// @dev The place after `length` bytes, if the transaction goes on there.
    function _after(bytes memory transaction, uint256 place, uint256 length) private pure returns (uint256) {
        require(length < transaction.length - place, IBitcoinBurnClaim.Malformed(place));
        return place + length;
    }
}
