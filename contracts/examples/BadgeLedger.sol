// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

import {Ledger} from "../Ledger.sol";
import {Genesis} from "../interfaces/ILedger.sol";

/// @title An ERC-721 with a chain of its own: badges, each given once, passed on or handed back
/// @notice Every mint, transfer and burn is an entry: one of this contract, and the badge's number as its memo.
contract BadgeLedger is ERC721, Ledger {
    /// @notice Who gives badges.
    address public immutable issuer;

    /// @notice Thrown when somebody else gives a badge.
    error NotTheIssuer(address caller);

    constructor(string memory name_, string memory symbol_)
        ERC721(name_, symbol_)
        Ledger(100, 0, Genesis(0, 0, new bytes32[](0)))
    {
        issuer = msg.sender;
        _declare(address(this), name_, symbol_, 0);
    }

    /// @notice Gives a new badge.
    function give(address to, uint256 badge) external {
        require(msg.sender == issuer, NotTheIssuer(msg.sender));

        _safeMint(to, badge);
    }

    /// @notice Hands a badge back: it is gone.
    function handBack(uint256 badge) external {
        _update(address(0), badge, msg.sender);
    }

    /// @dev Where every mint, transfer and burn of the ERC-721 passes.
    function _update(address to, uint256 badge, address authorised) internal override returns (address from) {
        from = super._update(to, badge, authorised);

        _record(address(this), from, to, 1, bytes32(badge));
    }
}
