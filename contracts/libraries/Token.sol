// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "../interfaces/IERC20.sol";
import {Permit} from "../interfaces/ITokenBPSC.sol";

/// @title A token, spoken to as if it were hostile
/// @notice Old tokens return nothing, older ones name themselves in 32 bytes, some answer with anything at all. No
/// answer is decoded before its form is looked at, and no more than 128 bytes of one are copied.
library Token {
    /// @dev As much of a name or a symbol as is kept.
    uint256 private constant LONGEST = 64;

    /// @dev For each word that a token says of itself: more than any needs, and not all that a deployment has.
    uint256 private constant GAS = 100_000;

    /// @notice Moves tokens that `from` allowed us to. True if the token did not revert and answered nothing or true.
    function transferFrom(address token, address from, address to, uint256 value) internal returns (bool) {
        return _done(token, abi.encodeCall(IERC20.transferFrom, (from, to, value)));
    }

    /// @notice Moves our own tokens.
    function transfer(address token, address to, uint256 value) internal returns (bool) {
        return _done(token, abi.encodeCall(IERC20.transfer, (to, value)));
    }

    /// @notice Shows the token what `holder` signed, for us to move his tokens. True if it did not revert, which is
    /// no word of a token that has no such function and a fallback.
    function permit(address token, address holder, Permit calldata signed) internal returns (bool) {
        (uint256 value, uint256 deadline) = (signed.value, signed.deadline);
        bytes memory data = abi.encodeCall(
            IERC20.permit, (holder, address(this), value, deadline, signed.v, signed.r, signed.s)
        );
        return _done(token, data);
    }

    /// @notice What `holder` has. Not known if the token answers in another form.
    function balanceOf(address token, address holder) internal view returns (bool known, uint256 value) {
        (uint256 length, bytes32[4] memory answer) =
            _ask(token, abi.encodeCall(IERC20.balanceOf, (holder)), gasleft());
        return (length == 32, uint256(answer[0]));
    }

    /// @notice What `holder` allows us to move; nothing if the token does not say.
    function allowance(address token, address holder) internal view returns (uint256) {
        (uint256 length, bytes32[4] memory answer) =
            _ask(token, abi.encodeCall(IERC20.allowance, (holder, address(this))), gasleft());
        return length == 32 ? uint256(answer[0]) : 0;
    }

    /// @notice In how many decimals the token is counted. Not known if it does not say, or says more than a byte.
    function decimals(address token) internal view returns (bool known, uint8 count) {
        (uint256 length, bytes32[4] memory answer) = _ask(token, abi.encodeCall(IERC20.decimals, ()), GAS);
        known = length == 32 && uint256(answer[0]) <= type(uint8).max;
        // casting to 'uint8' is safe because it is looked at just before
        // forge-lint: disable-next-line(unsafe-typecast)
        count = known ? uint8(uint256(answer[0])) : 0;
    }

    /// @notice What the token answers to `name()` or `symbol()`: nothing if it has no such function, else a string
    /// of the ABI or a word of text with zeros after it, in UTF-8 and without characters that are not seen. Of a
    /// longer one the whole characters of the first 64 bytes.
    function text(address token, bytes memory question)
        internal
        view
        returns (bool readable, string memory found)
    {
        (uint256 length, bytes32[4] memory answer) = _ask(token, question, GAS);
        if (length == 0) return (true, "");
        if (length == 32) return _readable(abi.encodePacked(answer[0]), _textLength(answer[0]), false);

        uint256 said = uint256(answer[1]);
        if (length < 64 || uint256(answer[0]) != 32 || said > length - 64) return (false, "");

        bytes memory start = abi.encodePacked(answer[2], answer[3]);
        return _readable(start, said < LONGEST ? said : LONGEST, said > LONGEST);
    }

    /// @dev The first `length` bytes, if all of their characters can be shown; a last one that was cut is left out.
    function _readable(bytes memory raw, uint256 length, bool cut)
        private
        pure
        returns (bool, string memory)
    {
        uint256 place = 0;
        while (place < length) {
            (uint256 width, uint256 code) = _character(raw, place, length);
            if (width == 0 && cut && place + 4 > length) break;
            if (width == 0 || _isUnseen(code)) return (false, "");
            place += width;
        }
        assembly ("memory-safe") {
            mstore(raw, place)
        }
        return (true, string(raw));
    }

    /// @dev The character at a place: how many bytes it takes, none if it is not UTF-8 (RFC 3629), and its code.
    function _character(bytes memory raw, uint256 place, uint256 end)
        private
        pure
        returns (uint256 width, uint256 code)
    {
        code = uint8(raw[place]);
        if (code < 0x80) return (1, code);
        if (code < 0xc2 || code > 0xf4) return (0, 0);

        width = code < 0xe0 ? 2 : code < 0xf0 ? 3 : 4;
        if (place + width > end) return (0, 0);

        code &= 2 ** (7 - width) - 1;
        for (uint256 i = 1; i < width; ++i) {
            uint256 next = uint8(raw[place + i]);
            if (next & 0xc0 != 0x80) return (0, 0);
            code = (code << 6) | (next & 0x3f);
        }
        bool shorter = code < (width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000);
        if (shorter || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return (0, 0);
    }

    /// @dev Control characters, what turns or hides the text around it, and tags.
    function _isUnseen(uint256 code) private pure returns (bool) {
        return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xad || code == 0x61c
            || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e)
            || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb)
            || (code >= 0xe0000 && code <= 0xe0fff);
    }

    /// @dev How many bytes stand before the first zero.
    function _textLength(bytes32 word) private pure returns (uint256 length) {
        while (length < 32 && word[length] != 0) ++length;
    }

    function _done(address token, bytes memory data) private returns (bool done) {
        assembly ("memory-safe") {
            mstore(0, 0)
            done := call(gas(), token, 0, add(data, 32), mload(data), 0, 32)
            done := and(done, or(iszero(returndatasize()), and(gt(returndatasize(), 31), eq(mload(0), 1))))
        }
    }

    /// @dev How long the answer is, nothing if the call failed, and its first four words.
    function _ask(address token, bytes memory question, uint256 gas_)
        private
        view
        returns (uint256 length, bytes32[4] memory answer)
    {
        assembly ("memory-safe") {
            if staticcall(gas_, token, add(question, 32), mload(question), answer, 128) {
                length := returndatasize()
            }
        }
    }
}
