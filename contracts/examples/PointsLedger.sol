// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {Ledger} from "../Ledger.sol";
import {Genesis} from "../interfaces/ILedger.sol";

/// @title An ERC-20 with a chain of its own
/// @notice Every movement is an entry of this contract. What there is, is made once, for who deploys it.
contract PointsLedger is ERC20, Ledger {
    constructor(string memory name_, string memory symbol_, uint256 supply)
        ERC20(name_, symbol_)
        Ledger(100, 0, Genesis(0, 0, new bytes32[](0)))
    {
        _declare(address(this), name_, symbol_, decimals());
        _mint(msg.sender, supply);
    }

    /// @dev Where every mint, transfer and burn of the ERC-20 passes.
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);

        _record(address(this), from, to, value, 0);
    }
}
