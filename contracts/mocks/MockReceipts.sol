// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Someone who accepts receipts, many at a time
/// @notice Asks a ledger's `verifyEntry`, and computes the checksum that a receipt's file ends with.
contract MockReceipts {
    /// @notice Two words of call data, at these offsets, that are replaced.
    struct Change {
        uint256 offset;
        bytes32 word;
        uint256 otherOffset;
        bytes32 otherWord;
    }

    /// @dev What stands around the digits of the checksum, at the end of each file.
    bytes private constant BEFORE = ',"checksum":"0x';
    bytes private constant AFTER = '"}\n';

    /// @notice What the ledger answers to each of these calls.
    function accepted(address ledger, bytes[] calldata calls) external view returns (bool[] memory answers) {
        answers = new bool[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            answers[i] = _accepts(ledger, calls[i]);
        }
    }

    /// @notice How many of the changed calls the ledger still answers with true; it never reverts for one.
    function stillAccepted(address ledger, bytes memory data, Change[] calldata changes)
        external
        view
        returns (uint256 count)
    {
        for (uint256 i = 0; i < changes.length; ++i) {
            Change calldata change = changes[i];
            bytes32 was = _replace(data, change.offset, change.word);
            bytes32 otherWas = _replace(data, change.otherOffset, change.otherWord);
            if (_accepts(ledger, data)) ++count;
            _replace(data, change.otherOffset, otherWas);
            _replace(data, change.offset, was);
        }
    }

    /// @notice Whether a file ends as receipts do, with the hash of the text before.
    function sound(bytes memory text) public pure returns (bool) {
        uint256 seam = _seam(text);
        for (uint256 i = 0; i < BEFORE.length; ++i) {
            if (text[seam + i] != BEFORE[i]) return false;
        }
        for (uint256 i = 0; i < AFTER.length; ++i) {
            if (text[text.length - AFTER.length + i] != AFTER[i]) return false;
        }
        return _digits(text, seam) == _hash(text, seam);
    }

    /// @notice How many of the files are sound that differ from this one in one byte, from position `start` on.
    function stillSound(bytes memory text, uint256 start, bytes calldata replaced)
        external
        pure
        returns (uint256 count)
    {
        uint256 seam = _seam(text);
        bytes32 checksum = _digits(text, seam);
        for (uint256 i = 0; i < replaced.length; ++i) {
            bytes1 was = text[start + i];
            text[start + i] = replaced[i];
            if (start + i < seam ? _hash(text, seam) == checksum : sound(text)) ++count;
            text[start + i] = was;
        }
    }

    function _accepts(address ledger, bytes memory data) private view returns (bool) {
        (bool done, bytes memory answer) = ledger.staticcall(data);
        require(done && answer.length == 32, "verifyEntry reverted");
        return abi.decode(answer, (bool));
    }

    function _seam(bytes memory text) private pure returns (uint256) {
        return text.length - BEFORE.length - 64 - AFTER.length;
    }

    function _hash(bytes memory text, uint256 length) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(text, 32), length)
        }
    }

    /// @dev The 64 digits as 32 bytes; zero if one of them is none.
    function _digits(bytes memory text, uint256 seam) private pure returns (bytes32) {
        uint256 number = 0;
        for (uint256 i = 0; i < 64; ++i) {
            uint8 digit = uint8(text[seam + BEFORE.length + i]);
            if (digit >= 0x30 && digit <= 0x39) number = (number << 4) | (digit - 0x30);
            else if (digit >= 0x61 && digit <= 0x66) number = (number << 4) | (digit - 0x57);
            else return 0;
        }
        return bytes32(number);
    }

    function _replace(bytes memory data, uint256 offset, bytes32 word) private pure returns (bytes32 was) {
        assembly ("memory-safe") {
            let place := add(add(data, 32), offset)
            was := mload(place)
            mstore(place, word)
        }
    }
}
